"""The service's own word that a fire time got no start, and when it may be believed."""

from collections.abc import Sequence

from tests.proofs.chaos.history import Excused, Expected, Kind
from tests.proofs.chaos.matching import match

TRIED = frozenset({"failed", "cancelled"})
"""The run was there and ended: it may have started, and needs nobody to have withdrawn it."""

DISCARDED = frozenset({"discarded", "stale_generation", "schedule_inactive", "schedule_deleted"})
"""The run was there and became stale, before its first attempt or while it waited for another one."""

HELD = frozenset({"paused", "schedule_inactive"})
"""It came due while its agent was held, or its run waited when a hold began."""

COALESCED = frozenset({"missed", "coalesced"})
"""Noticed late, together with a newer fire time that got the run."""

SAME_INSTANT_SECONDS = 0.005
COALESCED_WITHIN_SECONDS = 60.0
"""Beats notice what is due within that time, whatever happens to them."""

LONGEST_ANSWER_SECONDS = 30.0
"""A trigger is due 10 s after the service took it, which is between the request and its answer."""


def excuses_of(expected: Sequence[Expected], excused: Sequence[Excused]) -> dict[int, Excused]:
    """The excuse of each instant of one subject that has one, by position; each excuse serves one instant.

    Where two instants are the same (a cadence that was changed and changed back), an excuse that needs a withdrawal
    is that of the one that has it.
    """
    tried = [excuse for excuse in excused if excuse.reason in TRIED]
    others = [excuse for excuse in excused if excuse.reason not in TRIED]
    owed = [at for at, instant in enumerate(expected) if _is_owed(instant)]
    free = [at for at, instant in enumerate(expected) if not _is_owed(instant)]
    found = _assigned(free + owed, others, expected)
    rest = [at for at in owed + free if at not in found]
    return found | _assigned(rest, tried, expected)


def _is_owed(instant: Expected) -> bool:
    return instant.is_certain and instant.withdrawn_at is None


def _assigned(order: list[int], excuses: list[Excused], expected: Sequence[Expected]) -> dict[int, Excused]:
    found = match(order, excuses, lambda at, excuse: _names(expected[at], excuse))
    return {order[seeker]: excuses[excuse] for seeker, excuse in found.items()}


def _names(instant: Expected, excuse: Excused) -> bool:
    after = excuse.due_at - instant.named_at
    if instant.kind is Kind.TRIGGER:
        return -SAME_INSTANT_SECONDS <= after <= LONGEST_ANSWER_SECONDS
    return abs(after) <= SAME_INSTANT_SECONDS


def allows_a_start(excuse: Excused) -> bool:
    """Whether the instant may have started all the same."""
    return excuse.reason in TRIED | DISCARDED


def is_founded(excuse: Excused, instant: Expected, began: Sequence[Expected]) -> bool:
    """Whether something that happened bears the excuse out; the service's word alone is none.

    `began`: the instants of the subject that started. One that nobody withdrew may be passed over only for a newer
    fire time that came due soon after it and started.
    """
    if instant.is_held or (excuse.reason in HELD and instant.may_be_stopped):
        return excuse.reason in HELD
    if excuse.reason in TRIED or not _is_owed(instant):
        return True
    return excuse.reason in COALESCED and any(_took_over(newer, instant) for newer in began)


def _took_over(newer: Expected, passed_over: Expected) -> bool:
    is_newer = newer.kind is Kind.CADENCE and newer.named_at > passed_over.named_at
    return is_newer and newer.due_at - passed_over.due_at <= COALESCED_WITHIN_SECONDS
