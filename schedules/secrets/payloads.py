"""The payload of a schedule: its shape, and its secret variables sealed at rest and masked on every read.

A variable `{"secret": true, "value": "…"}` is stored as `{"secret": true, "sealed": "…"}` and shown as
`{"secret": true, "value": "********"}`. Source: the contract, "Schedule document".
"""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from cryptography.fernet import InvalidToken

from schedules.errors import InvalidRequest
from schedules.expressions.invalid_expression import quoted
from schedules.secrets.masking import MASK, SHORTEST_SECRET
from schedules.secrets.sealing import is_newest, reseal, seal, unseal

_SHOWN_CHARACTERS = 100
FIELDS = ("input", "memory_entity_id", "metadata", "variables")

Payload = dict[str, Any]


def check(payload: object) -> Payload:
    """The payload when its shape is right; InvalidRequest naming the field otherwise."""
    if not isinstance(payload, dict):
        raise InvalidRequest("payload must be an object", param="payload")
    _check_names(payload)
    _check_input(payload)
    if not isinstance(payload.get("memory_entity_id", ""), str):
        raise InvalidRequest("payload.memory_entity_id must be a string", param="payload.memory_entity_id")
    for name in ("metadata", "variables"):
        if not isinstance(payload.get(name, {}), dict):
            raise InvalidRequest(f"payload.{name} must be an object", param=f"payload.{name}")
    for name, value in payload.get("variables", {}).items():
        _check_variable(name, value)
    if "input" not in payload:
        raise InvalidRequest("payload.input is missing: say what the agent is asked", param="payload.input")
    return payload


def _check_names(payload: Payload) -> None:
    for name in payload:
        if name not in FIELDS:
            raise InvalidRequest(
                f"payload has no field {quoted(name)}; its fields are {', '.join(FIELDS)}", param="payload"
            )


def _check_input(payload: Payload) -> None:
    agent_input = payload.get("input", "")
    if isinstance(agent_input, str):
        return
    if not isinstance(agent_input, list) or not all(isinstance(item, dict) for item in agent_input):
        raise InvalidRequest(
            "payload.input must be a string or an array of input items", param="payload.input"
        )


def _check_variable(name: str, value: object) -> None:
    """An object with a `secret` key must be a whole secret; any other value is an ordinary variable."""
    if not isinstance(value, dict) or "secret" not in value:
        return
    if (
        value.get("secret") is not True
        or set(value) != {"secret", "value"}
        or not isinstance(value["value"], str)
    ):
        raise InvalidRequest(
            f'a secret variable is exactly {{"secret": true, "value": "text"}}; {quoted(name)} is not',
            param=_variable(name),
        )


def _variable(name: str) -> str:
    """Which field an error is about: a client's name in it is cut where it gets too long for a message."""
    return f"payload.variables.{name[:_SHOWN_CHARACTERS]}"


def sealed(payload: Payload, stored: Payload | None = None) -> Payload:
    """The payload as it is stored: secrets sealed; a mask sent back keeps the secret of `stored`.

    InvalidRequest when a mask has no stored secret behind it (the mask itself is never a secret), and for a new
    secret that is too short.
    """
    if "variables" not in payload:
        return payload
    before = (stored or {}).get("variables", {})
    variables = {name: _sealed(name, value, before.get(name)) for name, value in payload["variables"].items()}
    return payload | {"variables": variables}


def _sealed(name: str, value: Any, before: Any) -> Any:
    if not is_secret(value):
        return value
    if value["value"] != MASK:
        return _sealed_unless_same(name, value["value"], before)
    if not is_secret(before):
        raise InvalidRequest(
            f"variable {quoted(name)} holds the mask {MASK}, but no secret is stored to keep",
            param=_variable(name),
        )
    return before


def _sealed_unless_same(name: str, clear: str, before: Any) -> Any:
    """The stored secret if it is this one already, so that repeating a value changes nothing."""
    if is_secret(before) and _opens_to(before, clear):
        return before
    if len(clear) < SHORTEST_SECRET:
        raise InvalidRequest(
            f"the secret {quoted(name)} is too short to be masked in answers: "
            f"a secret has at least {SHORTEST_SECRET} characters",
            param=_variable(name),
        )
    return {"secret": True, "sealed": seal(clear)}


def _opens_to(stored: Any, clear: str) -> bool:
    """A stored secret whose key is lost equals nothing: a new value must be able to replace it."""
    try:
        return unseal(stored["sealed"]) == clear
    except InvalidToken:
        return False


def masked(payload: Payload) -> Payload:
    """The stored payload as anybody may see it."""
    return _with_secrets(payload, lambda _: {"secret": True, "value": MASK})


def opened(payload: Payload) -> Payload:
    """The stored payload in clear, for the agent's call only; InvalidToken when no key opens a secret.

    Its secrets are still marked: `{"secret": true, "value": "…"}`.
    """
    return _with_secrets(payload, lambda secret: {"secret": True, "value": unseal(secret["sealed"])})


def resealed(payload: Payload) -> tuple[Payload, list[str]]:
    """The stored payload with every secret sealed by the newest key, and the variables that no key opens.

    The payload itself where there is nothing to do; what no key opens stays as it is.
    """
    changed, unreadable = {}, []
    for name, variable in payload.get("variables", {}).items():
        if is_secret(variable) and not is_newest(variable["sealed"]):
            try:
                changed[name] = variable | {"sealed": reseal(variable["sealed"])}
            except InvalidToken:
                unreadable.append(name)
    if not changed:
        return payload, unreadable
    return payload | {"variables": payload["variables"] | changed}, unreadable


def _with_secrets(payload: Payload, shown: Callable[[Any], Any]) -> Payload:
    if "variables" not in payload:
        return payload
    variables = {
        name: shown(value) if is_secret(value) else value for name, value in payload["variables"].items()
    }
    return payload | {"variables": variables}


def is_secret(variable: Any) -> bool:
    """Whether a variable, stored or sent, is a secret."""
    return isinstance(variable, dict) and variable.get("secret") is True


def size(payload: Payload) -> int:
    """How long the stored payload is as JSON, in bytes."""
    return len(
        json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    )


def clear_secrets(payload: Payload) -> Iterator[str]:
    """The stored payload's secrets in clear; one that no key opens was never sent, so nobody can repeat it."""
    for variable in payload.get("variables", {}).values():
        if is_secret(variable):
            with suppress(InvalidToken):
                yield unseal(variable["sealed"])


def changed_secrets(before: Payload, after: Payload) -> list[str]:
    """The secret variables that were set anew, as `payload.variables.<name>`: their masks are alike."""
    stored = before.get("variables", {})
    return [
        f"payload.variables.{name[:_SHOWN_CHARACTERS]}"
        for name, value in after.get("variables", {}).items()
        if is_secret(value) and stored.get(name) != value
    ]
