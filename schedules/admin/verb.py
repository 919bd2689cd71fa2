"""A verb: one thing a person may do with rows. A refusal skips the row and is counted, never an error page."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from django.contrib import messages
from django.db.models import Model
from django.http import HttpRequest

from schedules.admin.base import ConsoleAdmin, signature
from schedules.database.clock import time_to_act
from schedules.errors import Refused
from schedules.expressions import InvalidExpression

NOT_ALLOWED = "your role in the workspace does not allow it"

M = TypeVar("M", bound=Model)


@dataclass(frozen=True)
class Verb(Generic[M]):
    """One thing to do with a row. `act(row, actor, now)` does it or raises Refused."""

    name: str
    label: str
    icon: str
    done: str
    """What follows the count and the noun in the message: `paused`, `will run in 10 s`."""
    permission: str
    """What the person must be allowed, in Django's form: `run` stands for `schedules.run_schedule`."""
    act: Callable[[M, str, datetime], object]
    is_offered: Callable[[M], bool]
    """Whether the row's page shows the button."""
    skipped: dict[type[Exception], str] = field(default_factory=dict)
    """Refusals in a word or two; others are shown as they are."""
    confirmation: str = ""
    """What the button asks before it acts; empty: nothing."""
    lands: Callable[[Any], str] | None = None
    """Where whoever pressed the button is led, by what `act` gave back; None: to the row's page."""


def do(
    model_admin: ConsoleAdmin[M], request: HttpRequest, verb: Verb[M], rows: Iterable[M], note: str = ""
) -> list[object]:
    """Apply the verb to each row, note it in its history, tell the person what happened.

    What the verb gave back for each row that it was done to.
    """
    made, skipped = list[object](), Counter[str]()
    for row in rows:
        if not model_admin.may(request, verb.permission, row):  # a selection may span workspaces
            skipped[NOT_ALLOWED] += 1
            continue
        try:
            result = verb.act(row, signature(request), time_to_act())
        except (Refused, InvalidExpression) as refusal:
            skipped[verb.skipped.get(type(refusal), str(refusal))] += 1
        else:
            model_admin.log_change(request, row, f"{verb.label}: {note}" if note else f"{verb.label}.")
            made.append(result)
    _tell(model_admin, request, verb, len(made), skipped)
    return made


def _tell(
    model_admin: ConsoleAdmin[M], request: HttpRequest, verb: Verb[M], done_count: int, skipped: Counter[str]
) -> None:
    if done_count:
        names = model_admin.opts
        noun = names.verbose_name if done_count == 1 else names.verbose_name_plural
        model_admin.message_user(request, f"{done_count} {noun} {verb.done}", messages.SUCCESS)
    for why, count in skipped.items():
        model_admin.message_user(request, f"{count} skipped: {why}", messages.WARNING)
