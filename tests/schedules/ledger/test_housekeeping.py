"""The audit nobody has to think of: what is new each time, everything once a day, and the result kept."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from schedules.ledger import audit_what_is_new
from schedules.ledger.housekeeping import MOST_FINDINGS, OVERLAP
from schedules.models import AuditResult, Run, Schedule
from schedules.retention import prune
from tests.factories import NOON, make_schedule
from tests.firing import fire

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
KEEP = 30 * DAY


def hourly() -> Schedule:
    """Fires at each full hour; first at NOON."""
    return make_schedule(expression="0 0 * * * *", now=NOON - HOUR / 2)


def audited(hours: float) -> AuditResult:
    """The housekeeping task has run so long after NOON."""
    return audit_what_is_new(NOON + hours * HOUR, KEEP)


def fire_hours(*hours: int) -> None:
    for hour in hours:
        fire(NOON + hour * HOUR, 10)


def make_result(audited_at: datetime, **fields: Any) -> AuditResult:
    defaults: dict[str, Any] = {
        "since": audited_at - DAY,
        "is_whole": True,
        "settled_until": audited_at,
        "expected_count": 1,
        "accounted_count": 1,
        "finding_count": 0,
        "duration": timedelta(seconds=1),
    }
    return AuditResult.objects.create(audited_at=audited_at, **defaults | fields)


def test_the_first_audit_is_of_everything_and_is_kept() -> None:
    hourly()
    fire_hours(0, 1)

    result = audited(1.5)

    assert AuditResult.objects.get() == result
    assert (result.is_whole, result.is_clean, str(result)) == (True, True, "2 of 2 instants accounted for")
    assert (result.audited_at, result.since) == (NOON + 1.5 * HOUR, NOON + 1.5 * HOUR - KEEP + HOUR)


def test_the_next_one_reads_only_what_is_new_and_an_overlap() -> None:
    hourly()
    fire_hours(*range(6))
    audited(5.5)
    fire_hours(6)

    result = audited(6.5)

    assert (result.is_whole, result.since) == (False, NOON + 5.5 * HOUR - OVERLAP)
    assert result.expected_count == 2


def test_a_gap_of_what_is_new_is_found_at_once() -> None:
    hourly()
    fire_hours(0)
    audited(0.5)
    fire_hours(1)
    Run.objects.filter(fire_time=NOON + HOUR).delete()

    assert audited(1.5).finding_count == 1


def test_what_was_due_and_not_fired_at_one_audit_is_looked_at_by_the_next() -> None:
    hourly()
    fire_hours(0)
    waiting = audited(8.5)
    fire(NOON + 9 * HOUR, 10)
    Run.objects.filter(fire_time=NOON + 9 * HOUR).delete()

    result = audited(9.5)

    assert waiting.settled_until == NOON + HOUR
    assert result.since == NOON + HOUR - OVERLAP
    assert (result.expected_count, result.accounted_count) == (9, 8)


def test_once_a_day_everything_is_read_again() -> None:
    hourly()
    fire_hours(0, 1)
    audited(1.5)
    Run.objects.filter(fire_time=NOON).delete()
    fire_hours(*range(2, 27))

    results = [audited(hours) for hours in (10.5, 25.4, 25.5, 26.5)]

    assert [result.is_whole for result in results] == [False, False, True, False]
    assert [result.finding_count for result in results] == [0, 0, 1, 0]


def test_an_audit_that_a_wrong_clock_has_dated_ahead_is_not_gone_on_from() -> None:
    audited(0)
    audited(365 * 24)

    result = audited(2)

    assert (result.since, result.is_whole) == (NOON - OVERLAP, False)


def test_a_schedule_that_is_suspended_for_days_makes_no_audit_a_whole_one() -> None:
    hourly()
    audited(80 * 24 - 1)

    result = audited(80 * 24)

    assert (result.is_whole, result.since) == (False, NOON + (79 * 24 - 1) * HOUR - OVERLAP)


def test_a_clean_result_is_a_line_of_the_log_and_another_a_warning_with_the_findings() -> None:
    schedule = hourly()
    fire_hours(*range(MOST_FINDINGS + 10))

    with capture_logs() as logs:
        audited(0.5)
        Run.objects.all().delete()
        AuditResult.objects.all().delete()
        result = audited(MOST_FINDINGS + 9.5)

    clean, unclean = logs
    assert (clean["event"], clean["log_level"], "findings" in clean) == ("ledger.audited", "info", False)
    assert (unclean["event"], unclean["log_level"]) == ("ledger.audited", "warning")
    assert unclean["finding_count"] == result.finding_count == MOST_FINDINGS + 10
    assert len(unclean["findings"]) == len(result.findings) == MOST_FINDINGS
    assert unclean["findings"][0] == f"gap: schedule {schedule.id} generation 1 at 2026-06-01T12:00:00Z"


def test_old_results_go_with_retention_but_the_newest_stays() -> None:
    for days_ago in (40, 31, 29):
        make_result(NOON - days_ago * DAY)

    prune(NOON, KEEP)
    assert [result.audited_at for result in AuditResult.objects.all()] == [NOON - 29 * DAY]

    prune(NOON + 60 * DAY, KEEP)
    assert AuditResult.objects.count() == 1
