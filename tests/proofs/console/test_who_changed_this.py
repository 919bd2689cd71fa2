"""Story 8: who changed this, and what was it before? Edits over the API are told as well."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.proofs.console.made import made_schedules, page_of
from tests.up_service import Service

pytestmark = [pytest.mark.processes, pytest.mark.console]


@pytest.fixture
def schedule(service: Service) -> Iterator[str]:
    """One that a key has changed."""
    with made_schedules(service, display_name="Edited") as [schedule_id]:
        path = f"/v3/agents/daily-briefing/schedules/{schedule_id}"
        service.ask("PATCH", path, {"expression": "0 0 17 * * *", "payload": {"input": "Good evening"}})
        yield schedule_id


def test_its_page_has_the_values_before_and_after(page: Page, schedule: str) -> None:
    page.goto(page_of(schedule))

    newest = page.locator(".console-history tbody").first
    expect(newest).to_contain_text("0 0 9 * * * → 0 0 17 * * *")
    expect(newest).to_contain_text('{"input": "Hi"} → {"input": "Good evening"}')
    expect(newest).to_contain_text("API key")


def test_the_whole_history_is_a_click_away(page: Page, schedule: str) -> None:
    page.goto(page_of(schedule))

    page.get_by_role("link", name="The whole history").click()

    expect(page.locator(".console-history")).to_contain_text("0 0 9 * * * → 0 0 17 * * *")
    expect(page.locator(".console-history")).to_contain_text("created")
