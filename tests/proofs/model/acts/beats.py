"""What beats do: fire what is due, return lost runs, send messages again."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from schedules.runs import leases, recovering
from tests.firing import fire
from tests.proofs.model.acts.act import KILLED, Sent, redispatch_wait, sending
from tests.proofs.model.broker import broker
from tests.proofs.model.ghost import (
    DISCARDED,
    FAILED,
    PENDING,
    RUNNING,
    Ghost,
    GhostAgent,
    GhostRun,
    GhostSchedule,
)

EVERYTHING = 100
MOST_AT_ONCE = 10
LONGEST_DOUBLING = 3


@dataclass(frozen=True)
class Fire:
    """A beat fires what is due, in batches of `limit`; it passes over `skipped`, which another session holds."""

    now: datetime
    limit: int = EVERYTHING
    skipped: str | None = None
    locks: str | None = None

    def do(self) -> Sent:
        return sending(self._fire_all)

    def _fire_all(self) -> int:
        total = 0
        while taken := fire(self.now, self.limit):
            total += taken
            if self.limit == EVERYTHING:
                break
        return total

    def see(self, ghost: Ghost, outcome: Sent) -> None:
        due = [schedule for schedule in ghost.schedules.values() if self._takes(schedule)]
        assert outcome.result in (len(due), KILLED), f"{outcome.result} fired, {len(due)} due"
        going_on = [schedule for schedule in due if self._goes_on(ghost, schedule)]
        fired = [self._fire(ghost, schedule) for schedule in going_on]
        in_time = [run for run in fired if not run.is_misfire]
        assert len(in_time) <= len(outcome.messages) <= len(fired), "not one message for each that may start"
        if outcome.result == KILLED:
            ghost.note("beat killed after its commit")

    def _takes(self, schedule: GhostSchedule) -> bool:
        is_due = schedule.next_fire is not None and schedule.next_fire <= self.now
        return is_due and schedule.id != self.skipped

    def _goes_on(self, ghost: Ghost, schedule: GhostSchedule) -> bool:
        """Whether it is still due when what was held is missed."""
        assert schedule.next_fire is not None
        end = ghost.held_until(schedule, schedule.next_fire, self.now)
        if end is None:
            return True
        gone = [instant for instant in ghost.due(schedule, self.now) if instant < end]
        ghost.miss(schedule, gone, "paused")
        ghost.note("missed: held")
        schedule.next_fire = ghost.first_fire_after(schedule, gone[-1])
        if schedule.next_fire is None:
            schedule.is_active, schedule.is_finished = False, True
            ghost.note("a once has finished under a hold")
        return schedule.next_fire is not None and schedule.next_fire <= self.now

    def _fire(self, ghost: Ghost, schedule: GhostSchedule) -> GhostRun:
        *older, newest = ghost.due(schedule, self.now)
        if older:
            ghost.miss(schedule, older, "coalesced")
            ghost.note("missed: coalesced")
        is_late = bool(older) or self.now - newest > timedelta(seconds=settings.ORQ.misfire_seconds)
        turn = self._turns(ghost, schedule.agent) if is_late else (newest, newest)
        self._replace(ghost, schedule, newest)
        again = self.now + redispatch_wait()
        run = GhostRun(
            schedule=schedule,
            generation=schedule.generation,
            not_before=turn,
            redispatch=(self.now, max(again, turn[1])) if is_late else (again, again),
            created_at=self.now,
            fire_time=newest,
            is_misfire=is_late,
        )
        ghost.runs.append(run)
        ghost.note("fired late" if is_late else "fired in time")
        schedule.next_fire = ghost.first_fire_after(schedule, newest)
        if schedule.next_fire is None:
            schedule.is_active, schedule.is_finished = False, True
            ghost.note("a once switched itself off")
        return run

    def _replace(self, ghost: Ghost, schedule: GhostSchedule, newest: datetime) -> None:
        """A late run that has never started gives way to the newer fire time."""
        for run in list(ghost.pending_of(schedule)):
            is_older = run.fire_time is not None and run.fire_time < newest
            if is_older and run.is_misfire and not run.started and run.generation == schedule.generation:
                run.end(DISCARDED, "coalesced")
                ghost.note("discarded at once: coalesced")

    def _turns(self, ghost: Ghost, agent: GhostAgent) -> tuple[datetime, datetime]:
        """Late runs of an agent wait for each other: at the latest one step after every other that waits."""
        step = timedelta(seconds=1) / settings.ORQ.catch_up_per_second
        waiting = [run for run in ghost.runs if run.is_misfire and run.schedule.agent is agent]
        latest = max([self.now, *(run.not_before[1] for run in waiting if run.attempt == 1)])
        return self.now, latest + step * MOST_AT_ONCE


@dataclass(frozen=True)
class Expire:
    """A beat takes the runs of lost workers back."""

    now: datetime
    locks: str | None = None

    def do(self) -> int:
        return leases.take_back_expired(self.now, EVERYTHING)

    def see(self, ghost: Ghost, outcome: int) -> None:
        lost = expire(ghost, self.now)
        assert outcome == lost, f"{outcome} runs recovered, {lost} lost"


@dataclass(frozen=True)
class Recover:
    """A beat's whole recovery; the queue is `length` long (None: the broker cannot tell)."""

    now: datetime
    length: int | None = 0
    locks: str | None = None

    def do(self) -> Sent:
        broker.length = self.length
        return sending(lambda: recovering.recover(self.now))

    def see(self, ghost: Ghost, outcome: Sent) -> None:
        expire(ghost, self.now)
        if self.length is None or self.length >= settings.ORQ.queue_limit:
            assert outcome == (0, []), "messages were sent although the queue is long or away"
            ghost.note("nothing sent again: the queue is long or away")
            return
        assert outcome.result in (len(outcome.messages), KILLED), "what was sent is counted wrong"
        candidates = [run for run in ghost.runs if run.state == PENDING and run.redispatch[0] <= self.now]
        for run in candidates:
            self._take(ghost, run, outcome.messages.count((str(run.id), run.generation)))
        self._check_slots(ghost, outcome)
        known = {(run.id, run.generation) for run in candidates}
        assert set(outcome.messages) <= known, "a message was sent that nobody should have missed yet"

    def _check_slots(self, ghost: Ghost, outcome: Sent) -> None:
        for agent in ghost.agents:
            if agent.max_in_flight is not None:
                sent = sum(ghost.run(run_id).schedule.agent is agent for run_id, _ in outcome.messages)
                free = max(0, agent.max_in_flight - ghost.in_flight(agent, self.now))
                assert sent <= free, f"{sent} messages were sent, {free} slots were free"

    def _take(self, ghost: Ghost, run: GhostRun, sent: int) -> None:
        """Which of an agent's runs gets its few slots is open here; that each gets one is seen at the end."""
        is_sure = run.redispatch[1] <= self.now and run.schedule.agent.max_in_flight is None
        reason = run.why_stale()
        if reason is not None:
            assert not sent, "a message of a stale run was sent again"
            run.may_be_discarded = reason
            if is_sure:
                run.end(DISCARDED, reason)
                ghost.note("discarded by a beat")
            return
        assert sent == 1 or not (is_sure or sent), "a run whose message is lost was not sent again, or twice"
        if sent:
            again = self.now + redispatch_wait() * 2 ** min(run.redispatch_count, LONGEST_DOUBLING)
            run.redispatch = (again, again)
            run.redispatch_count += 1
            ghost.note("sent again")


def expire(ghost: Ghost, now: datetime) -> int:
    """Runs whose lease is over go back, or have failed on their last attempt; how many there were."""
    lost = [run for run in ghost.runs if run.state == RUNNING and run.lease_until and run.lease_until < now]
    for run in lost:
        if run.attempt < run.schedule.agent.max_attempts:
            run.wait_again(now, now)
            ghost.note("recovered")
        else:
            run.end(FAILED, "worker_lost")
            ghost.note("lost on its last attempt")
    return len(lost)
