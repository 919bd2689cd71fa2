"""Story 7: run now and undo; run now and watch it arrive without reloading. By keyboard alone, too."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.proofs.console.keyboard import is_focus_seen, tab_to
from tests.proofs.console.made import made_schedules, page_of
from tests.up_service import Service

pytestmark = [pytest.mark.processes, pytest.mark.console]


@pytest.fixture
def schedule(service: Service) -> Iterator[str]:
    """One that is not due for long."""
    with made_schedules(service, expression="0 0 9 1 1 *", payload={"input": "Good morning"}) as [
        schedule_id
    ]:
        yield schedule_id


def test_a_run_is_undone_before_it_starts(page: Page, schedule: str) -> None:
    page.goto(page_of(schedule))

    page.get_by_role("button", name="Run now").click()
    state = page.locator("#island-run_state")
    expect(state).to_contain_text(", in ")
    page.get_by_role("button", name="Undo").click()

    expect(page.locator("#island-run_state")).to_contain_text("cancelled")
    expect(page.get_by_role("button", name="Undo")).to_have_count(0)


def test_a_run_arrives_on_the_open_page_which_stays_where_it_is(page: Page, schedule: str) -> None:
    page.goto(page_of(schedule))
    page.set_viewport_size({"width": 1000, "height": 400})
    page.get_by_role("button", name="Run now").click()
    expect(page.locator("#island-run_state")).to_contain_text(", in ")
    assert page.evaluate("window.isTheSamePage = true; window.scrollTo(0, 120); window.scrollY") == 120
    answers: list[int] = []
    page.on(
        "response", lambda response: answers.append(response.status) if "/live/" in response.url else None
    )

    expect(page.locator("#island-run_state")).to_contain_text("succeeded", timeout=30_000)

    expect(page.locator("#island-run_answer")).to_contain_text("Good morning")
    assert page.evaluate("[window.isTheSamePage, window.scrollY]") == [True, 120]
    assert 304 in answers
    count = len(answers)
    page.wait_for_timeout(4_000)  # longer than from one question to the next
    assert len(answers) == count  # it has ended: nothing is asked any more


def test_all_of_it_works_by_keyboard(page: Page, schedule: str) -> None:
    page.goto(page_of(schedule))

    tab_to(page, "Run now")
    assert is_focus_seen(page)
    page.keyboard.press("Enter")
    page.wait_for_url("**/run/*/change/")
    tab_to(page, "Undo")
    assert is_focus_seen(page)
    page.keyboard.press("Enter")

    expect(page.locator("#island-run_state")).to_contain_text("cancelled")
