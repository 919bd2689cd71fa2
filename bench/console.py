"""The console's pages with 1,000,000 schedules and 5,000,000 runs: queries, milliseconds, a beat's part."""

import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from importlib import import_module
from urllib.parse import urlencode

import httpx2
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bench import measuring, metrics, population
from bench.measuring import Series
from bench.processes import web
from bench.reporting import Report
from bench.servers import Servers
from schedules import access
from schedules.database.clock import database_now
from schedules.expressions.instants import rfc3339
from schedules.models import Agent, Role, Run, Schedule
from schedules.overview import agent_health, coming_load, coming_week, next_up, past_hours, recent
from schedules.overview.reach import Reach

REQUESTS = 5

_TO_NEXT_FIRES = """
WITH own AS (
    SELECT id, right(id, 9)::bigint AS n,
           (random() * 59)::int AS s, (random() * 59)::int AS m, (random() * 23)::int AS h
    FROM schedules_schedule
), spelt AS (
    SELECT id, CASE n % 4 WHEN 1 THEN 'interval' ELSE 'cron' END AS type,
           CASE n % 4 WHEN 0 THEN s || ' ' || m || ' ' || h || ' * * *' WHEN 1 THEN '@every 1h'
                      WHEN 2 THEN s || ' ' || m || ' * * * *' ELSE '0 0 9 * * *' END AS expression,
           date_trunc('day', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' + interval '1 day'
               + CASE n % 4 WHEN 0 THEN h * interval '1 hour' WHEN 3 THEN interval '9 hours' ELSE interval '0' END
               + CASE n % 4 WHEN 3 THEN interval '0' ELSE m * interval '1 minute' + s * interval '1 second' END
               AS fire_time
    FROM own
)
UPDATE schedules_nextfire AS next_fire
SET type = spelt.type, expression = spelt.expression, fire_time = spelt.fire_time
FROM spelt WHERE spelt.id = next_fire.schedule_id
"""
_TO_SCHEDULES = """
UPDATE schedules_schedule AS schedule SET type = next_fire.type, expression = next_fire.expression
FROM schedules_nextfire AS next_fire WHERE next_fire.schedule_id = schedule.id
"""


def run(servers: Servers, rounds: int, *, is_quick: bool) -> Report:
    """Each page, for somebody who sees everything and for a viewer; each over HTTP."""
    schedules, runs = (10_000, 100_000) if is_quick else (1_000_000, 5_000_000)
    report = Report("console", ("page", "who", "queries", "median, ms", "range"), measuring.machine())
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
    agent = metrics.make(servers, schedules, runs)
    with connection.cursor() as cursor:
        for statement in (_TO_NEXT_FIRES, _TO_SCHEDULES, "VACUUM ANALYZE"):
            cursor.execute(statement)
    worked_out = Series([_milliseconds(_work_out) for _ in range(rounds)])
    report.row("the coming week, worked out by a beat", "–", "–", worked_out.median, worked_out.spread)
    for name, part in _parts(agent).items():
        series = Series([_milliseconds(part) for _ in range(rounds)])
        report.row(name, "all", "–", series.median, series.spread)
    people = {"superuser": User.objects.create_superuser("bench"), "viewer": _viewer(agent)}
    with web(servers.folder) as url:
        asked = {
            f"{who} {path}": partial(_ask, url, path, _session(user))
            for path in _paths(agent)
            for who, user in people.items()
        }
        for name, series in measuring.interleaved(asked, rounds).items():
            who, _, path = name.partition(" ")
            report.row(path[:60], who, _query_count(path, people[who]), series.median, series.spread)
    report.note(
        f"{schedules:,} schedules, {runs:,} runs of {metrics.AGENTS} agents; each the mean of {REQUESTS}."
    )
    return report


def _parts(agent: Agent) -> dict[str, Callable[[], object]]:
    """What the front page and the list of agents ask, each alone."""
    everywhere, now = Reach(), database_now()
    fifty = list(Agent.objects.filter(workspace=agent.workspace_id).values_list("pk", flat=True)[:50])
    return {
        "failures of a day": lambda: recent.failures(everywhere, now),
        "the past week": lambda: past_hours.past_week(everywhere, now),
        "the coming week, read": lambda: coming_week.coming_week(everywhere),
        "the next twenty": lambda: next_up.next_fires(everywhere, now),
        "running now": lambda: next_up.running_now(everywhere),
        "health of fifty agents": lambda: agent_health.health_of(fifty, now),
    }


def _paths(agent: Agent) -> list[str]:
    tomorrow = (database_now() + timedelta(days=1)).replace(hour=9, minute=0, second=0, microsecond=0)
    second = urlencode({"from": rfc3339(tomorrow)})
    hour = urlencode({"from": rfc3339(tomorrow), "to": rfc3339(tomorrow + timedelta(hours=1))})
    lists = "/console/schedules"
    return [
        "/console/",
        "/console/pulse/",
        f"/console/fires/?{second}",
        f"/console/fires/?{hour}",
        f"{lists}/schedule/",
        f"{lists}/run/",
        f"{lists}/run/?state__exact=failed&made=24h&agent={agent.id}&reason=agent_http_error",
        f"{lists}/run/bulk-retry/?state__exact=failed&made=24h&agent={agent.id}&reason=agent_http_error",
        f"{lists}/schedule/bulk-pause/?agent={agent.id}",
        f"{lists}/agent/",
        "/console/waiting/",
        *_lists_and_rows(lists),
    ]


def _lists_and_rows(lists: str) -> list[str]:
    """The list of schedules sorted, filtered and searched, and the pages of a schedule and of a run."""
    last = Run.objects.order_by("-pk")[0]
    failed = Run.objects.filter(state="failed").order_by("-pk").first() or last  # a short history has none
    page, at = f"{lists}/schedule/{last.schedule_id}/change/", last.due_at
    return [
        *(
            f"{lists}/schedule/?{asked}"
            for asked in ("o=4", "o=-4", f"after={_deep()}", "activity=paused", "q=nothing")
        ),
        *(f"{lists}/run/?{asked}" for asked in ("q=agent_http_error", f"schedule={last.schedule_id}")),
        page,
        f"{page}?day={at:%Y-%m-%d}&at={at:%Y-%m-%dT%H:%M:%S}",
        f"{lists}/run/{failed.pk}/change/",
        f"{lists}/run/{failed.pk}/live/",
    ]


def _deep() -> str:
    """A schedule in the middle of all: half a million rows lie before its page."""
    return population.schedule_id(Schedule.objects.count() // 2)


def _viewer(agent: Agent) -> User:
    viewer = User.objects.create_user("viewer", is_staff=True)
    access.give(viewer, agent.workspace, Role.OPERATOR, signature="bench")
    return viewer


def _session(user: User) -> str:
    store = import_module(settings.SESSION_ENGINE).SessionStore()
    store[SESSION_KEY], store[HASH_SESSION_KEY] = str(user.pk), user.get_session_auth_hash()
    store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    store.create()
    return str(store.session_key)


def _ask(url: str, path: str, session: str) -> float:
    with httpx2.Client(
        base_url=url, trust_env=False, cookies={settings.SESSION_COOKIE_NAME: session}
    ) as http:
        http.get(path).raise_for_status()
        began = time.perf_counter()
        for _ in range(REQUESTS):
            assert http.get(path).raise_for_status().status_code in (200, 286)  # htmx: ask no more
        return (time.perf_counter() - began) * 1000 / REQUESTS


def _query_count(path: str, user: User) -> int:
    client = Client(HTTP_HOST="localhost")
    client.force_login(user)
    client.get(path)
    with CaptureQueriesContext(connection) as queries:
        client.get(path)
    return len(queries)


def _milliseconds(part: Callable[[], object]) -> float:
    began = time.perf_counter()
    part()
    return (time.perf_counter() - began) * 1000


def _work_out() -> None:
    coming_load.refresh(database_now(), timedelta(0))
