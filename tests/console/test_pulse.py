"""What an open front page asks for: its islands, or that nothing has changed; and the page of what fires when."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from schedules.database.clock import database_now
from schedules.models import Role, Schedule
from schedules.overview import coming_load
from tests.console.browser import island_of, text_of
from tests.console.conftest import MakePerson
from tests.factories import make_agent, make_schedule, make_workspace

pytestmark = pytest.mark.django_db

INDEX = reverse("admin:index")
PULSE = reverse("pulse")
FIRES = reverse("fires")


def tomorrow_at(hour: int) -> datetime:
    return (database_now() + timedelta(days=1)).replace(hour=hour, minute=0, second=0, microsecond=0)


def make_herd(count: int, expression: str = "0 0 9 * * *") -> list[Schedule]:
    agent = make_agent(make_workspace(f"of {expression}"))
    return [make_schedule(agent, now=database_now(), expression=expression) for _ in range(count)]


def test_the_islands_come_with_what_tells_whether_they_have_changed(operator: Client) -> None:
    first = operator.get(PULSE)
    same = operator.get(PULSE, headers={"If-None-Match": first["ETag"]})
    make_herd(1)
    changed = operator.get(PULSE, headers={"If-None-Match": first["ETag"]})

    assert first.status_code == 200
    assert 'id="island-verdict"' in text_of(first)
    assert (same.status_code, same.content, same["ETag"]) == (304, b"", first["ETag"])
    assert changed.status_code == 200
    assert "no-cache" in first["Cache-Control"]


def test_the_islands_are_those_of_the_page(operator: Client) -> None:
    page = operator.get(INDEX)
    names = [island.name for island in page.context["islands"]]

    shown = text_of(operator.get(PULSE))

    assert all(f'id="island-{name}"' in shown for name in names)
    assert {"verdict", "health", "incidents", "failing", "hours", "coming", "next", "running"} == set(names)


@pytest.mark.parametrize("path", [PULSE, FIRES])
def test_nobody_who_has_not_signed_in_is_told_anything(client: Client, path: str) -> None:
    assert client.get(path).status_code == 302


def test_a_herd_is_marked_and_leads_to_its_schedules(operator: Client) -> None:
    herd = make_herd(coming_load.HERD)
    make_herd(1, "30 0 9 * * *")
    coming_load.refresh(database_now())

    coming = island_of(operator.get(INDEX), "coming")["coming"]
    at_nine = next(herd for herd in coming.herds if herd.day.startswith(f"{tomorrow_at(9):%a}"))
    page = operator.get(at_nine.href)

    assert at_nine.words == f"{coming_load.HERD} at 09:00:00"
    shown = text_of(page)
    assert "at 09:00:00 UTC, every day" in shown
    assert "09:00:30" not in shown
    assert {row["href"] for row in page.context["schedules"]} == {
        reverse("admin:schedules_schedule_change", args=(schedule.pk,)) for schedule in herd
    }


def test_an_hour_shows_all_that_fires_in_it(operator: Client) -> None:
    make_herd(1)
    make_herd(1, "30 0 9 * * *")
    make_herd(1, "0 0 10 * * *")
    coming_load.refresh(database_now())

    at = tomorrow_at(9)
    page = operator.get(FIRES, {"from": f"{at:%Y-%m-%dT%H:%M:%SZ}", "to": f"{at:%Y-%m-%dT}10:00:00Z"})

    assert page.context["total"] == 2
    assert len(page.context["schedules"]) == 2


@pytest.mark.parametrize(
    "span", [{}, {"from": "soon"}, {"from": "2026-06-01T09:00:00Z", "to": "2026-06-01T08:00:00Z"}]
)
def test_a_span_that_is_none_is_refused(operator: Client, span: dict[str, str]) -> None:
    assert operator.get(FIRES, span).status_code == 400


def test_a_person_sees_the_week_of_their_workspaces(person: MakePerson) -> None:
    mine = make_herd(coming_load.HERD)[0].workspace
    make_herd(coming_load.HERD + 5, "0 0 9 * * 0-6")
    coming_load.refresh(database_now())
    viewer = person(Role.VIEWER, mine)

    coming = island_of(viewer.get(INDEX), "coming")["coming"]
    page = viewer.get(FIRES, {"from": f"{tomorrow_at(9):%Y-%m-%dT%H:%M:%SZ}"})

    assert {herd.words for herd in coming.herds} == {f"{coming_load.HERD} at 09:00:00"}
    assert len(page.context["schedules"]) == coming_load.HERD
    assert {row["schedule"].workspace_id for row in page.context["schedules"]} == {mine.pk}


def test_an_empty_console_says_what_is_true(operator: Client) -> None:
    shown = text_of(operator.get(INDEX))

    assert "No schedule is active: nothing will fire." in shown
    assert "none has yet" in shown
    assert "No run is at work." in shown


def test_instants_are_told_in_utc(operator: Client) -> None:
    make_herd(1)

    shown = text_of(operator.get(INDEX))

    next_at = Schedule.objects.get().next_fire_at
    assert next_at is not None
    assert f"{next_at.astimezone(UTC):%Y-%m-%d} 09:00:00 UTC" in shown
