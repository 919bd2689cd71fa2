"""The one task of the stock site."""

import os
import time
from typing import Any

import httpx2

from tests.proofs.chaos.stock.celery import app
from tests.proofs.chaos.stock.models import Call

TIMES = httpx2.Timeout(5, connect=3)
TOTAL_SECONDS = 8.0


@app.task(
    bind=True,
    autoretry_for=(httpx2.HTTPError, ValueError),
    max_retries=19,
    retry_backoff=1,
    retry_backoff_max=4,
)
def call_agent(self: Any, agent: str, subject: str, words: str = "") -> None:
    """Call the agent and save that it was done; what goes wrong with the call is tried again."""
    headers = {"Idempotency-Key": self.request.id, "X-Run-Attempt": str(self.request.retries + 1)}
    _call({"model": f"agent/{agent}", "input": subject, "metadata": {"words": words}}, headers)
    Call.objects.create(task_id=self.request.id, subject=subject)


def _call(body: dict[str, Any], headers: dict[str, str]) -> None:
    url = f"{os.environ['STOCK_AGENT_URL']}/v3/router/responses"
    deadline = time.monotonic() + TOTAL_SECONDS
    with httpx2.stream("POST", url, json=body, headers=headers, timeout=TIMES, trust_env=False) as answer:
        answer.raise_for_status()
        for _ in answer.iter_bytes():
            if time.monotonic() > deadline:
                raise httpx2.ReadTimeout("the answer takes too long")
