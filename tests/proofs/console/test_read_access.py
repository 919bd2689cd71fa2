"""Story 9: read access for a colleague in one workspace, in five clicks; she can do none of the acts."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.proofs.console.made import made_schedules, page_of
from tests.up_service import Service

pytestmark = [pytest.mark.processes, pytest.mark.console]

PASSWORD = "correct horse 4711"  # hers, for as long as the service lives
MOST_CLICKS = 5


@pytest.fixture
def schedule(service: Service) -> Iterator[str]:
    """Something to look at."""
    with made_schedules(service, display_name="To be looked at") as [schedule_id]:
        yield schedule_id
        service.shell(
            "from django.contrib.auth.models import User; User.objects.filter(username='ines').delete()"
        )


def test_a_viewer_is_made_in_five_clicks_and_can_only_look(
    page: Page, browser: Browser, service: Service, schedule: str
) -> None:
    page.goto("/console/")
    clicks = _click(page, "#nav-sidebar a:has-text('Members')") + _click(page, "a[href$='/add/']")
    page.get_by_label("Workspace").select_option(label="Demo")
    page.get_by_label("Person").fill("ines")
    page.get_by_label("Role").select_option(label="Viewer")
    page.get_by_label("First password").fill(PASSWORD)
    clicks += _click(page, "button[name=_save]")
    expect(page.get_by_text("was added successfully")).to_be_visible()
    assert clicks + 2 <= MOST_CLICKS  # the two choices

    with browser.new_context(base_url=service.url) as context:
        hers = context.new_page()
        hers.goto("/console/")
        hers.fill("input[name=username]", "ines")
        hers.fill("input[name=password]", PASSWORD)
        hers.click("button[type=submit]")
        hers.goto(page_of(schedule))
        expect(hers.locator("#stands")).to_be_visible()
        for act in ("Run now", "Save", "Delete schedule"):
            expect(hers.get_by_text(act, exact=True)).to_have_count(0)
        for verb in ("run-now", "pause", "resume"):
            assert _post(hers, f"/console/schedules/schedule/{schedule}/do/{verb}/") == 403
        assert _post(hers, page_of(schedule)) == 403


def _click(page: Page, selector: str) -> int:
    page.locator(selector).first.click()
    return 1


def _post(page: Page, path: str) -> int:
    """The answer to a forged form."""
    [token] = [each["value"] for each in page.context.cookies() if each["name"] == "csrftoken"]
    answer = page.request.post(path, form={"csrfmiddlewaretoken": token}, headers={"Referer": page.url})
    return answer.status
