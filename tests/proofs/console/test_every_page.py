"""Every page: nothing serious for axe in either theme, and no other host is asked."""

from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from tests.proofs.console.axe import serious_findings
from tests.proofs.console.pages import every_page

pytestmark = [pytest.mark.processes, pytest.mark.console]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious_on_any_page(page: Page, theme: Literal["light", "dark"]) -> None:
    page.emulate_media(color_scheme=theme)

    found = {path: _judged(page, path) for path in every_page(page)}

    assert len(found) > 20
    assert {path: findings[:3] for path, findings in found.items() if findings} == {}


def test_no_page_asks_another_host(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    for path in every_page(page):
        page.goto(path, wait_until="networkidle")

    own = f"{page.evaluate('location.origin')}/"
    assert len(asked) > 50
    assert [url for url in asked if not url.startswith((own, "data:", "blob:"))] == []


def test_fifty_runs_are_short_on_a_phone(phone: Page) -> None:
    phone.goto("/console/schedules/run/")

    expect(phone.locator("#result_list tbody tr.data-row")).to_have_count(50)
    assert phone.evaluate("document.documentElement.scrollHeight") <= 5_000
    assert phone.evaluate("document.documentElement.scrollWidth") <= 420


def _judged(page: Page, path: str) -> list[str]:
    page.goto(path)
    if path == "/docs":  # made by a script, and empty until that is through
        page.wait_for_selector(".opblock-summary-method")
    return serious_findings(page)
