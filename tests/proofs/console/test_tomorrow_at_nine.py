"""Story 3: what runs at 09:00 tomorrow? The herd, and the schedules it is made of."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from schedules.management.demo_history import HERD

pytestmark = [pytest.mark.processes, pytest.mark.console]


def test_the_herd_of_tomorrow_leads_to_its_schedules(page: Page) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    day = f"{tomorrow:%a} {tomorrow.day} {tomorrow:%b}"
    page.goto("/console/")

    cell = page.locator(f"#island-coming a.is-herd[title^='{day} 09:00']")
    expect(cell).to_have_attribute(
        "title", f"{day} 09:00: {cell_count(page, day)} to fire, {herd_words(page, day)}"
    )
    page.locator("#island-coming .herds a", has_text=day).click()

    expect(page.locator("h1, .overview").first).to_be_visible()
    customers = page.locator(".row a", has_text="Digest for customer")
    expect(customers).to_have_count(HERD)
    expect(page.locator(".fires")).to_contain_text("at 09:00:00 UTC, every day")
    customers.first.click()
    page.wait_for_url("**/console/schedules/schedule/*/change/")


def cell_count(page: Page, day: str) -> str:
    title = page.locator(f"#island-coming a.is-herd[title^='{day} 09:00']").get_attribute("title") or ""
    return title.split(": ")[1].split(" ")[0]


def herd_words(page: Page, day: str) -> str:
    return "of them " + page.locator("#island-coming .herds a", has_text=day).locator("strong").inner_text()


def test_arrow_keys_move_between_the_hours(page: Page) -> None:
    page.goto("/console/")
    first = page.locator("#island-coming [data-roving] a").first
    first.focus()

    page.keyboard.press("ArrowRight")

    titles = page.locator("#island-coming [data-roving] a")
    focused = page.evaluate("document.activeElement.title")
    assert focused == titles.nth(1).get_attribute("title")
    assert page.locator("#island-coming [data-roving] a[tabindex='0']").count() == 1
