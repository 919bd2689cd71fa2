"""Story 10: stop everything; lift it."""

from urllib.error import HTTPError

import pytest
from playwright.sync_api import Page, expect

from tests.up_service import Service

pytestmark = [pytest.mark.processes, pytest.mark.console]

SCHEDULES = "/v3/agents/support-triage/schedules"


def test_everything_stops_and_goes_on(page: Page, service: Service) -> None:
    schedule = service.ask("GET", SCHEDULES)["schedules"][0]["_id"]
    page.goto("/console/")

    page.get_by_role("link", name="Stop everything …").click()
    page.fill("input[name=note]", "The network is on fire")
    page.locator("#pause_form").get_by_role("button", name="Pause").click()

    expect(page.locator("#island-verdict")).to_contain_text("The network is on fire")
    with pytest.raises(HTTPError) as refused:
        service.ask("POST", f"{SCHEDULES}/{schedule}/execution")
    assert refused.value.code == 400

    page.get_by_role("button", name="Release everything").click()

    expect(page.get_by_text("Released everything")).to_be_visible()
    expect(page.locator("#island-verdict")).not_to_contain_text("on fire")
    assert service.ask("POST", f"{SCHEDULES}/{schedule}/execution")["status"] == "triggered"
