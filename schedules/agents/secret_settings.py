"""What is secret in an agent's settings: sealed at rest, masked on every read, in clear for its calls only.

A header's value that is secret is sent as `{"secret": true, "value": "…"}`, stored sealed, and shown as `********`.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from cryptography.fernet import InvalidToken

from schedules import journal
from schedules.errors import InvalidRequest
from schedules.expressions.invalid_expression import quoted
from schedules.models import Agent
from schedules.secrets.masking import MASK
from schedules.secrets.payloads import is_secret
from schedules.secrets.sealing import seal, unseal

Headers = Mapping[str, Any]


def set_credential(agent: Agent, clear: str) -> None:
    """Keep the value of the credential header, sealed; an empty text removes it."""
    agent.sealed_credential = seal(clear) if clear else ""
    agent.save(update_fields=["sealed_credential", "updated_at"])
    journal.record("update", agent, {"credential": journal.CHANGED})


def sealed_headers(headers: Headers, stored: Headers | None) -> dict[str, Any]:
    """The headers as they are stored. A mask sent back keeps the stored value; `stored` None: there is none to keep.

    InvalidRequest for a mask with nothing behind it.
    """
    before = {name.lower(): value for name, value in (stored or {}).items()}
    return {name: _sealed(name, value, before.get(name.lower())) for name, value in headers.items()}


def _sealed(name: str, value: Any, before: Any) -> Any:
    if not is_secret(value):
        return value
    if value["value"] != MASK:
        return {"secret": True, "sealed": seal(value["value"])}
    if not is_secret(before):
        raise InvalidRequest(
            f"header {quoted(name)} holds the mask {MASK}, but no secret is stored to keep: send its value anew",
            param="extra_headers",
        )
    return before


def masked_headers(headers: Headers) -> dict[str, Any]:
    """The stored headers as anybody may see them."""
    return {
        name: {"secret": True, "value": MASK} if is_secret(value) else value
        for name, value in headers.items()
    }


def opened_headers(headers: Headers) -> dict[str, str]:
    """The stored headers in clear, for a call; InvalidToken when no key opens one."""
    return {name: unseal(value["sealed"]) if is_secret(value) else value for name, value in headers.items()}


def held_secrets(agent: Agent) -> list[str]:
    """The settings of an agent that hold a secret: what belongs to its origin."""
    held = {
        "credential": agent.sealed_credential,
        "extra_headers": any(map(is_secret, agent.extra_headers.values())),
        "client_key_pem": agent.sealed_client_key,
        "signing_secrets": agent.sealed_signing_secrets,
    }
    return [name for name, value in held.items() if value]


def clear_secrets(agent: Agent) -> Iterator[str]:
    """All of them in clear, to be masked in what the agent says; what follows a scheme (`Bearer`) by itself too.

    One that no key opens was never sent.
    """
    headers = [value["sealed"] for value in agent.extra_headers.values() if is_secret(value)]
    for sealed in filter(None, [agent.sealed_credential, *headers]):
        with suppress(InvalidToken):
            clear = unseal(sealed)
            yield from (clear, *clear.split()[1:])
    for sealed in filter(None, [agent.sealed_client_key, *agent.sealed_signing_secrets]):
        with suppress(InvalidToken):
            yield unseal(sealed)
