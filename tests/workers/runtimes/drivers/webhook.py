"""A receiver of webhooks that answers with the input of the firing, as text."""

from collections.abc import Iterator
from typing import Any

from tests.agent_server import Behaviour
from tests.workers.runtimes.drivers.served import ProtocolHandler, ServedDriver


class WebhookHandler(ProtocolHandler):
    """Any URL: it knows nothing of agents."""

    def answer(self, behaviour: Behaviour, body: dict[str, Any]) -> None:
        text = "\n".join(_texts(body["data"]["input"]))
        self.send(behaviour.status, text.encode(), Content_Type="text/plain; charset=utf-8")


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item.get("content", item.get("text")))


class WebhookDriver(ServedDriver):
    handler = WebhookHandler
    settings = {"path": ""}
