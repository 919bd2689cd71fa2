"""Retrieving a schedule: the processor time of a request, beside the same view of ordinary make and a bare one.

Requests pass the service's real WSGI application, all middleware included, in this process; PostgreSQL and Valkey do
their part in processes of their own and are not counted. Reading the socket is the web server's, and not counted.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from io import BytesIO
from typing import Any

from bench import measuring, population
from bench.reporting import Report
from bench.servers import Servers

A_LOT = 10_000_000
"""Requests a minute: a limit that is counted as every other and never reached."""


def run(servers: Servers, rounds: int, *, is_quick: bool) -> Report:
    """Microseconds of processor time a request, with ours as it is shipped and without its limit of requests."""
    report = Report(
        "retrieve", ("view", "CPU a request", "range", "× bare", "of ordinary"), measuring.machine()
    )
    series = measuring.interleaved(_views(100 if is_quick else 1_000), rounds)
    bare, ordinary = series["bare Django view"].median, series["ordinary DRF + ORM"].median
    for name, values in series.items():
        microseconds = values.median
        report.row(
            name,
            f"{microseconds:,.0f} µs",
            values.spread,
            f"{microseconds / bare:.1f}",
            f"{microseconds / ordinary:.2f}",
        )
    report.note(
        "Process CPU time of one request through the WSGI application with all middleware. The ordinary view has "
        "no rate limit; ours counts each request, as shipped, and its row says what it takes without."
    )
    return report


def _views(requests: int) -> dict[str, Callable[[], float]]:
    path, authorization = _a_schedule()
    ours = partial(_microseconds, requests, f"/v3{path}", authorization)
    return {
        "bare Django view": partial(_microseconds, requests, "/bare", authorization),
        "ordinary DRF + ORM": partial(_microseconds, requests, f"/ordinary{path}", authorization),
        "ours": partial(_limited, A_LOT, ours),
        "ours, no rate limit": partial(_limited, 0, ours),
    }


def _a_schedule() -> tuple[str, str]:
    """The path of a schedule among a thousand, and the Authorization of a key that may read it."""
    from schedules import api_keys
    from schedules.models import Schedule, Scope

    agent = population.make_agent()
    population.make_schedules(agent, 1_000, datetime.now(UTC).replace(minute=0, second=0) + timedelta(days=1))
    population.settle()
    schedule = Schedule.objects.all()[500]
    token = api_keys.issue(agent.workspace, scope=Scope.READ).token
    return f"/agents/{agent.key}/schedules/{schedule.id}", f"Bearer {token}"


def _limited(per_minute: int, measure: Callable[[], float]) -> float:
    """The measurement under this limit of requests."""
    from django.conf import settings

    settings.ORQ = settings.ORQ.model_copy(update={"rate_per_key": per_minute})
    return measure()


def _microseconds(requests: int, path: str, authorization: str) -> float:
    """Processor time of one request, after a warm-up."""
    from django.conf import settings

    settings.ROOT_URLCONF = "bench.ordinary"
    environ = environ_of(path, authorization)
    for _ in range(requests // 10):
        ask(environ)
    started = time.process_time()
    for _ in range(requests):
        ask(environ)
    return (time.process_time() - started) / requests * 1e6


def ask(environ: dict[str, Any], expected: str = "200 OK") -> None:
    """One request as a web server passes it on, to the end."""
    from orqsite.wsgi import application

    statuses: list[str] = []

    def start(status: str, headers: Any, error: Any = None, /) -> Callable[[bytes], object]:
        statuses.append(status)
        return bytes

    response = application({**environ, "wsgi.input": BytesIO()}, start)
    body = b"".join(response)
    response.close()
    assert statuses == [expected], (statuses, body)


def environ_of(path: str, authorization: str) -> dict[str, Any]:
    """A request as a web server describes it to an application."""
    return {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "127.0.0.1:8000",
        "HTTP_ACCEPT": "application/json",
        "HTTP_USER_AGENT": "bench",
        "HTTP_AUTHORIZATION": authorization,
        "wsgi.url_scheme": "http",
    }
