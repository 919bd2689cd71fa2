"""Story 1: something failed overnight. From the overview to its cause, and all of it run again, in four clicks."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.proofs.console.history import make_failures
from tests.proofs.console.keyboard import is_focus_seen, tab_to
from tests.up_service import Service

pytestmark = [pytest.mark.processes, pytest.mark.console]
COUNT = 7


def group(page: Page, key: str) -> Locator:
    """The group of the agent's failures on the overview."""
    return page.locator("#island-failing .group", has_text=key)


def run_all_again(page: Page, key: str) -> None:
    """Three clicks: the runs with their cause, what to do with all of them, and the confirmation."""
    page.goto("/console/")
    expect(page.locator(".verdict")).to_contain_text("failed in the last 24 hours")
    group(page, key).get_by_role("link", name="See runs").click()
    expect(page.locator("#result_list")).to_contain_text("agent unreachable")
    page.get_by_role("link", name="Run again …").click()
    expect(page.locator("#bulk_form")).to_contain_text(f"{COUNT} runs")
    page.get_by_role("button", name=f"Run again: {COUNT} runs").click()
    expect(page.get_by_text(f"{COUNT} runs will run again in 10 s")).to_be_visible()


def test_with_a_mouse(page: Page, service: Service) -> None:
    make_failures(service, "night-watch", COUNT)

    run_all_again(page, "night-watch")

    page.goto("/console/")
    expect(group(page, "night-watch")).to_contain_text(f"{COUNT} run again")
    page.goto("/console/schedules/run/?q=night-watch")
    expect(page.locator("#result_list tbody tr")).to_have_count(2 * COUNT)
    expect(page.locator("#result_list a", has_text="run again: ")).to_have_count(COUNT)


def test_on_a_phone(phone: Page, service: Service) -> None:
    make_failures(service, "night-phone", COUNT)

    run_all_again(phone, "night-phone")

    phone.goto("/console/")
    assert phone.evaluate("document.documentElement.scrollWidth") <= 420
    expect(group(phone, "night-phone")).to_contain_text(f"{COUNT} run again")


def test_a_second_confirmation_does_nothing_twice(page: Page, service: Service) -> None:
    make_failures(service, "night-twice", COUNT)
    run_all_again(page, "night-twice")

    page.goto("/console/")
    group(page, "night-twice").get_by_role("link", name="Run all again").click()

    expect(page.locator("#bulk_form")).to_contain_text("0 runs")


def test_with_the_keyboard_only(page: Page, service: Service) -> None:
    make_failures(service, "night-keys", COUNT)
    page.goto("/console/")

    tab_to(page, "Run all again … of night-keys")
    assert is_focus_seen(page)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("bulk-retry"))
    tab_to(page, f"Run again: {COUNT} runs")
    page.keyboard.press("Enter")

    expect(page.get_by_text(f"{COUNT} runs will run again in 10 s")).to_be_visible()
