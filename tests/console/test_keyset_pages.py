"""Long lists: a page begins where another one ended, and nothing is lost or shown twice when rows come and go."""

import re
from itertools import chain
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from schedules.admin import bounded_paginator
from schedules.admin.base import ConsoleAdmin
from schedules.database.clock import database_now
from schedules.database.ulids import new_ulid
from schedules.models import MissedFiring, Role, Run, RunState
from tests.console.browser import text_of
from tests.console.conftest import MakePerson
from tests.factories import make_run, make_schedule

pytestmark = pytest.mark.django_db

RUNS = reverse("admin:schedules_run_changelist")
MISSED = reverse("admin:schedules_missedfiring_changelist")


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ConsoleAdmin, "list_per_page", 3)


def make_runs(count: int, **fields: Any) -> list[str]:
    """Ids of so many runs, the newest first."""
    schedule = make_schedule()
    made = [make_run(schedule, id=f"{number:026d}", **fields).pk for number in range(count)]
    return made[::-1]


def leaf(client: Client, path: str, rel: str) -> list[list[Any]]:
    """The ids of each page from this one on, as long as there is such a link."""
    pages = []
    while True:
        response = client.get(path)
        pages.append([row.pk for row in response.context["cl"].result_list])
        found = re.search(rf'href="([^"]+)" rel="{rel}"', text_of(response))
        if found is None:
            return pages
        path = RUNS + found[1].replace("&amp;", "&")


def test_older_leads_through_all_rows_and_newer_back(operator: Client) -> None:
    ids = make_runs(8)

    pages = leaf(operator, RUNS, "next")
    back = leaf(operator, f"{RUNS}?after={ids[5]}", "prev")

    assert pages == [ids[:3], ids[3:6], ids[6:]]
    assert back == [ids[6:], ids[3:6], ids[:3]]


def test_what_comes_meanwhile_shifts_no_page(operator: Client) -> None:
    ids = make_runs(6)

    make_run(make_schedule(), id=new_ulid())

    assert leaf(operator, f"{RUNS}?after={ids[2]}", "next") == [ids[3:]]


def test_the_filter_stays_while_one_leafs(operator: Client) -> None:
    failed = make_runs(4, state=RunState.FAILED)
    make_run(make_schedule())

    assert leaf(operator, f"{RUNS}?state__exact=failed", "next") == [failed[:3], failed[3:]]
    shown = text_of(operator.get(f"{RUNS}?state__exact=failed&after={failed[2]}"))
    assert "after=" not in shown.partition('id="changelist-filter"')[2]


@pytest.mark.parametrize("position", ["nonsense", "\0", "1", ""])
def test_a_position_that_is_none_is_the_beginning(operator: Client, position: str) -> None:
    ids = make_runs(4)

    found = operator.get(RUNS, {"after": position}).context["cl"].result_list

    assert [run.pk for run in found] == ids[:3]


def test_rows_with_numbers_for_ids_are_leafed_through_too(operator: Client) -> None:
    schedule, now = make_schedule(), database_now()
    for number in range(4):
        MissedFiring.objects.create(
            schedule=schedule,
            generation=number + 1,
            first_fire_time=now,
            last_fire_time=now,
            count=1,
            reason="coalesced",
        )
    newest = list(MissedFiring.objects.order_by("-pk").values_list("pk", flat=True))

    def found(**query: str) -> list[int]:
        return [row.pk for row in operator.get(MISSED, query).context["cl"].result_list]

    assert found() == newest[:3]
    assert found(after=str(newest[2])) == newest[3:]
    assert found(before=str(newest[3])) == newest[:3]
    assert found(after="9" * 30) == newest[:3]


def test_of_more_rows_than_are_counted_the_last_is_reached(
    operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded_paginator, "COUNTED_ROWS", 4)
    ids = make_runs(9)

    with CaptureQueriesContext(connection) as queries:
        pages = leaf(operator, RUNS, "next")

    assert [*chain(*pages)] == ids
    assert not [query["sql"] for query in queries if "OFFSET" in query["sql"]]


def test_all_there_are_are_estimated_for_who_may_see_all(
    operator: Client, person: MakePerson, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded_paginator, "COUNTED_ROWS", 4)
    make_runs(9)
    workspace = Run.objects.all()[0].schedule.workspace
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE schedules_run")

    everything, filtered = text_of(operator.get(RUNS)), text_of(operator.get(f"{RUNS}?state__exact=pending"))
    viewer = text_of(person(Role.VIEWER, workspace).get(RUNS))

    assert ("about 9 runs" if connection.vendor == "postgresql" else "more than 4 runs") in everything
    assert "more than 4 runs" in filtered
    assert "more than 4 runs" in viewer


def test_an_empty_list_says_what_is_true(operator: Client) -> None:
    assert "Nothing was missed in the last 30 days." in text_of(operator.get(MISSED))
    assert "There are no runs yet." in text_of(operator.get(RUNS))
    narrowed = text_of(operator.get(f"{RUNS}?state__exact=failed"))
    assert "No run is found by this search and these filters." in narrowed
