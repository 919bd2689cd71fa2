"""What workers do: claim what a message names, renew leases, finish in time or too late."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from schedules.models import RunState
from schedules.runs import claiming, finishing, leases
from schedules.runs.claimed import Claimed
from schedules.runs.claiming import NotClaimed
from tests.proofs.model.acts.act import LEASE
from tests.proofs.model.ghost import DISCARDED, FAILED, PENDING, RUNNING, SUCCEEDED, Ghost, GhostRun
from workers.runtimes.base import CallFailed


@dataclass(frozen=True)
class Deliver:
    """A message reaches a worker, which claims the run."""

    run_id: str
    generation: int
    schedule_id: str
    worker: str
    now: datetime

    @property
    def locks(self) -> str:
        return self.schedule_id

    def do(self) -> Claimed | NotClaimed:
        return claiming.claim(self.run_id, self.generation, self.worker, self.now, LEASE)

    def see(self, ghost: Ghost, outcome: Claimed | NotClaimed) -> None:
        run = ghost.run(self.run_id)
        assert run.generation == self.generation, "a message named another generation than its run's"
        if isinstance(outcome, Claimed):
            self._start(ghost, run, outcome)
        else:
            self._refuse(ghost, run, outcome)

    def _start(self, ghost: Ghost, run: GhostRun, claimed: Claimed) -> None:
        assert run.state == PENDING, f"a run that is {run.state} was started"
        assert run.why_stale() is None, f"started although {run.why_stale()}"
        assert not ghost.stops(run), "started although it was held"
        assert self.now >= run.not_before[0], "started before its time"
        assert not ghost.is_full(run.schedule.agent, self.now), "started although its agent has no free slot"
        assert run.attempt == claimed.attempt, "another attempt was started than the next"
        assert claimed.attempt not in run.started, "an attempt was started twice"
        assert claimed.attempt <= run.schedule.agent.max_attempts == claimed.max_attempts
        run.payload = run.schedule.payload if run.payload is None else run.payload
        assert claimed.payload == run.payload, "another payload than the run's"
        assert (claimed.run_id, claimed.schedule_id) == (run.id, run.schedule.id)
        assert claimed.lease_expires_at == self.now + LEASE
        if not run.started:
            run.schedule.trigger_count += 1
            run.schedule.last_triggered_at = run.started_at = self.now
        run.started.append(claimed.attempt)
        run.state, run.lease_until, run.worker = RUNNING, self.now + LEASE, self.worker
        ghost.note("started" if claimed.attempt == 1 else "started again")

    def _refuse(self, ghost: Ghost, run: GhostRun, why: NotClaimed) -> None:
        reason = run.why_stale() or ("schedule_inactive" if ghost.stops(run) else None)
        if run.state == PENDING and reason is not None:
            assert why is NotClaimed.DISCARDED, "a stale run was not discarded"
            run.end(DISCARDED, reason)
            ghost.note(f"discarded at its claim: {reason}")
        elif run.state == PENDING and why is NotClaimed.SATURATED:
            assert ghost.is_full(run.schedule.agent, self.now), "refused although there is a free slot"
            assert self.now >= run.not_before[0], "refused for a slot before its time"
            run.redispatch, run.redispatch_count = run.not_before, 0
            ghost.note("waits for a slot")
        elif run.state == PENDING:
            assert why is NotClaimed.TOO_EARLY, f"{why}, but it may start"
            assert self.now < run.not_before[1], "too early after its time"
            ghost.note("too early")
        else:
            assert why is NotClaimed.NOT_PENDING, f"{why}, but it is {run.state}"
            ghost.note(f"delivered again while {run.state}")


@dataclass(frozen=True)
class Renew:
    """A worker's heartbeat renews what it believes to hold."""

    worker: str
    run_ids: frozenset[str]
    now: datetime
    locks: str | None = None

    def do(self) -> set[tuple[str, int]]:
        return leases.renew(self.worker, sorted(self.run_ids), self.now, LEASE)

    def see(self, ghost: Ghost, outcome: set[tuple[str, int]]) -> None:
        held = [run for run in map(ghost.run, self.run_ids) if self._holds(run)]
        assert outcome == {(run.id, run.attempt) for run in held}, (
            "a lease that is lost was kept, or otherwise"
        )
        for run in held:
            run.lease_until = self.now + LEASE
        ghost.note("renewed" if held else "nothing to renew")

    def _holds(self, run: GhostRun) -> bool:
        return run.state == RUNNING and run.worker == self.worker


@dataclass(frozen=True)
class Succeed:
    """A worker records the answer of an attempt it was once given."""

    claimed: Claimed
    now: datetime
    locks: str | None = None

    def do(self) -> bool:
        return finishing.succeed(self.claimed.run_id, self.claimed.attempt, self.now, output_text="done")

    def see(self, ghost: Ghost, outcome: bool) -> None:
        run = ghost.run(self.claimed.run_id)
        assert outcome == is_held(run, self.claimed), "a finish was not fenced, or was without need"
        if outcome:
            note_lapse(ghost, run, self.now)
            run.end(SUCCEEDED)
        ghost.note("succeeded" if outcome else "fenced")


@dataclass(frozen=True)
class Fail:
    """A worker records that an attempt it was once given has failed."""

    claimed: Claimed
    now: datetime
    is_retryable: bool = True
    retry_after: timedelta | None = None
    locks: str | None = None

    def do(self) -> RunState | None:
        failure = CallFailed(
            "broken", "It broke", is_retryable=self.is_retryable, retry_after=self.retry_after
        )
        return finishing.fail(self.claimed, failure, self.now)

    def see(self, ghost: Ghost, outcome: Any) -> None:
        run = ghost.run(self.claimed.run_id)
        if not is_held(run, self.claimed):
            assert outcome is None, "a finish was not fenced"
            ghost.note("fenced")
            return
        note_lapse(ghost, run, self.now)
        if self.is_retryable and run.attempt < run.schedule.agent.max_attempts:
            assert outcome == PENDING
            self._wait(run)
            ghost.note("failed, to be tried again")
        else:
            assert outcome == FAILED
            run.end(FAILED, "broken")
            ghost.note("failed for good")

    def _wait(self, run: GhostRun) -> None:
        agent = run.schedule.agent
        longest = min(agent.retry_cap, agent.retry_base * 2 ** (run.attempt - 1))
        asked = self.retry_after or timedelta(0)
        run.wait_again(self.now + max(longest / 2, asked), self.now + max(longest, asked))


def is_held(run: GhostRun, claimed: Claimed) -> bool:
    """Whether the run is still this attempt's."""
    return run.state == RUNNING and run.attempt == claimed.attempt


def note_lapse(ghost: Ghost, run: GhostRun, now: datetime) -> None:
    """A finish after the lease was over, but before a beat noticed, counts."""
    if run.lease_until and run.lease_until < now:
        ghost.note("finished with a lapsed lease")
