"""What is asked about a whole workspace, through the real web server: 1,000,000 schedules, 5,000,000 runs."""

import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import httpx2

from bench import history, measuring, population
from bench.processes import web
from bench.reporting import Report
from bench.servers import Servers
from schedules import api_keys
from schedules.database.clock import database_now
from schedules.models import Scope

PATHS = (
    "/v3/overview",
    "/v3/runs?state=failed",
    "/v3/runs?state=failed&agent=bench",
    "/v3/runs?reason=agent_http_error",
    "/v3/runs?reason=worker_lost",
    "/v3/runs",
    "/v3/schedules",
    "/v3/schedules?agent=bench",
)
REQUESTS = 20


def run(servers: Servers, rounds: int, *, is_quick: bool) -> Report:
    """Milliseconds of each question, by one client after the other; one in 500 runs has failed."""
    schedules, runs = (10_000, 100_000) if is_quick else (1_000_000, 5_000_000)
    report = Report("workspace", ("question", "schedules", "runs", "ms", "range"), measuring.machine())
    agent = population.make_agent()
    population.clear()
    population.make_schedules(agent, schedules, database_now() + timedelta(days=1))
    hour = database_now().replace(minute=0, second=0, microsecond=0)
    history.make(servers.own_database, runs, hour, history.SCHEDULES)
    population.settle()
    token = api_keys.issue(agent.workspace, scope=Scope.READ).token
    with web(servers.folder) as url, httpx2.Client(base_url=url, trust_env=False) as http:
        http.headers["Authorization"] = f"Bearer {token}"
        asked: dict[str, Callable[[], float]] = {path: partial(_ask, http, path) for path in PATHS}
        for path, series in measuring.interleaved(asked, rounds).items():
            report.row(path, schedules, runs, series.median, series.spread)
    report.note(f"Each figure is the mean of {REQUESTS} requests; the median of the rounds is shown.")
    return report


def _ask(http: httpx2.Client, path: str) -> float:
    began = time.perf_counter()
    for _ in range(REQUESTS):
        http.get(path).raise_for_status()
    return (time.perf_counter() - began) * 1000 / REQUESTS
