"""Who waits for whom, and an agent called once by hand."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.proofs.console.axe import serious_findings
from tests.up_service import Service

pytestmark = [pytest.mark.processes, pytest.mark.console]

AGENT = "release-notes"
_WAITS = """
from datetime import timedelta
from schedules.database.clock import database_now
from schedules.models import Agent
from tests.factories import make_run
agent = Agent.objects.get(key="release-notes")
in_an_hour = database_now() + timedelta(hours=1)
print(make_run(agent.schedules.first(), not_before=in_an_hour, redispatch_at=in_an_hour).pk)
"""


@pytest.fixture
def waiting(service: Service) -> Iterator[str]:
    """A run that is not due for an hour."""
    run_id = service.shell(_WAITS)
    yield run_id
    service.shell(f"from schedules.models import Run; Run.objects.filter(pk={run_id!r}).delete()")


def test_the_page_leads_to_the_runs_that_wait(page: Page, waiting: str) -> None:
    page.goto("/console/")
    page.locator("#nav-sidebar").get_by_role("link", name="Waiting runs").click()

    row = page.locator("tr", has_text=AGENT)
    expect(row).to_contain_text("none is due yet")
    expect(row).to_contain_text("Demo")
    assert serious_findings(page) == []
    row.get_by_role("link", name="1", exact=True).click()

    expect(page.locator("#result_list tbody tr")).to_have_count(1)
    page.locator("#result_list th a").first.click()
    page.wait_for_url(f"**/run/{waiting}/change/**")


def test_an_agent_is_called_once(page: Page) -> None:
    page.goto("/console/schedules/agent/")
    page.get_by_role("link", name="support-triage").first.click()
    page.get_by_role("link", name="Call once …").click()
    page.fill("textarea[name=input]", "Are you there?")
    assert serious_findings(page) == []

    page.locator("#call_form").get_by_role("button", name="Call").click()

    expect(page.get_by_text("until then a pause undoes it")).to_be_visible()
    path = page.url
    for _ in range(30):
        if page.locator(".console-cards").get_by_text("succeeded").count():
            break
        page.wait_for_timeout(1_000)
        page.goto(path)
    page.locator(".console-cards").get_by_role("link", name="succeeded").first.click()
    expect(page.locator("#island-run_answer")).to_contain_text("Are you there?")
