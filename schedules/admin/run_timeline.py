"""A run from its instant to its end, phase by phase: what took how long. A grid of bars, each with its text."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from schedules import lengths
from schedules.admin import cells
from schedules.expressions.instants import rfc3339
from schedules.models import Run, RunState, TriggerKind
from schedules.runs.attempts import Attempt

_LEAST: Final = 0.6
"""Percent: what was quicker is drawn this wide, so that it can be seen."""

_AND_WHAT_LASTS: Final = 1.25


@dataclass(frozen=True, slots=True)
class Phase:
    """`end`: None while it lasts. `kind`: wait, or how an attempt ended; it has a colour."""

    name: str
    kind: str
    begin: datetime
    end: datetime | None


def phases(run: Run, attempts: Sequence[Attempt]) -> Iterator[Phase]:
    """fire → due → dispatched → claimed → ended, with the waits between."""
    sent_at, begun = run.created_at, [each for each in attempts if each.started_at is not None]
    if run.trigger == TriggerKind.CADENCE:
        yield Phase("Fire time, until a beat fired and sent it", "wait", run.due_at, sent_at)
        waits_from = sent_at
    else:
        yield Phase("Asked for, until it was due", "wait", sent_at, run.due_at)
        waits_from = run.due_at
    for attempt in begun:
        if attempt.started_at is None:
            continue
        yield Phase(_wait_for(attempt.number), "wait", waits_from, max(attempt.started_at, waits_from))
        yield Phase(_call(attempt), attempt.outcome, attempt.started_at, attempt.ended_at)
        waits_from = attempt.ended_at or attempt.started_at
    if run.state == RunState.PENDING or (run.finished_at is not None and not _is_last(begun, run)):
        yield Phase(_wait_for(run.attempt), run.state, waits_from, run.finished_at)


def _is_last(begun: Sequence[Attempt], run: Run) -> bool:
    return bool(begun) and begun[-1].ended_at == run.finished_at


def _wait_for(number: int) -> str:
    return "Waiting for a worker" if number == 1 else f"Waiting for attempt {number}"


def _call(attempt: Attempt) -> str:
    return f"Attempt {attempt.number}" + (f" on {attempt.worker}" if attempt.worker else "")


def timeline(run: Run, attempts: Sequence[Attempt]) -> list[dict[str, Any]]:
    """Each phase with where its bar begins and how long it is, in percent of all; what lasts reaches to the end.

    It says the same however often it is asked, until something happens.
    """
    found = list(phases(run, attempts))
    first, last = min(phase.begin for phase in found), max(phase.end or phase.begin for phase in found)
    known = max(last - first, timedelta(milliseconds=1))
    whole = known if all(phase.end for phase in found) else known * _AND_WHAT_LASTS
    return [_bar(phase, (phase.begin - first) / whole, whole) for phase in found]


def _bar(phase: Phase, begins: float, whole: timedelta) -> dict[str, Any]:
    share = 1 - begins if phase.end is None else (phase.end - phase.begin) / whole
    width = max(100 * share, _LEAST)
    return {
        "name": phase.name,
        "kind": phase.kind,
        "begin": cells.clock(phase.begin),
        "length": lengths.length(phase.end - phase.begin) if phase.end else "",
        "since": rfc3339(phase.begin),
        "left": f"{max(min(100 * begins, 100 - width), 0):.2f}",
        "width": f"{width:.2f}",
    }
