"""Story 4: everything of an agent pauses until Monday 08:00, with a note; on Monday exactly those are back."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.up_service import Service
from tests.waiting import wait_for

pytestmark = [pytest.mark.processes, pytest.mark.console]

AGENT = "support-triage"
OTHER = "market-digest"
WIDE = 1024
"""From here on the acts of a page stand beside its title; below they are behind a button."""

NOTE = "The vendor moves house"
_MONDAY_HAS_COME = """
from schedules.database.clock import database_now
from schedules.models import Hold
assert Hold.objects.filter(agent__key="support-triage", ended_at=None).update(until_at=database_now()) == 1
"""
"""The hold's end is moved to now: for the beat that looks for it the same as Monday."""


def test_on_a_wide_page(page: Page, service: Service) -> None:
    until_monday(page, service)


def test_on_a_phone(phone: Page, service: Service) -> None:
    until_monday(phone, service)


def until_monday(page: Page, service: Service) -> None:
    before = active(service, AGENT)
    own, *others = sorted(before)
    assert others
    path = f"/v3/agents/{AGENT}/schedules/{own}"
    service.ask("POST", f"{path}/pause", {"note": "its own"})
    others_of_others = active(service, OTHER)

    page.goto("/console/schedules/agent/")
    page.get_by_role("link", name=AGENT).first.click()
    page.wait_for_url("**/change/")
    if (page.viewport_size or {"width": 0})["width"] < WIDE:
        page.get_by_role("link", name="more_horiz").click()
    page.get_by_role("link", name="Pause …").click()
    page.fill("input[name=note]", NOTE)
    page.fill("input[name=until]", f"{next_monday():%Y-%m-%dT08:00}")
    page.locator("#pause_form").get_by_role("button", name="Pause").click()
    expect(page.get_by_text(NOTE).first).to_be_visible()

    assert active(service, AGENT) == set()
    assert active(service, OTHER) == others_of_others
    page.goto("/console/")
    expect(page.locator("#island-verdict")).to_contain_text(NOTE)

    service.shell(_MONDAY_HAS_COME)
    wait_for(lambda: active(service, AGENT) == {*others}, 30, "Monday")
    service.ask("POST", f"{path}/resume")
    assert active(service, AGENT) == before


def active(service: Service, agent: str) -> set[str]:
    """The ids of its schedules that fire."""
    found: list[dict[str, Any]] = service.ask("GET", f"/v3/agents/{agent}/schedules")["schedules"]
    return {schedule["_id"] for schedule in found if schedule["is_active"]}


def next_monday() -> datetime:
    today = datetime.now(UTC)
    return today + timedelta(days=7 - today.weekday())
