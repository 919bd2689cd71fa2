"""Story 6: a typo, five fields, a herd, and what the edit does before it is saved. And two tabs on one schedule."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.proofs.console.axe import serious_findings
from tests.proofs.console.made import made_schedules, page_of
from tests.up_service import Service

pytestmark = [pytest.mark.processes, pytest.mark.console]

HERD = 20


@pytest.fixture
def schedule(service: Service) -> Iterator[str]:
    """One that fires at five past six every day."""
    with made_schedules(service, days=2, expression="0 5 6 * * *", display_name="Lonely") as [schedule_id]:
        yield schedule_id


@pytest.fixture
def herd(service: Service) -> Iterator[list[str]]:
    """Those that fire on weekdays at nine."""
    with made_schedules(service, count=HERD, expression="0 0 9 * * mon-fri") as ids:
        yield ids


@pytest.mark.usefixtures("herd")
def test_what_is_typed_is_understood_at_once_and_shown_before_it_is_saved(page: Page, schedule: str) -> None:
    page.goto(page_of(schedule))
    field, preview = page.get_by_label("Expression"), page.locator("#expression-preview")

    field.fill("0 9 * * mon-fry")
    expect(preview).to_contain_text("Valid example")
    field.fill("0 9 * * mon-fri")
    expect(preview).to_contain_text("six fields")
    preview.get_by_role("button", name="0 0 9 * * mon-fri").click()

    expect(field).to_have_value("0 0 9 * * mon-fri")
    expect(preview).to_contain_text("at 09:00:00 UTC, Monday to Friday")
    expect(preview.locator("li")).to_have_count(5)
    expect(preview).to_contain_text("other schedules of the workspace fire at that instant")
    expect(preview).to_contain_text("They wait for one another")

    page.get_by_role("button", name="Save", exact=True).click()

    main = page.locator("#confirm_form")
    expect(main).to_contain_text("It fires in a herd")
    expect(main).to_contain_text("0 5 6 * * * → 0 0 9 * * mon-fri")
    expect(main).to_contain_text("Removed in the next 30 days: 30")
    expect(main).to_contain_text("1 → 2")
    assert serious_findings(page) == []

    page.get_by_role("button", name="Save", exact=True).click()
    page.goto(page_of(schedule))
    expect(page.locator("#stands")).to_have_text("at 09:00:00 UTC, Monday to Friday")


def test_local_time_stands_beside_utc(page: Page, schedule: str) -> None:
    zone = page.context.browser
    assert zone is not None
    abroad = zone.new_context(
        storage_state=page.context.storage_state(),
        timezone_id="Asia/Tokyo",
        base_url=page.evaluate("location.origin") if page.url.startswith("http") else None,
    )
    page.goto(page_of(schedule))
    there = abroad.new_page()
    there.goto(page.url)

    there.get_by_label("Expression").fill("0 0 9 * * *")

    expect(there.locator("#expression-preview li").first).to_contain_text("18:00")
    assert "GMT+9" in (there.locator("#expression-preview time").first.get_attribute("title") or "")
    abroad.close()


def test_a_payload_is_checked_while_it_is_written(page: Page, schedule: str) -> None:
    page.goto(page_of(schedule))
    field, check = page.get_by_label("Payload"), page.locator("#payload-check")

    field.fill('{"input": "Hi"')
    expect(check).to_contain_text("not JSON")
    field.fill('{"input": "Hi", "prompt": 1}')
    expect(check).to_contain_text("payload has no field 'prompt'")
    field.fill('{"input": "Hi"}')
    expect(check).to_contain_text("The API takes this payload")


def test_two_tabs_are_told_of_each_other_and_lose_nothing(page: Page, schedule: str) -> None:
    other = page.context.new_page()
    for tab in (page, other):
        tab.goto(page_of(schedule))
    other.get_by_label("Display name").fill("Not so lonely")
    other.get_by_role("button", name="Save", exact=True).click()
    expect(other.get_by_text("was changed successfully")).to_be_visible()

    page.get_by_label("Expression").fill("0 6 6 * * *")
    page.get_by_role("button", name="Save", exact=True).click()

    expect(page.locator(".errornote").last).to_contain_text("demo changed this schedule")
    expect(page.locator(".errornote").last).to_contain_text("Lonely → Not so lonely")
    expect(page.get_by_label("Expression")).to_have_value("0 6 6 * * *")
    expect(page.get_by_label("Display name")).to_have_value("Not so lonely")

    for _ in ("the form", "the question"):
        page.get_by_role("button", name="Save", exact=True).click()
    page.goto(page_of(schedule))
    expect(page.locator("#stands")).to_have_text("at 06:06:00 UTC, every day")
