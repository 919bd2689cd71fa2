"""Calls in flight: a claim takes a slot of its agent and its workspace, or the run waits."""

from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from schedules import agents
from schedules.database.clock import database_now
from schedules.errors import InvalidRequest
from schedules.ledger.explaining import explain
from schedules.limits import calls_in_flight, saturation
from schedules.limits.calls_in_flight import Limits, effective, limits_of_threads
from schedules.models import Agent, ProcessKind, ProcessRegistration, Run, RunState, Schedule
from schedules.runs import claiming, finishing, leases, transitions
from schedules.runs.claimed import Claimed
from schedules.runs.claiming import NotClaimed
from tests.factories import NOON, make_agent, make_due_schedule, make_run, make_schedule, make_workspace
from tests.firing import fire

pytestmark = pytest.mark.django_db

LEASE = timedelta(seconds=15)


@pytest.fixture(autouse=True)
def _nothing_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saturation, "_said_at", {})


def agent_of(limit: int | None, workspace_limit: int | None = 0, **fields: Any) -> Agent:
    """An agent of a workspace of its own, with these limits."""
    workspace = make_workspace()
    workspace.max_in_flight = workspace_limit
    workspace.save()
    return make_agent(workspace, max_in_flight=limit, **fields)


def waiting(agent: Agent, count: int = 1) -> list[Run]:
    """Due runs of one schedule."""
    schedule = make_schedule(agent)
    return [make_run(schedule) for _ in range(count)]


def claim(run: Run, **changes: Any) -> Claimed | NotClaimed:
    return claiming.claim(run.id, 1, "worker", changes.get("now", NOON), LEASE)


def claimed_count(runs: list[Run]) -> int:
    return sum(isinstance(claim(run), Claimed) for run in runs)


def register(threads: int, **fields: Any) -> None:
    """A live worker."""
    facts = {"kind": ProcessKind.WORKER, "host": "here", "pid": 1, "last_seen_at": database_now()}
    ProcessRegistration.objects.create(thread_count=threads, **facts | fields)
    calls_in_flight.forget_thread_count()


class TestLimits:
    @pytest.mark.parametrize(
        ("threads", "limits"),
        [
            (0, Limits(1, 1)),
            (1, Limits(1, 1)),
            (2, Limits(1, 1)),
            (4, Limits(2, 3)),
            (40, Limits(20, 30)),
            (41, Limits(20, 30)),
        ],
    )
    def test_half_of_the_threads_are_an_agents_and_three_quarters_a_workspaces(
        self, threads: int, limits: Limits
    ) -> None:
        assert limits_of_threads(threads) == limits

    def test_ones_own_limit_counts_and_0_is_none(self) -> None:
        assert (effective(None, 7), effective(3, 7), effective(0, 7)) == (7, 3, None)

    def test_the_threads_are_those_of_live_workers(self) -> None:
        register(30)
        register(10, pid=2)
        register(500, pid=3, last_seen_at=database_now() - timedelta(minutes=5))
        register(500, pid=4, kind=ProcessKind.BEAT)

        assert calls_in_flight.default_limits() == Limits(20, 30)

    def test_before_a_worker_has_registered_it_is_taken_to_be_like_this_process(self, settings: Any) -> None:
        settings.ORQ = settings.ORQ.model_copy(update={"worker_threads": 10})

        assert calls_in_flight.default_limits() == Limits(5, 7)

    @pytest.mark.parametrize("wrong", [-1, 1_000_001, True, "7", 1.5])
    def test_what_is_no_number_of_calls_is_refused(self, wrong: Any) -> None:
        with pytest.raises(InvalidRequest, match="max_in_flight must be a number from 0"):
            agents.update(make_agent().id, {"max_in_flight": wrong}, may_change_origin=False)


class TestClaiming:
    @pytest.mark.parametrize("limit", [1, 3, 20])
    def test_no_more_start_than_the_agent_may_have_in_flight(self, limit: int) -> None:
        runs = waiting(agent_of(limit), limit + 2)

        outcomes = [claim(run) for run in runs]

        assert [isinstance(outcome, Claimed) for outcome in outcomes] == [True] * limit + [False] * 2
        assert set(outcomes[limit:]) == {NotClaimed.SATURATED}
        assert Run.objects.filter(state=RunState.RUNNING).count() == limit

    @pytest.mark.parametrize("limit", [1, 20])
    def test_no_more_start_than_the_workspace_may_have_in_flight(self, limit: int) -> None:
        one = agent_of(0, limit)
        other = make_agent(one.workspace, "other", max_in_flight=0)

        assert claimed_count(waiting(one, 1)) == 1
        assert claimed_count(waiting(other, limit + 2)) == limit - 1
        assert claim(waiting(one)[0]) is NotClaimed.SATURATED

    def test_another_workspace_is_not_kept_from_starting(self) -> None:
        claimed_count(waiting(agent_of(1, 1), 2))

        assert claimed_count(waiting(agent_of(1, 1))) == 1

    def test_0_is_no_limit(self) -> None:
        register(1)

        assert claimed_count(waiting(agent_of(0), 4)) == 4

    def test_without_limits_of_their_own_the_defaults_hold(self) -> None:
        register(8)
        agent = agent_of(None, None)

        assert claimed_count(waiting(agent, 6)) == 4
        assert claimed_count(waiting(make_agent(agent.workspace, "other"), 6)) == 2

    def test_a_lease_that_has_ended_holds_no_slot(self) -> None:
        first, second = waiting(agent_of(1), 2)
        claim(first)

        assert claim(second, now=NOON + LEASE - timedelta(seconds=1)) is NotClaimed.SATURATED
        assert isinstance(claim(second, now=NOON + LEASE), Claimed)

    @pytest.mark.parametrize("end", ["succeed", "cancel", "take back"])
    def test_whatever_ends_a_call_frees_its_slot(self, end: str) -> None:
        first, second = waiting(agent_of(1), 2)
        claim(first)
        later = NOON + timedelta(minutes=1)

        match end:
            case "succeed":
                finishing.succeed(first.id, 1, NOON)
            case "cancel":
                transitions.cancel(first.id, NOON)
            case _:
                Run.objects.filter(id=first.id).update(lease_expires_at=NOON)
                leases.take_back_expired(later, 10)

        assert isinstance(claim(second, now=later), Claimed)


class TestWaiting:
    def test_a_run_without_a_slot_stays_pending_and_waits_as_if_it_had_never_been_sent(self) -> None:
        first, second = waiting(agent_of(1), 2)
        claim(first)
        sent_until = NOON + timedelta(seconds=4)
        Run.objects.filter(id=second.id).update(redispatch_at=sent_until)

        assert claim(second) is NotClaimed.SATURATED

        second.refresh_from_db()
        assert (second.state, second.attempt, second.started_at) == (RunState.PENDING, 1, None)
        assert (second.redispatch_at, second.redispatch_count) == (NOON, 0)
        assert Schedule.objects.get().trigger_count == 1

    def test_a_waiting_run_of_an_old_process_is_found_by_its_agent(self) -> None:
        first, second = waiting(agent_of(1), 2)
        Run.objects.filter(id=second.id).update(agent=None, workspace=None)
        claim(first)

        claim(second)

        second.refresh_from_db()
        assert (second.agent_id, second.workspace_id) == (first.agent_id, first.workspace_id)

    def test_a_saturated_agent_is_logged_once_and_not_for_each_of_its_runs(self) -> None:
        agent = agent_of(1)

        with capture_logs() as events:
            claimed_count(waiting(agent, 5))

        (said,) = [each for each in events if each["event"] == "agent.saturated"]
        assert (said["agent_key"], said["full"], said["in_flight"], said["limit"]) == (
            agent.key,
            "agent",
            1,
            1,
        )

    def test_a_message_of_a_run_that_may_not_start_anyway_is_refused_for_that(self) -> None:
        first, early = waiting(agent_of(1), 2)
        Run.objects.filter(id=early.id).update(not_before=NOON + timedelta(seconds=1))
        claim(first)

        assert claim(early) is NotClaimed.TOO_EARLY
        assert claim(first) is NotClaimed.NOT_PENDING

    def test_explain_says_what_a_run_waits_for(self) -> None:
        agent = agent_of(2)
        claimed_count(waiting(agent, 2))
        schedule = make_due_schedule(agent)
        fire(NOON, 10)

        explanation = explain(schedule, NOON, NOON)

        assert explanation.words == (
            "It fired; the run is pending and has not started; it waits: its agent has 2 of 2 calls in flight"
        )

    def test_explain_names_the_workspace_where_that_is_full(self) -> None:
        agent = agent_of(0, 1)
        claimed_count(waiting(agent))
        schedule = make_due_schedule(agent)
        fire(NOON, 10)

        assert explain(schedule, NOON, NOON).words.endswith("its workspace has 1 of 1 calls in flight")
