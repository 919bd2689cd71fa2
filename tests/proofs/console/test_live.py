"""The overview lives on: what changes arrives by itself, and nothing moves under the reader's hands."""

import pytest
from playwright.sync_api import Page, Response, expect

from tests.proofs.console.history import make_failures
from tests.up_service import Service

pytestmark = [pytest.mark.processes, pytest.mark.console]
ARRIVES = 20_000


def test_a_failure_arrives_without_a_reload_and_moves_nothing(page: Page, service: Service) -> None:
    page.goto("/console/")
    page.evaluate("window.isTheSame = true")
    page.locator("#island-next a").last.focus()
    page.evaluate("window.scrollTo(0, 200)")
    focused = page.evaluate("document.activeElement.getAttribute('href')")
    scrolled = page.evaluate("window.scrollY")

    make_failures(service, "live-one", 2)

    expect(page.locator("#island-failing")).to_contain_text("live-one", timeout=ARRIVES)
    assert page.evaluate("window.isTheSame")
    assert page.evaluate("document.activeElement.getAttribute('href')") == focused
    assert (
        abs(page.evaluate("window.scrollY") - scrolled) < 120
    )  # what arrived above may push, by its own height


def test_what_has_not_changed_is_not_sent_again(page: Page) -> None:
    page.goto("/console/")
    answers: list[int] = []

    def note(response: Response) -> None:
        if response.url.endswith("/console/pulse/"):
            answers.append(response.status)

    page.on("response", note)
    page.wait_for_timeout(1)
    for _ in range(12):
        with page.expect_response("**/console/pulse/", timeout=ARRIVES):
            pass
        if 304 in answers:
            break

    assert 304 in answers


def test_a_selection_is_left_alone(page: Page, service: Service) -> None:
    page.goto("/console/")
    page.evaluate("getSelection().selectAllChildren(document.querySelector('.verdict'))")
    selected = page.evaluate("getSelection().toString()")

    make_failures(service, "live-two", 1)

    expect(page.locator("#island-failing")).to_contain_text("live-two", timeout=ARRIVES)
    assert page.evaluate("getSelection().toString()") == selected
