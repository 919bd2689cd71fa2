"""A run's attempts: the earlier ones are kept, the last is the run itself, and one in silence is not repeated."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from schedules import agents, retention
from schedules.limits.calls_in_flight import thread_count
from schedules.models import Agent, Run, RunAttempt, RunState, Schedule
from schedules.runs import claiming, finishing, leases, transitions
from schedules.runs.attempts import Attempt, attempts_of
from schedules.runs.claimed import Claimed
from schedules.triggering import run_now
from tests.factories import NOON, make_agent, make_due_schedule, make_run, make_schedule
from tests.firing import fire
from workers.runtimes.base import Answer, CallFailed

pytestmark = pytest.mark.django_db

LEASE = timedelta(seconds=15)
LATER = NOON + timedelta(minutes=1)
DAY = timedelta(days=1)
BROKEN = CallFailed("agent_http_error", "503", is_retryable=True, response_id="resp_1")
SILENT = CallFailed("agent_timeout", "the agent was silent for 4 s", is_retryable=True, is_silent=True)
GATEWAY = CallFailed("agent_http_error", "HTTP 504", is_retryable=True, is_silent=True)


def claimed(run: Run, worker: str = "worker-a", **settings: Any) -> Claimed:
    """The run's next attempt, at NOON."""
    Run.objects.filter(id=run.id).update(not_before=NOON)
    outcome = claiming.claim(run.id, run.generation, worker, NOON, LEASE, **settings)
    assert isinstance(outcome, Claimed)
    return outcome


def fresh(run: Run) -> Run:
    return Run.objects.get(id=run.id)


def shown(run: Run) -> list[tuple[int, str, str, str]]:
    """Number, worker, outcome and error code of each attempt."""
    return [
        (attempt.number, attempt.worker, attempt.outcome, attempt.error_code)
        for attempt in attempts_of(fresh(run))
    ]


class TestHistory:
    """What came of each attempt."""

    def test_a_run_that_succeeds_at_once_writes_nothing_more(self) -> None:
        run = make_run(make_schedule())

        finishing.succeed(run.id, claimed(run).attempt, LATER, output_text="Hello")

        assert not RunAttempt.objects.exists()
        assert shown(run) == [(1, "worker-a", "succeeded", "")]

    def test_a_failed_attempt_is_kept_when_another_follows(self) -> None:
        run = make_run(make_schedule())
        finishing.fail(claimed(run, trace_id="a" * 32), BROKEN, LATER)

        assert attempts_of(fresh(run)) == [
            Attempt(
                number=1,
                worker="worker-a",
                started_at=NOON,
                ended_at=LATER,
                outcome="failed",
                error_code="agent_http_error",
                error_message="503",
                response_id="resp_1",
                trace_id="a" * 32,
            )
        ]

    def test_the_last_attempt_follows_the_earlier_ones(self) -> None:
        run = make_run(make_schedule())
        finishing.fail(claimed(run), BROKEN, LATER)
        second = claimed(run, "worker-b", trace_id="b" * 32)
        assert attempts_of(fresh(run))[1:] == [
            Attempt(
                number=2,
                worker="worker-b",
                started_at=NOON,
                ended_at=None,
                outcome="running",
                error_code="",
                error_message="",
                response_id="",
                trace_id="b" * 32,
            )
        ]

        finishing.succeed(run.id, second.attempt, LATER, output_text="Hello")

        assert shown(run) == [
            (1, "worker-a", "failed", "agent_http_error"),
            (2, "worker-b", "succeeded", ""),
        ]
        assert fresh(run).trace_id == "b" * 32

    def test_a_run_that_waits_for_its_next_attempt_says_why_the_last_one_failed(self) -> None:
        run = make_run(make_schedule())

        finishing.fail(claimed(run), BROKEN, LATER)

        waiting = fresh(run)
        assert (waiting.state, waiting.error_code, waiting.error_message, waiting.response_id) == (
            RunState.PENDING,
            "agent_http_error",
            "503",
            "resp_1",
        )

    def test_a_run_cancelled_during_an_attempt_has_nothing_of_the_one_before(self) -> None:
        run = make_run(make_schedule())
        finishing.fail(claimed(run), BROKEN, LATER)
        claimed(run, "worker-b")

        transitions.cancel(run.id, LATER)

        ended = fresh(run)
        assert (ended.error_code, ended.error_message, ended.response_id) == ("", "", "")
        assert shown(run)[1:] == [(2, "worker-b", "cancelled", "")]

    def test_a_run_lost_during_an_attempt_has_no_response_of_the_one_before(self) -> None:
        run = make_run(make_schedule(make_agent(max_attempts=2)))
        finishing.fail(claimed(run), BROKEN, LATER)
        claimed(run, "worker-b")

        leases.take_back_expired(NOON + LEASE * 2, 10)

        assert (fresh(run).error_code, fresh(run).response_id) == ("worker_lost", "")

    def test_a_lost_worker_is_an_attempt_that_was_lost(self) -> None:
        agent = make_agent(max_attempts=2)
        run = make_run(make_schedule(agent))
        claimed(run)
        leases.take_back_expired(NOON + LEASE * 2, 10)
        assert shown(run) == [(1, "worker-a", "lost", "worker_lost")]

        claimed(run, "worker-b")
        leases.take_back_expired(NOON + LEASE * 2, 10)

        assert fresh(run).state == RunState.FAILED
        assert shown(run) == [(1, "worker-a", "lost", "worker_lost"), (2, "worker-b", "lost", "worker_lost")]
        assert RunAttempt.objects.count() == 1

    def test_a_run_cancelled_while_it_waits_shows_no_attempt_that_never_began(self) -> None:
        run = make_run(make_schedule())
        finishing.fail(claimed(run), BROKEN, LATER)

        transitions.cancel(run.id, LATER)

        assert shown(run) == [(1, "worker-a", "failed", "agent_http_error")]

    def test_somebody_elses_attempt_is_not_kept(self) -> None:
        run = make_run(make_schedule())
        held = claimed(run)
        transitions.cancel(run.id, LATER)

        assert finishing.fail(held, BROKEN, LATER) is None
        assert not RunAttempt.objects.exists()

    def test_attempts_go_with_their_run(self) -> None:
        run = make_run(make_schedule(), id="01ARZ3NDEKTSV4RRFFQ69G5FAV")
        finishing.fail(claimed(run), BROKEN, LATER)
        transitions.cancel(run.id, LATER)

        assert retention.prune(LATER, DAY) == 1
        assert not RunAttempt.objects.exists()


class TestSilence:
    """A silent agent may still be at work: it is not called again beyond what its setting allows."""

    @pytest.mark.parametrize("failure", [SILENT, GATEWAY])
    def test_by_default_the_first_silence_is_the_last(self, failure: CallFailed) -> None:
        run = make_run(make_schedule())

        assert finishing.fail(claimed(run), failure, LATER) == RunState.FAILED

        ended = fresh(run)
        assert (ended.reason, ended.error_code, ended.attempt) == ("agent_timeout", "agent_timeout", 1)
        assert failure.message in ended.error_message
        assert "max_silent_attempts" in ended.error_message

    def test_silences_are_counted_over_all_attempts(self) -> None:
        run = make_run(make_schedule(make_agent(max_silent_attempts=2, max_attempts=5)))

        states = [
            finishing.fail(claimed(run), failure, LATER) for failure in (SILENT, BROKEN, BROKEN, SILENT)
        ]

        assert states == [RunState.PENDING, RunState.PENDING, RunState.PENDING, RunState.FAILED]
        assert (fresh(run).attempt, fresh(run).silent_count) == (4, 2)

    def test_other_failures_are_repeated_as_often_as_there_are_attempts(self) -> None:
        run = make_run(make_schedule(make_agent(max_attempts=3)))

        states = [finishing.fail(claimed(run), BROKEN, LATER) for _ in range(3)]

        assert states == [RunState.PENDING, RunState.PENDING, RunState.FAILED]
        assert fresh(run).reason == "agent_http_error"

    def test_a_lost_worker_is_no_silence(self) -> None:
        run = make_run(make_schedule())
        claimed(run)

        leases.take_back_expired(NOON + LEASE * 2, 10)

        assert (fresh(run).state, fresh(run).silent_count) == (RunState.PENDING, 0)


def test_what_came_with_a_final_failure_is_kept() -> None:
    run = make_run(make_schedule())
    refusal = Answer(
        response_id="resp_2",
        output=[{"type": "message"}, {"type": "function_call"}, {"type": "message"}, 5, {"type": 7}],
        output_text="I can't help with that",
        usage={"total_tokens": 5},
        trace_id="c" * 32,
        span_id=None,
    )
    failure = CallFailed("agent_refused", "the agent refused", response_id="resp_2", answer=refusal)

    assert finishing.fail(claimed(run), failure, LATER) == RunState.FAILED

    ended = fresh(run)
    assert (ended.reason, ended.output_text) == ("agent_refused", "I can't help with that")
    assert (ended.output, ended.usage, ended.agent_trace_id) == (refusal.output, refusal.usage, "c" * 32)
    assert ended.output_types == ["message", "function_call"]


@pytest.mark.parametrize(
    ("output", "types"),
    [(None, None), ("text", None), ([], None), ({"type": "x"}, None), ([{"type": "a"}], ["a"])],
)
def test_output_types_are_those_of_a_list_of_items(output: Any, types: list[str] | None) -> None:
    assert finishing.output_types(output) == types


class TestActiveTag:
    """What an unpinned run sends: the active version, as it was at the first claim."""

    def test_an_unpinned_run_has_the_active_one(self) -> None:
        agent = make_agent(tags=["v1"])
        agents.add_version(agent, "v2", activate=True)
        run = make_run(make_schedule(agent))

        assert claimed(run).agent_tag == "v2"
        assert fresh(run).agent_tag == "v2"

    def test_a_pinned_run_keeps_its_own(self) -> None:
        agent = make_agent(tags=["v1"])
        agents.add_version(agent, "v2", activate=True)

        assert claimed(make_run(make_schedule(agent, agent_tag="v1"))).agent_tag == "v1"

    def test_no_active_version_is_none(self) -> None:
        assert claimed(make_run(make_schedule(make_agent(tags=["v1"])))).agent_tag is None

    def test_another_agents_version_is_none_of_its(self) -> None:
        other = make_agent(key="other")
        agents.add_version(other, "v9", activate=True)

        assert claimed(make_run(make_schedule(make_agent(other.workspace)))).agent_tag is None

    def test_it_is_kept_for_later_attempts(self) -> None:
        agent = make_agent()
        agents.add_version(agent, "v1", activate=True)
        run = make_run(make_schedule(agent))
        finishing.fail(claimed(run), BROKEN, LATER)
        agents.add_version(agent, "v2", activate=True)

        assert claimed(run).agent_tag == "v1"


class TestOccasion:
    """What a worker is told of what asked for the run."""

    def fired(self, schedule: Schedule, lateness: timedelta = timedelta(0)) -> Run:
        fire(NOON + lateness, 10)
        return Run.objects.get(schedule=schedule)

    def test_a_firing_has_a_key_of_schedule_generation_and_fire_time(self) -> None:
        schedule = make_due_schedule(due_at=NOON, display_name="Noon")

        held = claimed(self.fired(schedule))

        assert (held.occasion.trigger, held.occasion.display_name) == ("cadence", "Noon")
        assert held.occasion.fire_time == held.occasion.due_at == NOON
        assert held.idempotency_key == f"{schedule.id}-1-20260601T120000000000Z"
        assert "." not in held.idempotency_key

    def test_a_late_firing_says_so(self) -> None:
        run = self.fired(make_due_schedule(due_at=NOON), timedelta(hours=1))
        Run.objects.update(not_before=NOON)

        assert claimed(run).occasion.trigger == "late"

    def test_a_run_now_has_its_own_id_as_key(self) -> None:
        run = run_now.trigger(make_schedule().id, NOON)

        held = claimed(run)

        assert (held.occasion.trigger, held.occasion.fire_time) == ("manual", None)
        assert held.occasion.due_at == NOON + timedelta(seconds=10)
        assert held.idempotency_key == run.id

    def test_a_run_again_says_so_and_has_a_key_of_its_own(self) -> None:
        ended = self.fired(
            make_schedule(type="interval", expression="@every 1h", now=NOON - timedelta(hours=1))
        )
        held = claimed(ended)
        finishing.fail(held, CallFailed("broken", "no"), NOON)

        again = run_now.run_again(ended.id, NOON)

        occasion = claimed(again)
        assert (occasion.occasion.trigger, occasion.idempotency_key) == ("again", again.id)
        assert again.again_of == ended.id

    def test_a_run_knows_its_agent_and_workspace(self) -> None:
        schedule = make_schedule(type="interval", expression="@every 1h", now=NOON - timedelta(hours=1))
        runs = [
            self.fired(schedule),
            run_now.trigger(schedule.id, NOON),
            make_run(schedule, agent_id=None, workspace_id=None),  # as an old process made it
        ]
        known = Run.objects.filter(agent=schedule.agent, workspace=schedule.workspace_id)
        assert {run.id for run in known} == {run.id for run in runs[:2]}

        claimed(runs[2])

        assert known.all().count() == 3


@pytest.mark.postgresql
def test_a_first_claim_of_an_unpinned_run_is_one_statement() -> None:
    agent = make_agent()
    agents.add_version(agent, "v1", activate=True)
    run = make_run(make_schedule(agent))
    thread_count()  # known to the process, as to a worker that has claimed before

    with CaptureQueriesContext(connection) as asked:
        held = claiming.claim(run.id, 1, "worker", None, LEASE)
        assert isinstance(held, Claimed)
        finishing.succeed(run.id, held.attempt, None, output_text="Hello")

    assert len(asked.captured_queries) == 2


def test_the_settings_of_the_agent_come_with_the_claim() -> None:
    settings: dict[str, Any] = {
        "extra_body": {"a": [1]},
        "extra_headers": {"X-A": {"secret": True, "sealed": "x"}},
        "sealed_signing_secrets": ["one", "two"],
        "dialect": "openai",
        "background": True,
    }
    agent = make_agent(**settings)

    held = claimed(make_run(make_schedule(agent)))

    assert {name: getattr(held.agent, name) for name in settings} == settings
    assert held.agent == Agent.objects.get()
