"""Times are UTC, and the reader's own on hover; or, as this browser's reader has chosen, the other way round."""

import re

import pytest
from playwright.sync_api import Browser, Page, StorageState, expect

from tests.up_service import Service

pytestmark = [pytest.mark.processes, pytest.mark.console]
LIST = "/console/schedules/run/"


@pytest.fixture
def abroad(service: Service, browser: Browser, signed_in: StorageState) -> Page:
    """A page of somebody in Tokyo."""
    context = browser.new_context(
        base_url=service.url,
        storage_state=signed_in,
        timezone_id="Asia/Tokyo",
        viewport={"width": 1400, "height": 900},
    )
    return context.new_page()


def test_the_own_zone_is_chosen_once_and_kept(abroad: Page) -> None:
    abroad.goto(LIST)
    first = abroad.locator("#result_list time").first
    in_utc = first.inner_text()
    assert in_utc.endswith("UTC")
    expect(first).to_have_attribute("title", value_of_tokyo())

    abroad.locator("[x-on\\:click*=openUserLinks]").click()
    abroad.get_by_role("button", name="Times: UTC").click()

    expect(first).to_contain_text("GMT+9")
    expect(first).to_have_attribute("title", in_utc)
    abroad.goto("/console/")
    expect(abroad.locator("#island-next time").first).to_contain_text("GMT+9")


def value_of_tokyo() -> "re.Pattern[str]":
    return re.compile(r"GMT\+9")
