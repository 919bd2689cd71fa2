"""One verb for all that a filter finds: counted first, confirmed, done as far as time allows, reported."""

from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.urls import reverse

from schedules.admin import bulk
from schedules.database.clock import database_now
from schedules.models import Agent, Role, Run, RunState, Schedule
from tests.console.browser import messages_of, text_of
from tests.console.conftest import MakePerson
from tests.factories import make_agent, make_run, make_schedule, make_workspace

pytestmark = pytest.mark.django_db

RUNS = reverse("admin:schedules_run_changelist")
AGAIN = reverse("admin:schedules_run_bulk", args=("retry",))
PAUSE = reverse("admin:schedules_schedule_bulk", args=("pause",))
RESUME = reverse("admin:schedules_schedule_bulk", args=("resume",))
FAILED = {"state__exact": "failed", "reason": "agent_timeout"}


def asked(page: str, **filters: str) -> str:
    return f"{page}?{urlencode(filters)}"


def make_failed(agent: Agent, count: int, **fields: Any) -> list[Run]:
    values = {"state": RunState.FAILED, "reason": "agent_timeout", "finished_at": database_now()} | fields
    return [make_run(make_schedule(agent, now=database_now()), **values) for _ in range(count)]


def test_a_filtered_list_leads_to_what_may_be_done_with_all_of_it(operator: Client) -> None:
    make_failed(make_agent(), 1)

    filtered, whole = text_of(operator.get(asked(RUNS, **FAILED))), text_of(operator.get(RUNS))

    assert f'href="{asked(AGAIN, **FAILED)}"'.replace("&", "&amp;") in filtered
    assert AGAIN not in whole


def test_the_page_counts_and_does_nothing_yet(operator: Client) -> None:
    make_failed(make_agent(), 60)

    shown = text_of(operator.get(asked(AGAIN, **FAILED)))

    assert "60 runs" in shown
    assert "agent timeout" in shown
    assert Run.objects.count() == 60


def test_confirmed_all_of_them_run_again_beyond_one_page(operator: Client) -> None:
    make_failed(make_agent(), 60)
    make_failed(make_agent(key="other"), 1, reason="agent_http_error")

    response = operator.post(asked(AGAIN, **FAILED), {"note": "the vendor is back"}, follow=True)

    assert messages_of(response) == ["60 runs will run again in 10 s"]
    assert Run.objects.exclude(again_of="").count() == 60
    assert response.redirect_chain == [(asked(RUNS, **FAILED), 302)]


def test_confirmed_twice_nothing_runs_a_third_time(operator: Client) -> None:
    make_failed(make_agent(), 3)
    operator.post(asked(AGAIN, **FAILED))
    Run.objects.exclude(again_of="").update(state=RunState.CANCELLED)

    shown = text_of(operator.get(asked(AGAIN, **FAILED)))
    operator.post(asked(AGAIN, **FAILED))

    assert "0 runs" in shown
    assert Run.objects.exclude(again_of="").count() == 3


def test_what_no_longer_fits_is_skipped_and_said(operator: Client) -> None:
    fine, gone = make_failed(make_agent(), 2)
    Schedule.objects.filter(pk=gone.schedule_id).update(is_active=False)

    response = operator.post(asked(AGAIN, **FAILED), follow=True)

    assert messages_of(response) == ["1 run will run again in 10 s", "1 skipped: schedule inactive"]
    assert Run.objects.get(again_of=fine.pk)


def test_without_a_filter_nothing_is_found_nor_done(operator: Client) -> None:
    make_failed(make_agent(), 2)

    assert "0 runs" in text_of(operator.get(AGAIN))
    operator.post(AGAIN)

    assert Run.objects.count() == 2


def test_a_pause_of_many_keeps_its_note_and_its_end(operator: Client) -> None:
    agent = make_agent()
    mine, other = make_schedule(agent, now=database_now()), make_schedule(make_agent(key="other"))
    until = f"{database_now().year + 1}-01-04T08:00"

    response = operator.post(
        asked(PAUSE, agent=agent.pk), {"note": "moving house", "until": until}, follow=True
    )

    assert messages_of(response) == ["1 schedule paused"]
    mine.refresh_from_db()
    other.refresh_from_db()
    assert (mine.is_active, mine.pause_note, other.is_active) == (False, "moving house", True)
    assert mine.paused_until is not None
    assert f"{mine.paused_until:%m-%dT%H:%M}" == "01-04T08:00"

    operator.post(asked(RESUME, agent=agent.pk))

    mine.refresh_from_db()
    assert mine.is_active


def test_what_time_did_not_allow_is_offered_again(operator: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "SECONDS", -1.0)
    monkeypatch.setattr(bulk, "CHUNK", 1)
    make_failed(make_agent(), 2)

    response = operator.post(asked(AGAIN, **FAILED), follow=True)

    assert response.redirect_chain == [(asked(AGAIN, **FAILED), 302)]
    assert "2 runs" in text_of(response)


def test_a_person_acts_on_what_is_theirs(person: MakePerson) -> None:
    workspace = make_workspace()
    [mine] = make_failed(make_agent(workspace), 1)
    [foreign] = make_failed(make_agent(make_workspace("other"), "x"), 1)

    person(Role.OPERATOR, workspace).post(asked(AGAIN, **FAILED))

    assert list(Run.objects.exclude(again_of="").values_list("again_of", flat=True)) == [mine.pk]
    assert foreign.pk != mine.pk


def test_who_may_only_look_is_refused(person: MakePerson) -> None:
    workspace = make_workspace()
    make_failed(make_agent(workspace), 1)
    viewer = person(Role.VIEWER, workspace)

    assert viewer.get(asked(AGAIN, **FAILED)).status_code == 403
    assert viewer.post(asked(AGAIN, **FAILED)).status_code == 403
    assert AGAIN not in text_of(viewer.get(asked(RUNS, **FAILED)))


def test_a_verb_that_is_none_is_not_found(operator: Client) -> None:
    assert operator.get(AGAIN.replace("retry", "explode")).status_code == 404
