"""Without a mouse: Tab reaches every control of every page, and each shows that it has the focus."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.proofs.console.controls import unreached
from tests.proofs.console.keyboard import tab_to
from tests.proofs.console.pages import PUBLIC, every_page

pytestmark = [pytest.mark.processes, pytest.mark.console]


def test_tab_reaches_every_control_of_every_page(page: Page) -> None:
    found = {}
    for path in every_page(page):
        if path not in PUBLIC:
            page.goto(path)
            found[path] = unreached(page)

    assert len(found) > 20
    assert {path: missed for path, (missed, _) in found.items() if missed} == {}
    assert {path: unseen for path, (_, unseen) in found.items() if unseen} == {}


def test_the_first_tab_leads_past_the_menu(page: Page) -> None:
    page.goto("/console/")

    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.innerText") == "Skip to the content"
    page.keyboard.press("Enter")

    assert page.evaluate("document.activeElement.id") == "content"


def test_the_menu_of_the_person_opens_and_logs_out(page: Page) -> None:
    page.goto("/console/")
    tab_to(page, "D demo")

    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Log out")).to_be_visible()
    page.wait_for_function("document.activeElement.closest('nav') !== null")
    tab_to(page, "Times:")
    tab_to(page, "Log out")


def test_a_filter_is_opened_and_chosen(page: Page) -> None:
    page.goto("/console/schedules/run/")
    tab_to(page, "Filters")

    page.keyboard.press("Enter")
    page.wait_for_function("document.activeElement.closest('#changelist-filter') !== null")
    tab_to(page, "Failed")
    page.keyboard.press("Enter")

    page.wait_for_url(re.compile("state__exact=failed"))
