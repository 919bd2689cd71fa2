"""The page of a run: from its instant to its end, live until then; whose work it repeats, and what may be done."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from schedules.database.clock import database_now
from schedules.models import Role, Run, RunState, TriggerKind
from schedules.runs import claiming, finishing
from schedules.runs.claimed import Claimed
from schedules.triggering import run_now
from tests.console.browser import forms_to, messages_of, text_of
from tests.console.conftest import MakePerson
from tests.factories import make_agent, make_run, make_schedule
from workers.runtimes.base import CallFailed

pytestmark = pytest.mark.django_db

LEASE = timedelta(seconds=15)
MOST_QUERIES = 15


def page_of(client: Client, run: Run) -> Any:
    """The run's page."""
    return client.get(reverse("admin:schedules_run_change", args=(run.pk,)))


def live(client: Client, run: Run, etag: str = "") -> Any:
    """What its open page asks for."""
    address = reverse("admin:schedules_run_live", args=(run.pk,))
    return client.get(address, headers={"If-None-Match": etag} if etag else {})


def offered(response: Any) -> set[str]:
    """The verbs that can be pressed."""
    return {action.rstrip("/").rsplit("/", 1)[1] for action in forms_to(response) if "/do/" in action}


def bars(response: Any) -> list[tuple[str, str]]:
    """The phases of the timeline: name and kind."""
    [state] = [each for each in response.context["islands"] if each.name == "run_state"]
    return [(bar["name"], bar["kind"]) for bar in state.context["bars"]]


def claimed(run: Run, attempt_of: str = "worker-a") -> Claimed:
    """The run in a worker's hands."""
    run.refresh_from_db()
    owned = claiming.claim(run.id, run.generation, attempt_of, max(run.not_before, database_now()), LEASE)
    assert isinstance(owned, Claimed), owned
    return owned


def test_run_now_lands_on_the_new_run_which_can_be_undone(operator: Client) -> None:
    schedule = make_schedule(now=database_now())
    press = reverse("admin:schedules_schedule_do", args=(schedule.pk, "run-now"))

    landed = operator.post(press, follow=True)

    run = Run.objects.get()
    assert landed.redirect_chain[-1][0] == reverse("admin:schedules_run_change", args=(run.pk,))
    assert "Undo" in text_of(landed)
    assert f'data-countdown="{run.not_before:%Y-%m-%dT%H:%M:%S}' in text_of(landed)

    [undo] = [action for action in forms_to(landed) if action.endswith("/do/cancel/")]
    undone = operator.post(undo, follow=True)

    run.refresh_from_db()
    assert run.state == RunState.CANCELLED
    assert "Undo" not in text_of(undone)


def test_run_again_lands_on_the_new_run_and_both_say_so(operator: Client) -> None:
    failed = make_run(make_schedule(now=database_now()), state=RunState.FAILED)

    landed = operator.post(reverse("admin:schedules_run_do", args=(failed.pk, "retry")), follow=True)

    again = Run.objects.exclude(pk=failed.pk).get()
    assert landed.redirect_chain[-1][0] == reverse("admin:schedules_run_change", args=(again.pk,))
    assert messages_of(landed) == ["1 run will run again in 10 s"]
    assert re.search(rf"Run again of</dt><dd><a [^>]*>{failed.pk}<", text_of(landed))
    marked = page_of(operator, failed)
    assert "Run again as" in text_of(marked)
    assert again.pk in text_of(marked)
    assert offered(marked) == set()


def test_what_was_run_again_and_failed_again_is_run_again_from_there(operator: Client) -> None:
    failed = make_run(make_schedule(now=database_now()), state=RunState.FAILED)
    again = run_now.run_again(failed.pk, database_now())
    finishing.fail(claimed(again), CallFailed("agent_http_error", "HTTP 404"), database_now())

    assert offered(page_of(operator, failed)) == set()
    assert offered(page_of(operator, Run.objects.get(pk=again.pk))) == {"retry"}


def test_the_timeline_goes_from_the_instant_over_each_attempt_to_the_end(operator: Client) -> None:
    now = database_now()
    run = make_run(
        make_schedule(),
        trigger=TriggerKind.CADENCE,
        fire_time=now - timedelta(minutes=2),
        created_at=now - timedelta(minutes=1),
        max_attempts=2,
    )
    finishing.fail(
        claimed(run), CallFailed("agent_http_error", "HTTP 503", is_retryable=True), database_now()
    )
    assert bars(page_of(operator, run))[-1] == ("Waiting for attempt 2", "pending")
    Run.objects.update(not_before=now)
    second = claimed(run, "worker-b")
    assert bars(page_of(operator, run))[-1] == ("Attempt 2 on worker-b", "running")
    finishing.succeed(run.pk, second.attempt, database_now(), output_text="Done")

    response = page_of(operator, run)

    assert bars(response) == [
        ("Fire time, until a beat fired and sent it", "wait"),
        ("Waiting for a worker", "wait"),
        ("Attempt 1 on worker-a", "failed"),
        ("Waiting for attempt 2", "wait"),
        ("Attempt 2 on worker-b", "succeeded"),
    ]
    assert "1 min" in text_of(response)


@pytest.mark.parametrize("state", [RunState.CANCELLED, RunState.DISCARDED])
def test_a_run_that_never_began_ends_in_its_wait(operator: Client, state: RunState) -> None:
    now = database_now()
    run = make_run(make_schedule(), state=state, created_at=now, finished_at=now + timedelta(minutes=1))

    assert bars(page_of(operator, run)) == [
        ("Asked for, until it was due", "wait"),
        ("Waiting for a worker", state),
    ]


def test_an_open_page_is_told_of_a_change_and_of_nothing_else(operator: Client) -> None:
    run = make_run(make_schedule())
    first = live(operator, run)
    etag = first.headers["ETag"]

    assert first.status_code == 200
    assert live(operator, run, etag).status_code == 304
    owned = claimed(run)
    running = live(operator, run, etag)
    assert running.status_code == 200
    assert "running" in text_of(running)
    assert live(operator, run, running.headers["ETag"]).status_code == 304
    finishing.succeed(run.pk, owned.attempt, database_now(), output_text="Good morning")

    ended = live(operator, run, running.headers["ETag"])

    assert ended.status_code == 286  # htmx asks no more
    assert "Good morning" in text_of(ended)
    assert page_of(operator, run).context["live_url"] == ""


def test_an_ended_run_shows_usage_tokens_and_cost(operator: Client) -> None:
    counted = {"input_tokens": 1200, "output_tokens": 34, "cost": 4_700_000}
    priced = make_run(make_schedule(), state=RunState.SUCCEEDED, usage={"total_tokens": 1234}, **counted)
    unknown = make_run(make_schedule(), state=RunState.SUCCEEDED, input_tokens=1)

    assert "1,200 in, 34 out" in text_of(page_of(operator, priced))
    assert "$0.004700" in text_of(page_of(operator, priced))
    assert "no price for this model" in text_of(page_of(operator, unknown))


def test_earlier_and_later_runs_of_the_schedule_are_a_step_away(operator: Client) -> None:
    schedule, other = make_schedule(), make_schedule()
    first, second, third = (make_run(schedule, state=RunState.SUCCEEDED) for _ in range(3))
    make_run(other)

    [links] = [each for each in page_of(operator, second).context["islands"] if each.name == "run_links"]

    assert first.pk in links.context["earlier"]
    assert third.pk in links.context["later"]
    [links] = [each for each in page_of(operator, third).context["islands"] if each.name == "run_links"]
    assert links.context["later"] == ""


def test_whoever_may_not_act_sees_no_button_and_strangers_see_nothing(person: MakePerson) -> None:
    own, foreign = make_schedule(make_agent()), make_schedule(make_agent())
    run, elsewhere = make_run(own), make_run(foreign)
    viewer = person(Role.VIEWER, own.workspace)

    assert offered(page_of(viewer, run)) == set()
    assert live(viewer, run).status_code == 200
    assert offered(live(viewer, run)) == set()
    assert live(viewer, elsewhere).status_code == 404
    assert live(Client(), run).status_code == 302


def test_a_page_asks_few_questions(operator: Client) -> None:
    schedule = make_schedule(now=database_now())
    failed = make_run(schedule, state=RunState.FAILED)
    again = run_now.run_again(failed.pk, database_now())
    claimed(again)
    page_of(operator, again)

    for run in (failed, again):
        with CaptureQueriesContext(connection) as queries:
            page_of(operator, run)
        assert len(queries) <= MOST_QUERIES, ["\n" + query["sql"][:200] for query in queries]
