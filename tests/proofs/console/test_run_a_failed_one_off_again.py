"""Story 2: a one-off failed; its agent is mended, and it is run again."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.agent_server import AgentServer, Behaviour
from tests.up_service import Service
from tests.waiting import wait_for

pytestmark = [pytest.mark.processes, pytest.mark.console]

AGENT = "one-off-reporter"
PATH = f"/v3/agents/{AGENT}/schedules"
REFUSED = Behaviour(status=422, error={"code": "bad_input", "message": "The ledger is closed"})


@pytest.fixture
def failed(service: Service) -> Iterator[tuple[AgentServer, str]]:
    """The agent's server, and the path of the once schedule whose run has failed."""
    with AgentServer() as server:
        server.script(AGENT, REFUSED)
        service.manage("create_agent", AGENT, "--workspace", "Demo", "--url", server.url)
        at = (datetime.now(UTC) + timedelta(seconds=2)).strftime("@at %Y-%m-%dT%H:%M:%SZ")
        body = {"type": "once", "expression": at, "display_name": "Board report", "payload": {"input": "Go"}}
        path = f"{PATH}/{service.ask('POST', PATH, body)['_id']}"
        wait_for(lambda: "failed" in _states(service, path), 60, "the failure")
        yield server, path
        service.ask("DELETE", path)


def _states(service: Service, path: str) -> list[str]:
    return [run["state"] for run in service.ask("GET", f"{path}/runs")["runs"]]


def test_it_is_run_again_once_and_watched_to_its_end(
    page: Page, service: Service, failed: tuple[AgentServer, str]
) -> None:
    server, path = failed
    [run] = service.ask("GET", f"{path}/runs")["runs"]
    page.goto("/console/schedules/run/?state__exact=failed")
    page.get_by_role("link", name="Board report").click()
    page.locator(".console-cards").get_by_role("link", name="failed").first.click()
    expect(page.locator("#island-run_state")).to_contain_text("The ledger is closed")
    server.script(AGENT, Behaviour())

    page.get_by_role("button", name="Run again").click()

    expect(page.locator("#island-run_state")).to_contain_text("pending")
    again = page.url
    page.evaluate("window.isTheSamePage = true")
    expect(page.locator("#island-run_state")).to_contain_text("succeeded", timeout=30_000)
    assert page.evaluate("window.isTheSamePage")
    page.get_by_role("link", name=run["_id"]).first.click()
    expect(page.locator("#island-run_links")).to_contain_text("Run again as")
    expect(page.get_by_role("button", name="Run again")).to_have_count(0)
    expect(page.get_by_role("link", name=re.compile(again.split("/")[-3])).first).to_be_visible()
