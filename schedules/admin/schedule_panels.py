"""What the page of a schedule shows above its form: how it stands, what happened, what will, and why (not)."""

from datetime import UTC, datetime
from typing import Any, Final

from django.http import HttpRequest

from schedules.admin import cells
from schedules.admin.object_history import history_of
from schedules.admin.pages import run_page
from schedules.admin.pause_cells import state_words
from schedules.admin.schedule_calendar import calendar
from schedules.admin.schedule_cells import activity, fire_times, words_of
from schedules.database.clock import recent_now
from schedules.expressions import InvalidExpression
from schedules.ledger.explaining import Explanation, explain
from schedules.models import Schedule

SHOWN_FIRES: Final = 10
SHOWN_ACTS: Final = 8


def panels(schedule: Schedule, request: HttpRequest) -> dict[str, Any]:
    """The context of `console/schedule_panels.html`."""
    now, asked = recent_now(), request.GET.dict()
    return {
        "words": words_of(schedule),
        "activity": activity(schedule),
        "state": state_words(schedule, now),
        "fires": [cells.moment_from(moment, now) for moment in fire_times(schedule, SHOWN_FIRES, now)],
        "calendar": calendar(schedule, asked, now),
        "at": asked.get("at", "")[:30],
        "why": why(schedule, asked.get("at", ""), now),
        "history": history_of(schedule, request, SHOWN_ACTS),
    }


def why(schedule: Schedule, text: str, now: datetime) -> dict[str, Any] | None:
    """What became of the instant, or why that is none; None: nobody asked."""
    if not text:
        return None
    at = _instant(text)
    if at is None:
        return {"words": f"{text[:30]} is not an instant: write 2026-06-01T09:00:00, in UTC"}
    try:
        explanation = explain(schedule, at, now)
    except InvalidExpression as error:
        return {"words": f"The cadence of that time cannot be read: {error}"}
    return _shown(explanation, now)


def _shown(explanation: Explanation, now: datetime) -> dict[str, Any]:
    run, following = explanation.run, explanation.next_fire_time
    return {
        "at": cells.moment_from(explanation.at, now),
        "words": explanation.words,
        "generation": explanation.generation,
        "run": run_page(run.pk) if run is not None else None,
        "next": cells.moment_from(following, now) if following is not None else None,
    }


def _instant(text: str) -> datetime | None:
    """As a browser's field sends it, without a zone: UTC."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    return at if datetime(1970, 1, 1, tzinfo=UTC) <= at < datetime(9000, 1, 1, tzinfo=UTC) else None
