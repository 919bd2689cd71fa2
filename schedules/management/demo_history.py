"""A week that the demo looks back on, told through the code that makes every history: firing, claims and results.

Only the clock is not the present one: each step is given the instant at which it would have happened, and ids are of
that instant. The answers are marked: nobody was called. Acts of people (creating, pausing, cancelling) are in the
journal at the moment at which they are done, now.
"""

import logging
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from schedules import agents, editing, journal
from schedules.alerts import judging
from schedules.database.ulids import made_at
from schedules.editing import NewSchedule
from schedules.firing import due
from schedules.models import Agent, Incident, NextFire, Run, RunState, ScheduleType, Workspace
from schedules.runs import claiming, finishing, transitions
from schedules.runs.claimed import Claimed

LENGTH: Final = timedelta(days=7)
WORKER: Final = "demo:history"
MARK: Final = "Demo history: nobody was called for this."
FAILING: Final = "invoice-check"
FAILING_SINCE: Final = timedelta(hours=20)
OUTAGE: Final = (timedelta(days=3, hours=4), timedelta(days=3))
"""How long ago no beat was at work: what was due then came late, or was missed."""
NOBODY_LISTENS: Final = "http://127.0.0.1:9"
HERD: Final = 20
LEASE: Final = timedelta(minutes=5)
_CALL: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class _Told:
    """An answer that nobody gave."""

    output_text: str
    output: Any
    usage: dict[str, Any] | None
    trace_id: str | None = None
    model: str | None = None


@dataclass(slots=True)
class Unreachable:
    """How a call to a server that is not there fails."""

    code: str = "agent_unreachable"
    message: str = f"{MARK} The connection to {NOBODY_LISTENS} was refused"
    is_retryable: bool = False
    is_silent: bool = False
    retry_after: timedelta | None = None
    response_id: str | None = None
    http_status: int | None = None
    answer: None = None


def tell(workspace: Workspace, actor: str, now: datetime) -> None:
    """Agents, schedules and their week, in the caller's transaction: no beat may see the schedules before it ends."""
    began_at = (now - LENGTH).replace(minute=0, second=0, microsecond=0)
    for key, runtime in _AGENTS.items():
        agent = Agent.objects.create(workspace=workspace, key=key, **runtime)
        journal.record("create", agent)
        agents.add_version(agent, "v1", activate=True)
        for new in _schedules(key):
            editing.create(agent, new, actor, began_at)
    with quietly(due.__name__):
        _Week(workspace, now).go_through()
    _pause_one(workspace, actor, now)
    Incident.objects.of_workspace(workspace.id).update(tell_at=None, telling="")  # nobody is woken by a story


@contextmanager
def quietly(name: str) -> Iterator[None]:
    """Without the lines of this logger: nobody looks for those of a story."""
    log = logging.getLogger(name)
    level = log.level
    log.setLevel(logging.WARNING)
    try:
        yield
    finally:
        log.setLevel(level)


_AGENTS: Final[dict[str, dict[str, str]]] = {
    "support-triage": {"runtime": "echo"},
    "market-digest": {"runtime": "echo"},
    "release-notes": {"runtime": "echo"},
    FAILING: {"runtime": "responses", "base_url": NOBODY_LISTENS},
}
"""The failing one has an address where nobody listens: it goes on failing."""


def _schedules(key: str) -> Iterator[NewSchedule]:
    for name, expression in _CADENCES.get(key, ()):
        payload = {"input": f"{name}, please.", "metadata": {"demo": "history"}}
        yield NewSchedule(ScheduleType.CRON, expression, payload, display_name=name)


_CADENCES: Final = {
    "support-triage": [
        ("Triage the inbox", "0 0 1-23/2 * * *"),
        ("Evening summary", "0 30 18 * * *"),
        ("Watch the status page", "0 20 */4 * * *"),
    ],
    "market-digest": [
        *((f"Digest for customer {number}", "0 0 9 * * *") for number in range(1, HERD + 1)),
        ("Competitors' news", "0 45 */6 * * *"),
    ],
    "release-notes": [("Draft the release notes", "0 0 16 * * *")],
    FAILING: [("Check open invoices", "0 15 */3 * * *"), ("Match payments", "0 40 */6 * * *")],
}
PAUSED: Final = "Draft the release notes"


class _Week:
    """One pass through all that was due, in order."""

    def __init__(self, workspace: Workspace, now: datetime) -> None:
        self._workspace = workspace
        self._now = now
        self._chance = random.Random(7)  # noqa: S311  (a story, the same each time)
        self._number = 0

    def go_through(self) -> None:
        """Until nothing is due."""
        mine = NextFire.objects.filter(schedule__workspace=self._workspace, fire_time__lt=self._now - _CALL)
        while (
            fire_time := mine.order_by("fire_time").values_list("fire_time", flat=True).first()
        ) is not None:
            self._fire(self._noticed_at(fire_time))

    def _noticed_at(self, fire_time: datetime) -> datetime:
        began, ended = (self._now - ago for ago in OUTAGE)
        if began <= fire_time < ended:
            return ended
        return fire_time + timedelta(milliseconds=self._chance.randint(5, 60))

    def _fire(self, at: datetime) -> None:
        with made_at(at):
            fired = due.fire_due(at, limit=500)
        for place, (run_id, generation) in enumerate(fired.runs):
            if self._is_left(run_id, at):
                continue
            self._run(run_id, generation, at + timedelta(milliseconds=20 + 35 * place))
        judging.judge(min(at + timedelta(minutes=2), self._now))

    def _is_left(self, run_id: str, at: datetime) -> bool:
        """The last run of the one that is paused waits when that happens: it is discarded."""
        is_last = at > self._now - timedelta(days=1)
        return is_last and Run.objects.filter(id=run_id, schedule__display_name=PAUSED).exists()

    def _run(self, run_id: str, generation: int, at: datetime) -> None:
        self._number += 1
        if self._number % 61 == 0:
            transitions.cancel(run_id, at + timedelta(seconds=1))
            return
        claimed = claiming.claim(run_id, generation, WORKER, at, LEASE)
        if isinstance(claimed, Claimed):
            self._end(claimed, at + timedelta(seconds=self._chance.lognormvariate(1.4, 0.7)))

    def _end(self, claimed: Claimed, at: datetime) -> None:
        at = min(at, self._now)
        if (claimed.agent.key == FAILING and at > self._now - FAILING_SINCE) or self._number % 53 == 0:
            assert finishing.fail(claimed, Unreachable(), at) == RunState.FAILED  # noqa: S101
            return
        answer = self._answer(claimed)
        facts = {**finishing.outcome_of(answer), **finishing.spent_by(answer, claimed.agent, at)}
        finishing.succeed(claimed.run_id, claimed.attempt, at, response_id=f"demo_{claimed.run_id}", **facts)

    def _answer(self, claimed: Claimed) -> _Told:
        tokens = {
            "input_tokens": self._chance.randint(300, 900),
            "output_tokens": self._chance.randint(80, 400),
        }
        text = f"{MARK} {claimed.occasion.display_name}: done."
        usage = tokens | {"total_cost": round(tokens["output_tokens"] * 1e-5, 6)}
        return _Told(text, [{"type": "message", "content": text}], usage)


def _pause_one(workspace: Workspace, actor: str, now: datetime) -> None:
    """With a note and an end, and a run of it that waited discarded."""
    [paused] = workspace.schedules.filter(display_name=PAUSED)
    monday = (now + timedelta(days=7 - now.weekday())).astimezone(UTC)
    until = monday.replace(hour=8, minute=0, second=0, microsecond=0)
    editing.pause(paused.id, actor, now, note="Demo: no releases before Monday", until=until)
