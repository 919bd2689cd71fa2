"""What the service does by itself, without anybody: the acts that it is."""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from schedules import agents, api_keys, editing
from schedules.deliveries import switching
from schedules.models import ClockLeap, DisabledReason, Scope
from schedules.pausing import attend
from schedules.realigning import realign
from schedules.retiring import retire
from tests.factories import NOON, make_agent, make_due_schedule, make_hold, make_schedule, make_workspace
from tests.firing import fire
from tests.schedules.deliveries.alerts import make_webhook
from tests.schedules.journal.lines import Act

YEAR = timedelta(days=365)
HOUR = timedelta(hours=1)

Prepared = Callable[[], Callable[[], object]]
"""Makes what must be there, and gives what the service then does."""


def _finishing() -> Callable[[], object]:
    make_due_schedule()
    return lambda: fire(NOON, 10)


def _retiring() -> Callable[[], object]:
    schedule = make_schedule()
    agents.delete(schedule.agent_id, NOON)
    return lambda: retire(NOON)


def _realigning() -> Callable[[], object]:
    ClockLeap.objects.create(left_at=NOON, reached_at=NOON + YEAR)
    make_schedule(now=NOON - timedelta(hours=1), expression="0 30 * * * *")
    fire(NOON + YEAR, 10)
    return lambda: realign(NOON + timedelta(minutes=7))


def _expiring() -> Callable[[], object]:
    api_keys.issue(make_workspace(), scope=Scope.READ, expires_at=NOON)
    return lambda: api_keys.note_expired(NOON, YEAR)


def _releasing() -> Callable[[], object]:
    make_hold(make_agent(), began_at=NOON, until_at=NOON + HOUR)
    return lambda: attend(NOON + HOUR)


def _resuming() -> Callable[[], object]:
    schedule = make_schedule()
    editing.pause(schedule.id, "apk_test", NOON, until=NOON + HOUR)
    return lambda: attend(NOON + HOUR)


def _switching_off() -> Callable[[], object]:
    webhook = make_webhook()
    return lambda: switching.switch_off(webhook.id, DisabledReason.GONE, NOON)


ACTS: Final[dict[str, tuple[Prepared, Act]]] = {
    "a once fires, and has finished": (_finishing, ("finish", "schedule")),
    "an endpoint says that it is gone": (_switching_off, ("update", "webhook")),
    "a deleted agent's schedules end": (_retiring, ("delete", "schedule")),
    "a cadence begins again after a wrong clock": (_realigning, ("restart", "schedule")),
    "a hold is over": (_releasing, ("release", "hold")),
    "a pause is over": (_resuming, ("update", "schedule")),
    "a key expires": (_expiring, ("expire", "apikey")),
}
