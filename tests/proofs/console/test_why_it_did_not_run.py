"""Story 5: why did this not run on Tuesday?"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.proofs.console.made import made_schedules, page_of
from tests.up_service import Service

pytestmark = [pytest.mark.processes, pytest.mark.console]

HELD = """
import json
from datetime import datetime
from schedules.models import Hold, HoldScope, MissedFiring, Schedule
schedule = Schedule.objects.get(pk={id!r})
at = datetime.fromisoformat({at!r})
before, after = (datetime.fromisoformat(text) for text in {around!r})
Hold.objects.create(
    scope=HoldScope.AGENT, workspace=schedule.workspace, agent=schedule.agent, note="The provider moves",
    began_at=before, ended_at=after, by_id="user_anna", by_name="anna", is_watched=False,
)
MissedFiring.objects.create(
    schedule=schedule, generation=1, first_fire_time=at, last_fire_time=at, count=1, reason="paused",
    recorded_at=at,
)
"""
LIFTED = "from schedules.models import Hold; Hold.objects.filter(by_id='user_anna').delete()"


def last_tuesday() -> datetime:
    """At nine; not today, so that it lies in the weeks that are shown and is over."""
    now = datetime.now(UTC)
    days = (now.weekday() - 1) % 7 or 7
    return (now - timedelta(days=days)).replace(hour=9, minute=0, second=0, microsecond=0)


@pytest.fixture
def schedule(service: Service) -> Iterator[str]:
    """One whose agent was held last Tuesday from eight to ten."""
    at = last_tuesday()
    around = [(at + timedelta(hours=hours)).isoformat() for hours in (-1, 1)]
    with made_schedules(service, days=10, display_name="Tuesday's reader") as [schedule_id]:
        service.shell(HELD.format(id=schedule_id, at=at.isoformat(), around=json.loads(json.dumps(around))))
        yield schedule_id
        service.shell(LIFTED)


def test_the_calendar_leads_to_the_reason(page: Page, schedule: str) -> None:
    tuesday = last_tuesday()
    page.goto(page_of(schedule))

    page.get_by_role("link", name=f"Tuesday {tuesday.day} {tuesday:%B}: 1 missed").click()
    expect(page.locator("section[aria-labelledby=day]")).to_contain_text(f"{tuesday:%Y-%m-%d} 09:00:00 UTC")
    page.get_by_role("link", name="why?").click()

    answer = page.get_by_role("status").filter(has_text="It did not run")
    expect(answer).to_contain_text("held: agent daily-briefing, by anna, 'The provider moves'")


def test_any_instant_can_be_asked_about(page: Page, schedule: str) -> None:
    page.goto(page_of(schedule))

    page.get_by_label("What became of the instant (UTC)").fill(f"{last_tuesday():%Y-%m-%d}T10:30:00")
    page.get_by_role("button", name="Why?").click()

    expect(page.locator("#why")).to_contain_text("is not a fire time of '0 0 9 * * *'; the next is")
