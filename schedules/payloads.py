"""The payload of a schedule: its shape, and its secret variables sealed at rest and masked on every read.

A variable `{"secret": true, "value": "…"}` is stored as `{"secret": true, "sealed": "…"}` and shown as
`{"secret": true, "value": "********"}`. Source: the contract, "Schedule document".
"""

from collections.abc import Callable
from typing import Any

from cryptography.fernet import InvalidToken

from schedules.errors import InvalidRequest
from schedules.sealing import seal, unseal

MASK = "********"
FIELDS = ("input", "memory_entity_id", "metadata", "variables")

Payload = dict[str, Any]


def check(payload: object) -> Payload:
    """The payload when its shape is right; InvalidRequest naming the field otherwise."""
    if not isinstance(payload, dict):
        raise InvalidRequest("payload must be an object", param="payload")
    for name in payload:
        if name not in FIELDS:
            raise InvalidRequest(
                f"payload has no field {name!r}; its fields are {', '.join(FIELDS)}", param="payload"
            )
    _check_input(payload)
    if not isinstance(payload.get("memory_entity_id", ""), str):
        raise InvalidRequest("payload.memory_entity_id must be a string", param="payload.memory_entity_id")
    for name in ("metadata", "variables"):
        if not isinstance(payload.get(name, {}), dict):
            raise InvalidRequest(f"payload.{name} must be an object", param=f"payload.{name}")
    for name, value in payload.get("variables", {}).items():
        _check_variable(name, value)
    return payload


def _check_input(payload: Payload) -> None:
    given = payload.get("input", "")
    if isinstance(given, str):
        return
    if not isinstance(given, list) or not all(isinstance(item, dict) for item in given):
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
            f'a secret variable is exactly {{"secret": true, "value": "text"}}; {name!r} is not',
            param=f"payload.variables.{name}",
        )


def sealed(payload: Payload, stored: Payload | None = None) -> Payload:
    """The payload as it is stored: secrets sealed; a mask sent back keeps the secret of `stored`.

    InvalidRequest when a mask has no stored secret behind it: the mask itself is never a secret.
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
        return _keep_if_same(before, value["value"])
    if not is_secret(before):
        raise InvalidRequest(
            f"variable {name!r} holds the mask {MASK}, but no secret is stored to keep",
            param=f"payload.variables.{name}",
        )
    return before


def _keep_if_same(before: Any, clear: str) -> Any:
    """The stored secret if it is this one already, so that repeating a value changes nothing."""
    if is_secret(before) and _opens_to(before, clear):
        return before
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
    """The stored payload in clear, for the agent's call only; InvalidToken when no key opens a secret."""
    return _with_secrets(payload, lambda secret: unseal(secret["sealed"]))


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
