"""The agent of the responses runtime is the tests' own agent server."""

from tests.agent_server import AgentHandler
from tests.workers.runtimes.drivers.served import ServedDriver


class ResponsesDriver(ServedDriver):
    handler = AgentHandler
