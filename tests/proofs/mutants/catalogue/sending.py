"""Messages as they are queued, and the audit that nobody has to think of."""

from typing import Final

from tests.proofs.mutants.catalogue.places import DISPATCH, HOUSEKEEPING, MESSAGE_TEMPLATE, RENDERED
from tests.proofs.mutants.mutant import Mutant

QUEUES: Final = "tests/schedules/messages/test_dispatch.py"
AUDITS: Final = "tests/schedules/ledger/test_housekeeping.py"

SENDING: Final = (
    Mutant(
        "a later message is delivered at once",
        MESSAGE_TEMPLATE,
        "task_id.encode(), until)",
        'task_id.encode(), b"null")',
        (f"{RENDERED}::test_a_later_message_is_what_celery_sends_with_a_countdown",),
    ),
    Mutant(
        "all messages have one task id",
        MESSAGE_TEMPLATE,
        "zip(runs, new_ulids(len(runs)), strict=True)",
        "zip(runs, new_ulids(1) * len(runs), strict=True)",
        (f"{RENDERED}::test_every_message_has_a_task_id_of_its_own_everywhere_celery_writes_it",),
    ),
    Mutant(
        "all messages have one delivery tag",
        MESSAGE_TEMPLATE,
        '["delivery_tag"] = _TASK_ID',
        '["delivery_tag"] = "tag"',
        (f"{RENDERED}::test_every_message_has_a_task_id_of_its_own_everywhere_celery_writes_it",),
    ),
    Mutant(
        "a hung broker is asked each time",
        DISPATCH,
        "    if breaker.is_open:\n        return False\n",
        "",
        (f"{QUEUES}::test_a_hung_broker_costs_its_time_out_once",),
    ),
    Mutant(
        "an audit leaves out what was due and not fired at the one before it",
        HOUSEKEEPING,
        "    return oldest or now\n",
        "    return now\n",
        (f"{AUDITS}::test_what_was_due_and_not_fired_at_one_audit_is_looked_at_by_the_next",),
    ),
    Mutant(
        "no audit is of everything but the first",
        HOUSEKEEPING,
        " or last_whole.audited_at <= now - WHOLE_EVERY:",
        ":",
        (f"{AUDITS}::test_once_a_day_everything_is_read_again",),
    ),
)
