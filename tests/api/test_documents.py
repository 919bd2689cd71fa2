"""The schedule's document, written out by hand, is what its described fields say."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from schedules.api.documents import Document, ScheduleDocument
from schedules.models import Agent, Schedule, remember_next_fire
from tests.factories import NOON, make_schedule

NEARLY_NOON = NOON.replace(microsecond=120_000)
IN_INDIA = datetime(2026, 6, 1, 17, 30, tzinfo=timezone(timedelta(hours=5, minutes=30)))

FULL: dict[str, Any] = {
    "agent_tag": "v1",
    "display_name": "",
    "is_active": False,
    "updated_by_id": "apk_other",
    "last_triggered_at": NEARLY_NOON,
    "updated_at": IN_INDIA,
    "trigger_count": 2**62,
    "payload": {"variables": {"s": {"secret": True, "sealed": "x"}, "n": None}},
}


@pytest.mark.parametrize("fields", [{}, FULL], ids=["bare", "full"])
def test_the_document_is_what_its_fields_say(agent: Agent, fields: dict[str, Any]) -> None:
    schedule = make_schedule(agent)
    for name, value in fields.items():
        setattr(schedule, name, value)
    if not schedule.is_active:
        remember_next_fire(schedule, None)

    written, declared = ScheduleDocument(schedule).data, _by_field(schedule)

    assert written == declared
    assert list(written) == list(declared)
    assert all(type(written[name]) is type(declared[name]) for name in declared)


def _by_field(schedule: Schedule) -> dict[str, Any]:
    return Document.to_representation(ScheduleDocument(), schedule)


def test_instants_are_utc_with_a_fraction_only_where_there_is_one(agent: Agent) -> None:
    schedule = make_schedule(agent)
    schedule.last_triggered_at, schedule.updated_at = NEARLY_NOON, IN_INDIA

    shown = ScheduleDocument(schedule).data

    assert (shown["created"], shown["updated"]) == ("2026-06-01T12:00:00Z", "2026-06-01T12:00:00Z")
    assert shown["last_triggered_at"] == "2026-06-01T12:00:00.120000Z"
    assert IN_INDIA.astimezone(UTC) == NOON
