"""What the journal says of an agent's settings: their values, and of what is secret only that it has changed."""

from collections.abc import Iterable
from typing import Any, Final

from schedules import journal
from schedules.agents.secret_settings import masked_headers
from schedules.models import Agent

_SEALED: Final = {
    "sealed_credential": "credential",
    "sealed_client_key": "client_key_pem",
    "sealed_signing_secrets": "signing_secrets",
}
_OF_ROW: Final = frozenset({"id", "workspace", "created_at", "updated_at", "deleted_at", "retired_at"})


def recorded(agent: Agent, columns: Iterable[str], before: Agent | None = None) -> dict[str, Any]:
    """What is different in these columns, in the journal's form; `before` None: the agent is new."""
    named = [name for name in columns if name not in _OF_ROW]
    plain = [name for name in named if name not in _SEALED]
    after = _values(agent, plain)
    changes = (
        journal.first_values(after) if before is None else journal.difference(_values(before, plain), after)
    )
    secrets = {
        _SEALED[name]: journal.CHANGED for name in named if name in _SEALED and _is_other(agent, before, name)
    }
    return changes | secrets | _changed_headers(agent, before)


def _is_other(agent: Agent, before: Agent | None, name: str) -> bool:
    return bool(getattr(agent, name) if before is None else getattr(before, name) != getattr(agent, name))


def _values(agent: Agent, names: Iterable[str]) -> dict[str, Any]:
    return {
        name: masked_headers(agent.extra_headers) if name == "extra_headers" else getattr(agent, name)
        for name in names
    }


def _changed_headers(agent: Agent, before: Agent | None) -> dict[str, Any]:
    """Secret headers whose mask is all that is seen of them."""
    if before is None:
        return {}
    return {
        f"extra_headers.{name}": journal.CHANGED
        for name, value in agent.extra_headers.items()
        if isinstance(value, dict) and before.extra_headers.get(name) != value
    }
