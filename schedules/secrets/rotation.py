"""The encryption key was changed: every stored secret is sealed anew with the newest one.

Nothing stops meanwhile. Each record is looked at without a lock, in batches, and where there is something to do
it is read again and written under its own row lock, so that no concurrent edit is overwritten and no two locks
are ever held. Running it again does only what is left.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from cryptography.fernet import InvalidToken
from django.db import transaction
from django.db.models import QuerySet

from schedules.models import Agent, Run, Schedule, Webhook
from schedules.secrets import payloads
from schedules.secrets.sealing import is_newest, reseal

BATCH = 500


@dataclass(slots=True)
class Rotated:
    """What was done to one kind of record: `unreadable` names the secrets that no key opens."""

    kind: str
    resealed_count: int = 0
    unreadable: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Kind:
    """Where secrets are kept; `reseal` gives the new value (or the same one) and what in it no key opens."""

    name: str
    rows: QuerySet[Any]
    column: str
    reseal: Callable[[Any], tuple[Any, list[str]]]


def rotate() -> Iterator[Rotated]:
    """Seal everything anew, kind by kind.

    Schedules before runs: a run takes its payload over from its schedule, under the schedule's lock.
    """
    with_variables = {"payload__has_key": "variables"}
    yield _together("agent", [_rotate(kind) for kind in _OF_AGENTS])
    yield _together("webhook", [_rotate(kind) for kind in _OF_WEBHOOKS])
    yield _rotate(_Kind("schedule", Schedule.objects.filter(**with_variables), "payload", payloads.resealed))
    yield _rotate(_Kind("run", Run.objects.filter(**with_variables), "payload", payloads.resealed))


def _sealed_text(name: str) -> Callable[[str], tuple[str, list[str]]]:
    def resealed(sealed: str) -> tuple[str, list[str]]:
        if is_newest(sealed):
            return sealed, []
        try:
            return reseal(sealed), []
        except InvalidToken:
            return sealed, [name]

    return resealed


def _signing_secrets(stored: list[str]) -> tuple[list[str], list[str]]:
    done = [_sealed_text("signing secret")(sealed) for sealed in stored]
    new, unreadable = [sealed for sealed, _ in done], [name for _, names in done for name in names]
    return (stored if new == stored else new), unreadable


def _headers(stored: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Headers are stored as variables are."""
    resealed, unreadable = payloads.resealed({"variables": stored})
    return (stored if resealed["variables"] is stored else resealed["variables"]), unreadable


_OF_AGENTS = (
    _Kind(
        "agent", Agent.objects.exclude(sealed_credential=""), "sealed_credential", _sealed_text("credential")
    ),
    _Kind(
        "agent", Agent.objects.exclude(sealed_client_key=""), "sealed_client_key", _sealed_text("client key")
    ),
    _Kind(
        "agent", Agent.objects.exclude(sealed_signing_secrets=[]), "sealed_signing_secrets", _signing_secrets
    ),
    _Kind("agent", Agent.objects.exclude(extra_headers={}), "extra_headers", _headers),
)


_OF_WEBHOOKS = (
    _Kind("webhook", Webhook.objects.exclude(sealed_target=""), "sealed_target", _sealed_text("target")),
    _Kind(
        "webhook",
        Webhook.objects.exclude(sealed_signing_secrets=[]),
        "sealed_signing_secrets",
        _signing_secrets,
    ),
)


def _together(kind: str, parts: list[Rotated]) -> Rotated:
    unreadable = [name for part in parts for name in part.unreadable]
    return Rotated(kind, sum(part.resealed_count for part in parts), unreadable)


def _rotate(kind: _Kind) -> Rotated:
    rotated, last = Rotated(kind.name), ""
    while batch := _batch_after(kind, last):
        for pk, value in batch:
            new, unreadable = kind.reseal(value)
            rotated.unreadable += [f"{kind.name} {pk}: {name}" for name in unreadable]
            rotated.resealed_count += new is not value and _replace(kind, pk)
        last = batch[-1][0]
    return rotated


def _batch_after(kind: _Kind, last: str) -> list[tuple[str, Any]]:
    rows = kind.rows.filter(pk__gt=last).order_by("pk")
    return list(rows.values_list("pk", kind.column)[:BATCH])


@transaction.atomic
def _replace(kind: _Kind, pk: str) -> bool:
    """Seal the record's value of this moment anew; False: somebody has changed or deleted it meanwhile."""
    locked = kind.rows.select_for_update(of=("self",), no_key=True).filter(pk=pk)
    value = locked.values_list(kind.column, flat=True).first()
    if value is None:
        return False
    new, _ = kind.reseal(value)
    return new is not value and bool(kind.rows.filter(pk=pk).update(**{kind.column: new}))
