"""A parrot for the conformance tests."""

from typing import Any

from tests.agent_server import Behaviour
from tests.workers.runtimes.drivers.served import ProtocolHandler, ServedDriver


class ParrotHandler(ProtocolHandler):
    def answer(self, behaviour: Behaviour, body: dict[str, Any]) -> None:
        self.send_json({"words": body["words"], **behaviour.merge})


class ParrotDriver(ServedDriver):
    handler = ParrotHandler
    settings = {"path": "/perch"}
