"""The audit: what it is told by those who act, and what it asks."""

from typing import Final

from tests.proofs.mutants.catalogue.places import EDITING, RUN_NOW, RUNNING_NOW, TRIGGERING_POSTGRESQL
from tests.proofs.mutants.mutant import Mutant

ACCOUNTS: Final = "schedules/ledger/accounts.py"
ATTEMPTS_AUDITED: Final = "schedules/ledger/attempts.py"
MATCHING: Final = "schedules/ledger/matching.py"
RECOUNT: Final = "schedules/ledger/recount.py"
RETENTION: Final = "schedules/retention.py"
UNFINISHED: Final = "schedules/ledger/unfinished.py"
UNFIRED: Final = "schedules/ledger/unfired.py"

CLEAN: Final = "tests/schedules/ledger/test_damages.py::test_all_that_is_usual_is_clean"
DAMAGES: Final = "tests/schedules/ledger/test_damages.py::test_a_damage_is_found_and_nothing_else"
CLOSELY: Final = "tests/schedules/ledger/test_matching.py::test_looking_closely_at_everything_finds_the_same"

AUDITING: Final = (
    Mutant(
        "a statement's trigger is not counted",
        TRIGGERING_POSTGRESQL,
        "SET manual_count = manual_count + 1",
        "SET manual_count = manual_count",
        (DAMAGES,),
    ),
    Mutant(
        "a run again has no number",
        RUN_NOW,
        "        manual_number=_next_number(schedule),\n",
        "",
        (f"{RUNNING_NOW}::test_the_manual_runs_of_a_schedule_are_numbered",),
    ),
    Mutant(
        "an epoch that begins is not counted",
        EDITING,
        "            schedule.epoch_count += 1\n",
        "",
        (DAMAGES,),
    ),
    Mutant(
        "retention does not say how many manual runs it has deleted",
        RETENTION,
        "    for schedule_id, count in sorted(manual.items()):\n",
        "    for schedule_id, count in sorted(manual.items())[:0]:\n",
        (CLEAN,),
    ),
    Mutant(
        "a missed record is believed whatever it counts",
        MATCHING,
        " and end_at - begin_at != record.instant_count:",
        " and end_at - begin_at > 9 * record.instant_count:",
        (CLOSELY,),
    ),
    Mutant(
        "missed records may overlap",
        MATCHING,
        "        if following is not None and record.last >= following.first:\n            return None\n",
        "",
        (CLOSELY,),
    ),
    Mutant(
        "the runs need not be those of the instants",
        MATCHING,
        "return len(instants) if left == times else None",
        "return len(instants) if len(left) == len(times) else None",
        (CLOSELY,),
    ),
    Mutant(
        "a next fire may pass over an instant",
        RECOUNT,
        "following < at and not self._has_record(following)",
        "following > at and not self._has_record(following)",
        (DAMAGES,),
    ),
    Mutant(
        "what is suspended for ever is not due, and nothing else",
        UNFIRED,
        "    yield from _suspended(scope)\n",
        "",
        (DAMAGES,),
    ),
    Mutant(
        "a run that no beat sends is waited for",
        UNFINISHED,
        "Q(redispatch_at__gt=now + SENT_WITHIN)",
        "Q(redispatch_at__lt=now - SENT_WITHIN)",
        (DAMAGES,),
    ),
    Mutant(
        "whatever stands there is a reason",
        UNFINISHED,
        "discarded.exclude(reason__in=DiscardReason.values)",
        'discarded.filter(reason="")',
        (DAMAGES,),
    ),
    Mutant(
        "runs of no schedule are nobody's",
        ACCOUNTS,
        "        for schedule_id in _without_schedule(model):\n",
        "        for schedule_id in _without_schedule(model)[:0]:\n",
        (DAMAGES,),
    ),
    Mutant(
        "an attempt may have any outcome",
        ATTEMPTS_AUDITED,
        "~Q(outcome__in=AttemptOutcome.values)",
        "Q(outcome=None)",
        (DAMAGES,),
    ),
)
