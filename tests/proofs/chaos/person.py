"""A person with an API key: every request is sent again until it is answered."""

import time
from dataclasses import dataclass, field, replace
from typing import Any

import httpx2

from schedules.database.ulids import new_ulid
from tests.proofs.chaos.site import Asked, Planned

ANSWER_SECONDS = 40.0
"""Longer than any line is held: a request given up earlier could still be carried out after what follows it."""

PATIENCE_SECONDS = 90.0
PAUSE_SECONDS = 0.3


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to a request, its document, and whether an earlier try of it may have been carried out."""

    asked: Asked
    body: dict[str, Any]
    was_tried: bool


@dataclass
class HttpPerson:
    """`Person` over the public API; creating and triggering carry an Idempotency-Key, the rest is idempotent."""

    base_url: str
    token: str
    has_pages: bool = False
    """Whether the site may answer with something else than JSON."""
    can_hold: bool = True
    problems: list[str] = field(default_factory=list)
    _paths: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        limits = httpx2.Limits(max_connections=64, max_keepalive_connections=0)
        self._client = httpx2.Client(
            base_url=self.base_url,
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=ANSWER_SECONDS,
            limits=limits,
            trust_env=False,
        )

    def create(self, planned: Planned) -> Asked:
        path = f"/v3/agents/{planned.agent}/schedules"
        payload = {"input": planned.subject}
        body = {"type": planned.type, "expression": planned.expression, "payload": payload}
        reply = self._ask("POST", path, body, is_repeatable=True)
        if reply.asked.is_done:
            self._paths[planned.subject] = f"{path}/{reply.body['_id']}"
        return reply.asked

    def trigger(self, subject: str) -> Asked:
        return self._ask("POST", f"{self._paths[subject]}/execution", None, is_repeatable=True).asked

    def move(self, subject: str, type_: str, expression: str) -> Asked:
        return self._change(subject, {"type": type_, "expression": expression})

    def reword(self, subject: str, words: str) -> Asked:
        return self._change(subject, {"payload": {"input": subject, "metadata": {"words": words}}})

    def pause(self, subject: str) -> Asked:
        return self._change(subject, {"is_active": False})

    def resume(self, subject: str) -> Asked:
        return self._change(subject, {"is_active": True})

    def delete(self, subject: str) -> Asked:
        reply = self._ask("DELETE", self._paths[subject], None)
        is_gone = (
            reply.asked.status == 404 and reply.was_tried
        )  # an earlier try of this request was carried out
        return replace(reply.asked, status=204) if is_gone else reply.asked

    def hold(self, agent: str) -> Asked:
        return self._ask("POST", f"/v3/agents/{agent}/pause", {"note": "held by somebody"}).asked

    def release(self, agent: str) -> Asked:
        return self._ask("POST", f"/v3/agents/{agent}/resume", None).asked

    def close(self) -> None:
        """Leave."""
        self._client.close()

    def _change(self, subject: str, changes: dict[str, Any]) -> Asked:
        reply = self._ask("PATCH", self._paths[subject], changes)
        is_unclear = (
            reply.asked.is_refused and reply.was_tried
        )  # refused, or carried out before and refused now
        return replace(reply.asked, status=None) if is_unclear else reply.asked

    def _ask(self, method: str, path: str, body: Any, *, is_repeatable: bool = False) -> Reply:
        """Ask until there is an answer that is not the server's own trouble; what it was."""
        headers = {"Idempotency-Key": new_ulid()} if is_repeatable else {}
        sent_at = time.time()
        is_clear, was_tried = True, False
        while time.time() - sent_at < PATIENCE_SECONDS:
            try:
                answer = self._client.request(method, path, json=body, headers=headers)
            except httpx2.ConnectError:
                pass  # nobody had it
            except httpx2.TimeoutException:
                is_clear, was_tried = False, True  # it may be carried out at any time from now on
            except httpx2.TransportError:
                was_tried = (
                    True  # whoever had it is dead, and it with them: it was carried out by now or never
                )
            else:
                document = self._document(method, path, answer)
                if document is not None and answer.status_code < 500:
                    status = answer.status_code if is_clear else None
                    return Reply(Asked(sent_at, time.time(), status), document, was_tried)
                was_tried = True  # an error may have come after the deed
            time.sleep(PAUSE_SECONDS)
        return Reply(Asked(sent_at, time.time(), None), {}, was_tried)

    def _document(self, method: str, path: str, answer: httpx2.Response) -> dict[str, Any] | None:
        """What was answered, {} when that is nothing; None, and a problem, when it is not JSON."""
        if answer.status_code == 204 or not answer.content:
            return {}
        if answer.headers.get("content-type", "").partition(";")[0] == "application/json":
            document: dict[str, Any] = answer.json()
            return document
        if self.has_pages:
            return {}
        self.problems.append(
            f"{method} {path} was answered {answer.status_code} with {answer.headers.get('content-type')!r}"
        )
        return None
