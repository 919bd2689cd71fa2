"""A server for a driver, and the driver over it: what an agent does on the wire is the same for every protocol."""

import json
from typing import Any, ClassVar, Self

from tests.agent_server import FAULTS, AgentHandler, AgentServer, Behaviour
from tests.workers.runtimes.factories import make_endpoint
from workers.runtimes import Endpoint

AGENT = "digest"
"""The one agent of these servers, by the name the scripts of `AgentServer` go by."""


class ProtocolServer(AgentServer):
    """A server whose handler speaks one protocol; `work` is what that has to remember."""

    def __init__(self, handler: type[AgentHandler]) -> None:
        super().__init__()
        self.RequestHandlerClass = handler
        self.work: dict[str, Any] = {}


class ProtocolHandler(AgentHandler):
    """Records each POST and answers it as its protocol does, unless the script has it misbehave."""

    server: ProtocolServer

    def do_POST(self) -> None:  # noqa: N802  # http.server's name
        body = self._body()
        self._record(AGENT, body)
        self.behave(self.server.next_behaviour(AGENT), body)

    def behave(self, behaviour: Behaviour, body: dict[str, Any]) -> None:
        if self.server.stopping.wait(behaviour.delay):
            return
        if behaviour.fault:
            self.close_connection = True
            FAULTS[behaviour.fault](self)
        elif behaviour.body is not None:
            self.send(behaviour.status, behaviour.body.encode(), **behaviour.headers)
        elif not 200 <= behaviour.status < 300:
            error = json.dumps({"error": behaviour.error}).encode()
            self.send(behaviour.status, error, **behaviour.headers)
        else:
            self.answer(behaviour, body)

    def answer(self, behaviour: Behaviour, body: dict[str, Any]) -> None:
        """The answer of the protocol."""
        raise NotImplementedError

    def send_json(self, document: Any) -> None:
        self.send(200, json.dumps(document).encode())

    def send_events(self, *events: str) -> None:
        """A whole event stream."""
        body = "".join(f"data: {event}\n\n" for event in events)
        self.send(200, body.encode(), Content_Type="text/event-stream; charset=utf-8")


class ServedDriver:
    """The driver of a runtime that calls a server; a subclass names its handler and its agents' settings."""

    handler: ClassVar[type[AgentHandler]]
    settings: ClassVar[dict[str, Any]] = {}

    def __init__(self) -> None:
        self.server = ProtocolServer(self.handler)

    def __enter__(self) -> Self:
        self.server.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.server.stop()

    def endpoint(self, **changes: Any) -> Endpoint:
        return make_endpoint(**{"base_url": self.server.url, **self.settings, **changes})

    def script(self, *behaviours: Behaviour) -> None:
        self.server.script(AGENT, *behaviours)

    def calls(self) -> list[dict[str, Any]]:
        return self.server.calls()
