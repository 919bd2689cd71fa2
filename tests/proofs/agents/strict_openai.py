"""A server that is as strict as OpenAI's: what a test configures is answered, what the API refuses is refused.

    with StrictOpenAi() as openai:
        openai.will(Turn(output=(refused("No."),)))
        …  # POST {openai.url}/v1/responses with `Authorization: Bearer {openai.key}`
        assert openai.received()[-1].body["input"] == …

Each POST takes the next turn of its model, the last one stays. It is also the model behind other people's proxies:
what they send on is what the model received.
"""

import gzip
import json
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote, urlsplit

from tests.proofs.agents import openai_rules as rules
from tests.proofs.agents.openai_answers import (
    ENDED,
    Document,
    Turn,
    completion,
    completion_events,
    response,
    response_events,
)
from tests.proofs.agents.openai_rules import Refusal, refusal
from tests.proofs.agents.recorder import Exchange, Recorder

MODEL: Final = "gpt-5.2"


@dataclass
class Kept:
    """A stored response: what was asked, and the states that GETs still meet."""

    turn: Turn
    asked: Document
    id: str
    states: deque[str] = field(default_factory=deque)

    def document(self) -> Document:
        """As it stands; it goes on with every look."""
        state = self.states.popleft() if len(self.states) > 1 else self.states[0]
        return response(self.turn, self.asked, state) | {"id": self.id}


class StrictOpenAi(Recorder):
    """`POST /v1/responses`, its GET and cancel, and `POST /v1/chat/completions`."""

    def __init__(self, *models: str, key: str = "sk-proj-strict-0123456789") -> None:
        super().__init__(self._respond)
        self.key = key
        self.models = frozenset(models or (MODEL,))
        self._state = threading.Lock()
        self._turns: dict[str, deque[Turn]] = {}
        self._kept: dict[str, Kept] = {}

    def will(self, *turns: Turn, model: str = MODEL) -> None:
        """Set what the model does with its next requests; the last turn stays."""
        with self._state:
            self._turns[model] = deque(turns)

    def _next_turn(self, model: str) -> Turn:
        with self._state:
            turns = self._turns.get(model) or deque([Turn()])
            return turns.popleft() if len(turns) > 1 else turns[0]

    def _respond(self, exchange: Exchange) -> None:
        if exchange.received.headers.get("authorization") != f"Bearer {self.key}":
            return _refuse(exchange, Refusal(401, "Incorrect API key provided.", "invalid_api_key"))
        match exchange.received.method, _segments(exchange):
            case "POST", ["v1", "responses"]:
                return self._create(exchange)
            case "POST", ["v1", "chat", "completions"]:
                return self._complete(exchange)
            case "GET", ["v1", "responses", id_]:
                return self._retrieve(exchange, id_)
            case "POST", ["v1", "responses", id_, "cancel"]:
                return self._cancel(exchange, id_)
        return _refuse(exchange, Refusal(404, f"Invalid URL ({exchange.command} {exchange.path})"))

    def _create(self, exchange: Exchange) -> None:
        asked = exchange.received.body
        if objection := refusal(asked, rules.RESPONSES, "input", self.models):
            return _refuse(exchange, objection)
        turn = self._next_turn(asked["model"])
        if _went_another_way(exchange, turn):
            return None
        document = self._keep(turn, asked)
        if asked.get("stream") or turn.always_streams:
            final = response(turn, asked, turn.status) | {"id": document["id"]}
            return exchange.stream(response_events(final), turn.headers, turn.event_pause)
        return _send(exchange, turn, document)

    def _keep(self, turn: Turn, asked: Document) -> Document:
        states = ["queued", *turn.polls, turn.status] if asked.get("background") else [turn.status]
        document = response(turn, asked, states[0])
        with self._state:
            self._kept[document["id"]] = Kept(turn, asked, document["id"], deque(states[1:] or states))
        return document

    def _complete(self, exchange: Exchange) -> None:
        asked = exchange.received.body
        if objection := refusal(asked, rules.CHAT, "messages", self.models):
            return _refuse(exchange, objection)
        turn = self._next_turn(asked["model"])
        if _went_another_way(exchange, turn):
            return None
        document = completion(turn, asked)
        if asked.get("stream") or turn.always_streams:
            return exchange.stream(completion_events(document), turn.headers, turn.event_pause)
        return _send(exchange, turn, document)

    def _retrieve(self, exchange: Exchange, id_: str) -> None:
        with self._state:
            kept = self._kept.get(id_)
            document = kept.document() if kept else None
        if kept is None or document is None:
            return _refuse(exchange, Refusal(404, f"Response with id '{id_}' not found."))
        return _send(exchange, kept.turn, document)

    def _cancel(self, exchange: Exchange, id_: str) -> None:
        with self._state:
            kept = self._kept.get(id_)
            if kept and kept.asked.get("background") and kept.states[0] not in ENDED:
                kept.states = deque(["cancelled"])
        if kept is None:
            return _refuse(exchange, Refusal(404, f"Response with id '{id_}' not found."))
        if not kept.asked.get("background"):
            return _refuse(exchange, Refusal(400, "Cannot cancel a synchronous response."))
        return _send(exchange, kept.turn, kept.document())


def _segments(exchange: Exchange) -> list[str]:
    path = urlsplit(exchange.received.path).path
    return [unquote(segment) for segment in path.strip("/").split("/")]


def _refuse(exchange: Exchange, objection: Refusal) -> None:
    exchange.answer(objection.status, objection.body)


def _went_another_way(exchange: Exchange, turn: Turn) -> bool:
    """Wait as told; whether something else than a document was sent."""
    time.sleep(turn.delay)
    if turn.body is None:
        return False
    exchange.answer(turn.http_status, turn.body, turn.headers)
    return True


def _send(exchange: Exchange, turn: Turn, document: Document) -> None:
    if not turn.compresses:
        return exchange.answer(200, document, turn.headers)
    packed = gzip.compress(json.dumps(document).encode())
    return exchange.answer(200, packed, {"Content-Encoding": "gzip", **turn.headers})
