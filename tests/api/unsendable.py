"""Payloads that a strict Responses server (`/v1/responses`) refuses, and what the refusal at save names."""

from typing import Any

from schedules.models import Agent
from tests.factories import make_agent

SECRET = {"secret": True, "value": "s3cr3t"}

UNSENDABLE: list[tuple[dict[str, Any], str, str]] = [
    (
        {"input": "Hi", "metadata": {f"key-{number}": "x" for number in range(17)}},
        "payload.metadata",
        "payload.metadata has 17 pairs; this agent takes at most 16",
    ),
    (
        {"input": "Hi", "metadata": {"note": "x" * 600}},
        "payload.metadata",
        "payload.metadata has a value of 600 characters for 'note'; this agent takes at most 512 characters",
    ),
    (
        {"input": "Hi", "metadata": {"n" * 65: "x"}},
        "payload.metadata",
        "this agent takes names of 64 characters",
    ),
    (
        {"input": "Use {{ token }}", "variables": {"token": SECRET}},
        "payload.input",
        "payload.input names the secret variable 'token'",
    ),
]
"""Payload, the field that is at fault, and words of the message."""

JUST_SENDABLE: dict[str, Any] = {
    "input": "Use {{region}}",
    "variables": {"token": SECRET, "region": "EMEA"},
    "metadata": {f"{number:064}": "x" * 512 for number in range(16)},
}


def make_strict_agent(agent: Agent) -> Agent:
    """An agent of the same workspace with the real `responses` runtime and the default dialect of its path."""
    return make_agent(
        agent.workspace,
        key="strict",
        runtime="responses",
        base_url="https://agents.example",
        path="/v1/responses",
    )
