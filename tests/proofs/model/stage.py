"""The stage all rules act on: an act is done under faults, the ghost is told what came of it, and all is compared."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

import hypothesis
from hypothesis.stateful import RuleBasedStateMachine

from schedules.runs.claimed import Claimed
from tests.proofs.model.acts import Act, Delete, Deliver, Edit, Expire, Fire, Trigger
from tests.proofs.model.acts.workers import is_held
from tests.proofs.model.broker import Message, Sending, broker
from tests.proofs.model.cadences import RECURRING, Expression, once_at
from tests.proofs.model.comparison import compare, compare_messages
from tests.proofs.model.faults import Cut, cut_before
from tests.proofs.model.ghost import Ghost

Found = TypeVar("Found")

seen: Final[Counter[str]] = Counter()
"""How often each event occurred in this process: a machine that never gets anywhere proves nothing."""


class Stage(RuleBasedStateMachine):
    """The moment, the ghost and the workers' claims of one example; every act is done and judged here."""

    now: datetime
    ghost: Ghost
    claims: list[Claimed]
    payload_count: int
    acts_since_audit: int

    def perform(self, act: Act, cut: int | None = None, sending: Sending = Sending.ARRIVES) -> None:
        """Do it under the faults that were drawn, tell the ghost what came of it, and compare."""
        seen["acts"] += 1
        self.acts_since_audit += 1
        broker.sending = sending
        try:
            with cut_before(cut):
                outcome = act.do()
        except Cut:  # then nothing has happened
            self.ghost.note("cut off before the commit")
        else:
            act.see(self.ghost, outcome)
            self.keep(outcome)
        finally:
            broker.sending = Sending.ARRIVES
        self._compare()

    def keep(self, outcome: Any) -> None:
        """A claim may be finished at any later time, and more than once."""
        if isinstance(outcome, Claimed):
            self.claims.append(outcome)

    def _compare(self) -> None:
        compare(self.ghost)
        compare_messages(self.ghost, broker.sent)
        self.count_events()

    def count_events(self) -> None:
        """What the ghost noted was reached."""
        for event in self.ghost.events:
            hypothesis.event(event)
        seen.update(self.ghost.events)
        self.ghost.events.clear()

    def change(self, kind: str, schedule_id: str) -> Act:
        """The act of this kind: one on the schedule, or a beat's."""
        acts: dict[str, Act] = {
            "fire": Fire(self.now),
            "expire": Expire(self.now),
            "trigger": Trigger(schedule_id, self.now),
            "rename": Edit(schedule_id, self.now, name="three", payload=self.new_payload()),
            "recadence": Edit(schedule_id, self.now, RECURRING[self.payload_count % len(RECURRING)]),
            "pause": Edit(schedule_id, self.now, is_active=False),
            "resume": Edit(schedule_id, self.now, is_active=True),
            "delete": Delete(schedule_id, self.now),
        }
        return acts[kind]

    def delivery_at(self, which: int, worker: str) -> Deliver:
        """A message reaches the worker."""
        return self.delivery(newest(broker.sent, which), worker)

    def delivery(self, message: Message, worker: str) -> Deliver:
        """This message reaches the worker."""
        run_id, generation = message
        return Deliver(run_id, generation, self.ghost.run(run_id).schedule.id, worker, self.now)

    def startable(self) -> list[str]:
        """The active schedules that nothing holds."""
        live = self.ghost.live()
        return [each.id for each in live if each.is_active and not self.ghost.is_held(each.agent)]

    def in_flight(self) -> list[Claimed]:
        """The claims whose attempt may still be finished."""
        return [claimed for claimed in self.claims if is_held(self.ghost.run(claimed.run_id), claimed)]

    def schedule_at(self, which: int) -> str:
        """A schedule's id; deleted ones count."""
        return newest(list(self.ghost.schedules), which)

    def new_payload(self) -> dict[str, Any]:
        """A payload like no other."""
        self.payload_count += 1
        return {"input": f"payload {self.payload_count}"}

    def expression_of(self, cadence: Expression | timedelta) -> Expression:
        """The cadence that was drawn; a timedelta is a once so long from now."""
        return once_at(self.now + cadence) if isinstance(cadence, timedelta) else cadence


def newest(of: Sequence[Found], which: int) -> Found:
    """One of them, counted from the newest."""
    return of[len(of) - 1 - which % len(of)]
