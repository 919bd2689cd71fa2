"""Write what a server of the Responses API is sent, in its dialect, and refuse what could never be sent."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from workers.runtimes.base import AgentCall, Endpoint, PayloadRefused
from workers.runtimes.filling import (
    filled_input,
    is_secret,
    model_of,
    plain_variables,
    refuse_secrets_in_input,
)
from workers.runtimes.redaction import plain
from workers.runtimes.rendering import PLACEHOLDER

ORQ, OPENAI = "orq", "openai"
"""The platform's own router takes variables and memory, and fills secrets in; OpenAI's and others' refuse both."""

MOST_METADATA, LONGEST_NAME, LONGEST_VALUE = 16, 64, 512
"""OpenAI's limits: pairs, and characters of their names and values."""

_SHOWN = 60


def body_of(call: AgentCall, endpoint: Endpoint, dialect: str) -> dict[str, Any]:
    """The request. What is empty is left out: strict servers refuse fields they do not know.

    Raises `PayloadRefused` for what `refuse_unsendable` refuses, and secrets in the input.
    """
    if dialect == OPENAI:
        refuse_secrets_in_input(call.input, call.variables)
    body = {"model": model_of(call, endpoint), "input": filled_input(call.input, call.variables)}
    of_platform = {
        "variables": call.variables,
        "memory": {"entity_id": call.memory_entity_id} if call.memory_entity_id else None,
    }
    asked = {
        "metadata": {name: _as_string(value) for name, value in call.metadata.items()},
        "background": endpoint.background,
        "stream": endpoint.stream,
        **(of_platform if dialect == ORQ else {}),
    }
    return {**endpoint.extra_body, **body, **{name: value for name, value in asked.items() if value}}


def refuse_unsendable(payload: Mapping[str, Any], dialect: str) -> None:
    """Raise `PayloadRefused` for a payload (secrets marked) that a server of this dialect could never be sent."""
    variables = payload.get("variables") or {}
    if dialect == OPENAI:
        refuse_secrets_in_input(payload.get("input"), variables)
        _refuse_metadata(payload.get("metadata") or {})
    else:
        _refuse_secrets_in_values(variables)
    filled_input(payload.get("input"), variables)


def _refuse_secrets_in_values(variables: Mapping[str, Any]) -> None:
    """A value is never looked at again here, but the platform fills in what it finds: the secret would follow."""
    secrets = {name for name, content in variables.items() if is_secret(content)}
    for name, value in plain_variables(variables).items() if secrets else ():
        if secret := next((found for found in _names_in(value) if found in secrets), None):
            raise PayloadRefused(
                f"the variable {plain(name, _SHOWN)!r} names the secret variable {plain(secret, _SHOWN)!r} in braces:"
                " its value would be filled in",
                "payload.variables",
            )


def _names_in(value: Any) -> Iterator[str]:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return (found[1].strip() for found in PLACEHOLDER.finditer(text))


def _refuse_metadata(metadata: Mapping[str, Any]) -> None:
    if len(metadata) > MOST_METADATA:
        raise _metadata_refused(f"has {len(metadata)} pairs; this agent takes at most {MOST_METADATA}")
    for name, value in metadata.items():
        shown = plain(name, _SHOWN)
        if len(name) > LONGEST_NAME:
            raise _metadata_refused(
                f"has the name {shown!r}; this agent takes names of {LONGEST_NAME} characters"
            )
        if (length := len(_as_string(value))) > LONGEST_VALUE:
            limit = f"{LONGEST_VALUE} characters"
            raise _metadata_refused(
                f"has a value of {length} characters for {shown!r}; this agent takes at most {limit}"
            )


def _metadata_refused(what: str) -> PayloadRefused:
    return PayloadRefused(f"payload.metadata {what}", "payload.metadata")


def _as_string(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
