"""A real Prometheus scrapes a real service; promtool checks metrics and rules; every panel has data."""

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx2
import pytest

from orqsite.embedded.ports import LOOPBACK
from tests.agent_server import AgentServer, Behaviour
from tests.deployment.prometheus import RULES, Programs, Prometheus, dashboard_expressions, programs
from tests.processes.databases import migrated_database
from tests.processes.service import Service, document
from tests.waiting import wait_for

pytestmark = [pytest.mark.processes, pytest.mark.prometheus, pytest.mark.postgresql]
TOKEN = "metrics-of-this-test-only"
PAYLOAD = {"type": "cron", "expression": "0 0 9 * * *", "payload": {"input": "Hi"}}
USAGE = {"input_tokens": 120, "output_tokens": 30, "total_cost": 0.25}
_HOUSEKEEPING = """
from datetime import timedelta
from schedules import ledger
from schedules.database.clock import database_now
from schedules.models import MissedFiring, Schedule
ledger.audit_what_is_new(database_now(), timedelta(days=30))
schedule = Schedule.objects.order_by("id")[0]
at = database_now()
MissedFiring.objects.create(
    schedule=schedule, generation=1, first_fire_time=at, last_fire_time=at, count=1, reason="coalesced")
"""


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Programs:
    return programs(tmp_path_factory.mktemp("prometheus"))


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("service")
    redis_url = os.environ["REDIS_URL"].removesuffix("/0") + "/5"
    service = Service(folder, migrated_database("postgresql", folder), redis_url)
    service.environment["ORQ_METRICS_TOKEN"] = TOKEN
    with service as running:
        yield running


@pytest.fixture(scope="module")
def scraping(
    service: Service, tools: Programs, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Prometheus]:
    """Prometheus, and a service in which some runs succeeded and one failed while it looked on."""
    with AgentServer() as server, ExitStack() as stack:
        prometheus = Prometheus(
            tools.prometheus, tmp_path_factory.mktemp("scraping"), f"{LOOPBACK}:{service.port}", TOKEN
        )
        prometheus.start(stack)
        wait_for(lambda: prometheus.series("agent_schedules_build_info"), 30, "the first scrape")
        _work(service, server)
        service.manage("shell", "-c", _HOUSEKEEPING)
        is_told = 'agent_schedules_missed_firings_total{reason="coalesced"}'
        wait_for(lambda: prometheus.value(is_told) == 1, 30, "the missed firing")
        wait_for(lambda: prometheus.series("agent_schedules_ledger_findings"), 30, "the audit")
        wait_for(lambda: len(prometheus.series(f"{is_told}[10s]")[0]["values"]) > 7, 60, "some scrapes more")
        yield prometheus


def _work(service: Service, server: AgentServer) -> None:
    client = service.client(service.token)
    for key, behaviour in (
        ("works", Behaviour(merge={"usage": USAGE})),
        ("fails", Behaviour(status=400)),
    ):
        server.script(key, *[behaviour] * 3)
        service.create_agent(key, server.url)
        path = f"/v3/agents/{key}/schedules"
        for _ in range(3):
            created = document(client.post(path, json=PAYLOAD), 201)
            document(client.post(f"{path}/{created['_id']}/execution"), 202)

    def ended() -> bool:
        return _sum(_scrape(service), "agent_schedules_runs_total") == 6

    wait_for(ended, 60, "six runs to end")


def _scrape(service: Service) -> str:
    answer = httpx2.get(
        f"http://{LOOPBACK}:{service.port}/metrics",
        headers={"Authorization": f"Bearer {TOKEN}"},
        trust_env=False,
    )
    assert answer.status_code == 200
    return answer.text


def _sum(text: str, name: str) -> float:
    return sum(float(value) for value in re.findall(rf"^{name}{{.*}} (.+)$", text, re.MULTILINE))


def _promtool(tools: Programs, *arguments: str, given: str = "") -> str:
    done = subprocess.run(
        [tools.promtool, *arguments], cwd=RULES, input=given, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_promtool_finds_nothing_in_the_metrics(tools: Programs, service: Service) -> None:
    assert _promtool(tools, "check", "metrics", given=_scrape(service)).strip() == ""


def test_promtool_reads_the_rules_and_the_configuration(tools: Programs, tmp_path: Path) -> None:
    assert "7 rules found" in _promtool(tools, "check", "rules", "rules.yml")
    (tmp_path / "metrics_token").write_text(TOKEN)
    for name in ("prometheus.yml", "rules.yml"):
        (tmp_path / name).write_text((RULES / name).read_text())
    _promtool(tools, "check", "config", str(tmp_path / "prometheus.yml"))


def test_each_alert_fires_where_it_must_and_nowhere_else(tools: Programs) -> None:
    assert "SUCCESS" in _promtool(tools, "test", "rules", "rules_test.yml")


def test_every_alert_is_tested_both_ways() -> None:
    tested = (RULES / "rules_test.yml").read_text()

    for alert in re.findall(r"- alert: (\w+)", (RULES / "rules.yml").read_text()):
        cases = re.findall(rf"alertname: {alert}(?:, exp_alerts: (\[\])|\n\s+exp_alerts:\n)", tested)
        assert {"[]", ""} == set(cases), alert


def test_prometheus_scrapes_with_the_token(scraping: Prometheus) -> None:
    [target] = scraping.targets()

    assert (target["health"], target["lastError"]) == ("up", "")


def test_what_it_has_stored_is_what_happened(scraping: Prometheus) -> None:
    runs = 'agent_schedules_runs_total{state="%s",trigger="manual"}'

    assert scraping.value(runs % "succeeded") == scraping.value(runs % "failed") == 3
    assert scraping.value('agent_schedules_tokens_total{type="input"}') == 360
    assert scraping.value('agent_schedules_cost_total{currency="USD"}') == 0.75
    assert scraping.value("agent_schedules_run_lateness_seconds_count") == 6
    assert scraping.value('agent_schedules_schedules{state="active"}') is not None


@pytest.mark.parametrize("expression", dashboard_expressions())
def test_every_panel_has_data(scraping: Prometheus, expression: str) -> None:
    assert scraping.series(expression)


def test_the_shipped_alerts_are_evaluated_without_an_error(scraping: Prometheus) -> None:
    wait_for(lambda: all(rule["health"] != "unknown" for rule in scraping.rules()), 30, "the rules")

    assert [(rule["name"], rule["health"]) for rule in scraping.rules() if rule["health"] != "ok"] == []
    assert len(scraping.rules()) == 7


def test_a_wrong_token_shows_at_the_target(service: Service, tools: Programs, tmp_path: Path) -> None:
    with ExitStack() as stack:
        prometheus = Prometheus(
            tools.prometheus, tmp_path, f"{LOOPBACK}:{service.port}", "another-token-altogether"
        )
        prometheus.start(stack)

        is_down = [("down", "server returned HTTP status 401 Unauthorized")]
        wait_for(
            lambda: [(each["health"], each["lastError"]) for each in prometheus.targets()] == is_down,
            20,
            "the target to be down",
        )
