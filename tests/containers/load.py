"""Clients that go on asking while the service is updated, and what they see: what was refused, and for how long."""

import json
import threading
import time
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Final, Self

import httpx2

PAUSE_SECONDS: Final = 0.1
LONG_SECONDS: Final = 20
"""How long every tenth call lasts: whoever is asked to end has some of these in flight."""


class Load:
    """Asks for a schedule that fires once, a few seconds later, again and again until the block ends."""

    def __init__(self, base_url: str, token: str, agent_key: str) -> None:
        self.path = f"/v3/agents/{agent_key}/schedules"
        self.created: list[str] = []
        self.refused: list[str] = []
        self.longest_refusal = 0.0
        self._client = httpx2.Client(
            base_url=base_url, headers={"Authorization": f"Bearer {token}"}, trust_env=False, timeout=10
        )
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._ask_on)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_over.set()
        self._thread.join()
        self._client.close()

    def _ask_on(self) -> None:
        answered_at = time.monotonic()
        while not self._is_over.wait(PAUSE_SECONDS):
            if refusal := self._ask():
                self.refused.append(refusal)
                continue
            if self.refused and time.monotonic() - answered_at > self.longest_refusal:
                self.longest_refusal = time.monotonic() - answered_at
            answered_at = time.monotonic()

    def _ask(self) -> str:
        """Why not; empty when it was created."""
        try:
            answer = self._client.post(self.path, json=_schedule(len(self.created)))
        except httpx2.TransportError as error:
            return type(error).__name__
        if answer.status_code != 201:
            return str(answer.status_code)
        self.created.append(answer.json()["_id"])
        return ""


def _schedule(number: int) -> dict[str, Any]:
    due_at = datetime.now(UTC) + timedelta(seconds=3)
    behaviour = {"delay": LONG_SECONDS if number % 10 == 0 else 0.5}
    return {
        "type": "once",
        "expression": f"@at {due_at:%Y-%m-%dT%H:%M:%SZ}",
        "payload": {"input": "Hi", "metadata": {"behaviour": json.dumps(behaviour)}},
    }
