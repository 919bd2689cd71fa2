"""Runs: a history to read, fast however long it is, with cancel and retry."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import Settings

from schedules import editing, lengths
from schedules.admin import bounded_paginator
from schedules.database.clock import database_now
from schedules.database.ulids import lowest_ulid_at
from schedules.models import DiscardReason, Run, RunState, Schedule, TriggerKind
from schedules.runs import claiming, finishing
from schedules.runs.claimed import Claimed
from schedules.runs.reasons import REASONS
from tests.console.browser import forms_to, messages_of, text_of
from tests.factories import NOON, make_agent, make_due_schedule, make_run, make_schedule
from tests.firing import fire
from workers.runtimes.base import CallFailed

pytestmark = pytest.mark.django_db

LIST = reverse("admin:schedules_run_changelist")
MOST_QUERIES = 10
LEASE = timedelta(seconds=15)


def page_of(run: Run) -> str:
    """The run's page."""
    return reverse("admin:schedules_run_change", args=(run.pk,))


def press(client: Client, run: Run, verb: str) -> Any:
    """The page after one of its buttons was pressed."""
    return client.post(reverse("admin:schedules_run_do", args=(run.pk, verb)), follow=True)


def choose(client: Client, verb: str, *runs: Run) -> Any:
    """The list after an action was run on some of its rows."""
    form = {"action": verb, "_selected_action": [run.pk for run in runs]}
    return client.post(LIST, form, follow=True)


def listed(client: Client, **query: str) -> set[str]:
    """The ids of the listed runs."""
    return {run.id for run in client.get(LIST, query).context["cl"].result_list}


def running(schedule: Schedule, **fields: Any) -> Run:
    """A run some worker is at."""
    lease = database_now() + timedelta(seconds=15)
    return make_run(schedule, state=RunState.RUNNING, lease_expires_at=lease, **fields)


def test_a_row_says_how_it_went(operator: Client) -> None:
    due_at = database_now() - timedelta(hours=2)
    make_run(
        make_schedule(display_name="Digest"),
        trigger=TriggerKind.CADENCE,
        fire_time=due_at,
        is_misfire=True,
        state=RunState.FAILED,
        reason="agent_error",
        attempt=2,
        max_attempts=5,
        started_at=due_at + timedelta(seconds=90),
        finished_at=due_at + timedelta(seconds=102, milliseconds=300),
        error_code="agent_error",
        error_message="HTTP 500",
    )

    shown = text_of(operator.get(LIST))

    for text in (
        "failed",
        "agent error",
        "HTTP 500",
        "Digest",
        "cadence",
        "1 min 30 s",
        "misfire",
        "2 of 5",
        "12.3 s",
    ):
        assert text in shown
    assert f"{due_at:%Y-%m-%d %H:%M:%S} UTC" in shown


def test_a_run_that_has_not_started_claims_no_attempt_and_no_duration(operator: Client) -> None:
    make_run(make_schedule())

    shown = text_of(operator.get(LIST))

    assert ">1 of 1<" not in shown
    assert "0 ms" not in shown


def test_filters_narrow_the_list(operator: Client) -> None:
    one, two = make_schedule(make_agent(key="one")), make_schedule(make_agent(key="two"))
    failed = make_run(one, state=RunState.FAILED, reason="agent_error")
    stale = make_run(one, state=RunState.DISCARDED, reason=DiscardReason.STALE_GENERATION)
    fired = make_run(two, trigger=TriggerKind.CADENCE, fire_time=database_now())

    assert listed(operator, state__exact="failed") == {failed.id}
    assert listed(operator, reason="stale_generation") == {stale.id}
    assert listed(operator, reason="agent_error") == {failed.id}
    assert listed(operator, trigger__exact="cadence") == {fired.id}
    assert listed(operator, workspace=str(two.workspace_id)) == {fired.id}
    assert listed(operator, agent=two.agent_id) == {fired.id}
    assert listed(operator, schedule=one.id) == {failed.id, stale.id}
    assert listed(operator, agent="\0", schedule="\0", reason="\0") == {failed.id, stale.id, fired.id}


def test_the_time_filter_goes_by_the_id(operator: Client) -> None:
    schedule, now = make_schedule(), database_now()
    ages = {"1h": timedelta(minutes=30), "24h": timedelta(hours=23), "older": timedelta(days=8)}
    made = {name: lowest_ulid_at(now - age) for name, age in ages.items()}
    for run_id in made.values():
        make_run(schedule, id=run_id)

    assert listed(operator, made="1h") == {made["1h"]}
    assert listed(operator, made="24h") == {made["1h"], made["24h"]}
    assert listed(operator, made="7d") == {made["1h"], made["24h"]}
    assert listed(operator, made="30d") == set(made.values())
    assert listed(operator, made="older") == {made["older"]}
    assert listed(operator, made="nonsense") == set(made.values())


def test_search_finds_by_run_schedule_and_agent(operator: Client) -> None:
    one, two = make_schedule(make_agent(key="one")), make_schedule(make_agent(key="two"))
    first, second, other = make_run(one), make_run(one), make_run(two)

    assert listed(operator, q=first.id) == {first.id}
    assert listed(operator, q=f" {one.id.lower()} ") == {first.id, second.id}
    assert listed(operator, q="two") == {other.id}
    failed = make_run(two, state=RunState.FAILED, reason="agent_http_error")
    named = make_run(make_schedule(display_name="Morning digest"))
    assert listed(operator, q="agent_http_error") == {failed.id}
    assert listed(operator, q="morning") == {named.id}
    assert listed(operator, q="nothing") == set()


def test_a_run_links_to_its_schedule_and_the_schedule_to_its_runs(operator: Client) -> None:
    run = make_run(make_schedule())
    schedule_page = reverse("admin:schedules_schedule_change", args=(run.schedule_id,))

    assert schedule_page in text_of(operator.get(page_of(run)))
    assert schedule_page in text_of(operator.get(LIST))
    shown = text_of(operator.get(schedule_page))
    assert page_of(run) in shown
    assert f"{LIST}?schedule={run.schedule_id}" in shown


def test_a_page_shows_what_was_sent_and_what_came_back(operator: Client) -> None:
    schedule = make_schedule(payload={"input": "Hi", "variables": {"k": {"secret": True, "value": "s3cr3t"}}})
    run = make_run(
        schedule,
        state=RunState.SUCCEEDED,
        payload=schedule.payload,
        output_text="Good morning",
        output=[{"type": "message"}],
        usage={"total_tokens": 4711},
        response_id="resp_1",
        trace_id="0af7651916cd43dd8448eb211c80319c",
    )

    shown = text_of(operator.get(page_of(run)))

    for text in ("Good morning", "4711", "resp_1", run.trace_id, run.id, "********", "&quot;Hi&quot;"):
        assert text in shown
    assert "s3cr3t" not in shown
    assert "gAAAA" not in shown


def test_a_trace_leads_to_where_traces_are_looked_at(operator: Client, settings: Settings) -> None:
    run = make_run(make_schedule())
    Run.objects.update(trace_id="0af7651916cd43dd8448eb211c80319c")
    page = reverse("admin:schedules_run_change", args=(run.pk,))
    assert "traces.example" not in operator.get(page).content.decode()
    settings.ORQ = settings.ORQ.model_copy(update={"trace_url": "https://traces.example/{trace_id}"})

    shown = operator.get(page).content.decode()

    assert 'href="https://traces.example/0af7651916cd43dd8448eb211c80319c"' in shown


def test_a_page_shows_what_was_really_sent(operator: Client) -> None:
    secret = {"secret": True, "value": "s3cr3t"}
    payload = {"input": "For {{region}} with {{token}}", "variables": {"region": "EMEA", "token": secret}}
    run = make_run(make_schedule(payload=payload))
    Run.objects.update(payload=run.schedule.payload)

    shown = text_of(operator.get(page_of(run)))

    assert "For EMEA with {{token}}" in shown
    assert "s3cr3t" not in shown


def test_a_page_shows_each_attempt(operator: Client) -> None:
    run = make_run(make_schedule())
    first = claiming.claim(run.id, 1, "worker-a", NOON, LEASE)
    assert isinstance(first, Claimed)
    finishing.fail(first, CallFailed("agent_http_error", "HTTP <503>", is_retryable=True), NOON)
    Run.objects.update(not_before=NOON)
    second = claiming.claim(run.id, 1, "worker-b", NOON, LEASE)
    assert isinstance(second, Claimed)

    finishing.succeed(run.id, 2, NOON, response_id="resp_2")

    shown = text_of(operator.get(page_of(run)))
    for text in ("worker-a", "worker-b", "agent_http_error", "HTTP &lt;503&gt;", "resp_2", "succeeded"):
        assert text in shown


def test_a_very_long_output_is_cut_and_says_so(operator: Client) -> None:
    run = make_run(make_schedule(), state=RunState.SUCCEEDED, output_text="x" * 1_000_000)

    response = operator.get(page_of(run))

    assert "(1,000,000 characters in all)" in text_of(response)
    assert len(response.content) < 200_000


def make_many(schedule: Schedule, count: int) -> None:
    """Ended runs."""
    now = database_now()
    Run.objects.bulk_create(
        Run(
            schedule=schedule,
            generation=1,
            trigger=TriggerKind.MANUAL,
            not_before=now,
            redispatch_at=now,
            state=RunState.SUCCEEDED,
            started_at=now,
            finished_at=now,
        )
        for _ in range(count)
    )


def test_the_list_costs_the_same_for_two_rows_and_for_fifty(operator: Client) -> None:
    make_many(make_schedule(make_agent(key="one")), 2)
    operator.get(LIST)
    with CaptureQueriesContext(connection) as few:
        operator.get(LIST)
    few_queries = len(few)
    for number in range(24):
        make_many(make_schedule(make_agent(key=f"agent{number}")), 2)

    with CaptureQueriesContext(connection) as many:
        response = operator.get(LIST)

    assert len(response.context["cl"].result_list) == 50
    assert len(many) == few_queries <= MOST_QUERIES


def test_the_list_reads_nothing_long(operator: Client) -> None:
    make_many(make_schedule(), 2)

    with CaptureQueriesContext(connection) as queries:
        operator.get(LIST)

    for name in ("payload", "output", "output_text", "usage"):
        assert not [query for query in queries if f'"{name}"' in query["sql"]]


def test_the_list_counts_only_so_far(operator: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded_paginator, "COUNTED_ROWS", 60)
    make_many(make_schedule(), 100)

    with CaptureQueriesContext(connection) as queries:
        operator.get(LIST)

    counts = [query["sql"] for query in queries if "COUNT(" in query["sql"]]
    assert counts
    assert all("LIMIT 61" in count for count in counts)


def test_a_run_that_was_run_again_says_so_and_leads_there(operator: Client) -> None:
    failed = make_run(make_schedule(), state=RunState.FAILED)
    make_run(failed.schedule, again_of=failed.pk, state=RunState.FAILED)
    again = make_run(failed.schedule, again_of=failed.pk, state=RunState.SUCCEEDED)

    shown = text_of(operator.get(LIST))

    assert shown.count("run again: ") == 1
    assert f'href="{page_of(again)}" class="text-link">run again: succeeded</a>' in shown


def test_every_reason_is_a_choice(operator: Client) -> None:
    choices = text_of(operator.get(LIST)).partition("By reason")[2]

    for reason in REASONS:
        assert f"reason={reason}" in choices


def test_a_short_history_is_counted_exactly(operator: Client) -> None:
    make_many(make_schedule(), 3)

    shown = text_of(operator.get(LIST))

    assert "<span>3 runs</span>" in shown


def test_cancel_ends_what_has_not_ended(operator: Client) -> None:
    schedule = make_schedule()
    pending, busy = make_run(schedule), running(schedule)
    ended = make_run(schedule, state=RunState.SUCCEEDED)

    response = choose(operator, "cancel", pending, busy, ended)

    assert messages_of(response) == ["2 runs cancelled", "1 skipped: already ended"]
    assert set(Run.objects.values_list("state", flat=True)) == {RunState.CANCELLED, RunState.SUCCEEDED}
    assert Run.objects.get(id=busy.id).lease_expires_at is None


def test_cancel_from_the_page(operator: Client) -> None:
    run = running(make_schedule())

    assert messages_of(press(operator, run, "cancel")) == ["1 run cancelled"]
    assert messages_of(press(operator, run, "cancel")) == ["1 skipped: already ended"]


def test_retry_sends_the_same_payload_again_in_a_new_run(operator: Client) -> None:
    schedule = make_schedule(now=database_now(), payload={"input": "new"})
    failed = make_run(schedule, state=RunState.FAILED, payload={"input": "as it was"})

    response = press(operator, failed, "retry")

    again = Run.objects.exclude(id=failed.id).get()
    assert messages_of(response) == ["1 run will run again in 10 s"]
    assert (again.state, again.trigger, again.payload) == (
        RunState.PENDING,
        TriggerKind.MANUAL,
        {"input": "as it was"},
    )
    failed.refresh_from_db()
    assert failed.state == RunState.FAILED


def test_retry_of_many_says_why_some_are_not(operator: Client) -> None:
    now = database_now()
    active, paused, deleted = (make_schedule(now=now) for _ in range(3))
    runs = [make_run(schedule, state=RunState.FAILED) for schedule in (active, paused, deleted)]
    succeeded = make_run(active, state=RunState.SUCCEEDED)
    editing.update(paused.id, {"is_active": False}, "apk_test", now)
    editing.delete(deleted.id, "apk_test", now)

    response = choose(operator, "retry", *runs, succeeded)

    assert sorted(messages_of(response)) == [
        "1 run will run again in 10 s",
        "1 skipped: not ended yet, succeeded, or being run again already",
        "1 skipped: schedule deleted",
        "1 skipped: schedule inactive",
    ]
    assert Run.objects.count() == 5


def test_a_page_offers_only_what_makes_sense(operator: Client) -> None:
    now = database_now()
    active, paused = make_schedule(now=now), make_schedule(now=now)
    editing.update(paused.id, {"is_active": False}, "apk_test", now)

    def offered(run: Run) -> set[str]:
        actions = forms_to(operator.get(page_of(run)))
        return {action.rstrip("/").rsplit("/", 1)[1] for action in actions if "/do/" in action}

    assert offered(make_run(active)) == offered(running(active)) == {"cancel"}
    assert offered(make_run(active, state=RunState.FAILED)) == {"retry"}
    assert offered(make_run(active, state=RunState.SUCCEEDED)) == set()
    assert offered(make_run(paused, state=RunState.FAILED)) == set()


def claimed(run: Run) -> Claimed:
    """The run in a worker's hands, when it may start."""
    owned = claiming.claim(run.id, run.generation, "worker-a", run.not_before, LEASE)
    assert isinstance(owned, Claimed), owned
    return owned


def test_the_failed_run_of_a_finished_once_is_run_again_from_its_page(operator: Client) -> None:
    due_at = database_now() - timedelta(seconds=1)
    schedule = make_due_schedule(due_at=due_at)
    fire(due_at + timedelta(seconds=1), 1)
    failed = Run.objects.get()
    finishing.fail(claimed(failed), CallFailed("agent_http_error", "HTTP 404"), database_now())
    schedule.refresh_from_db()
    assert (schedule.is_active, schedule.is_finished) == (False, True)

    page = operator.get(page_of(failed))
    [button] = [action for action in forms_to(page) if "/do/" in action]
    response = operator.post(button, follow=True)

    assert "Run again" in text_of(page)
    assert messages_of(response) == ["1 run will run again in 10 s"]
    again = Run.objects.exclude(id=failed.id).get()
    owned = claimed(again)
    assert finishing.succeed(owned.run_id, owned.attempt, database_now(), output_text="Done")
    again.refresh_from_db()
    assert (again.state, again.again_of) == (RunState.SUCCEEDED, failed.id)


def test_lateness_is_not_told_where_the_instant_is_lost(operator: Client) -> None:
    now = database_now()
    again = make_run(
        make_schedule(),
        attempt=2,
        started_at=now - timedelta(minutes=5),
        not_before=now + timedelta(minutes=1),
    )

    with time_machine.travel(now, tick=False):
        shown = text_of(operator.get(page_of(again)))

    assert "-6 min" not in shown
    assert again.lateness is not None
    assert f'title="{lengths.length(again.lateness)}"' in shown
