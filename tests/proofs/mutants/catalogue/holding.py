"""What is held neither fires nor starts, and what held it changes nothing else."""

from typing import Final

from tests.proofs.mutants.catalogue.places import (
    CLAIM,
    CLAIM_POSTGRESQL,
    FIRING,
    FIRING_HELD,
    HOLD_ACTS,
    HOLDS_LOOKED_AT,
    HOLDS_POSTGRESQL,
    RUN_NOW,
    TRIGGERING_POSTGRESQL,
)
from tests.proofs.mutants.mutant import Mutant

_FIRES: Final = ("tests/schedules/holds/test_firing.py",)
_STARTS: Final = ("tests/schedules/holds/test_starting.py",)
_RACES: Final = ("tests/races/test_hold_races.py",)
_RUNS_HELD: Final = "schedules/runs/held.py"

_LOCK: Final = '    there = reach.open_holds().select_for_update(of=("self",), no_key=True).first()\n'
TIME_FIRST: Final = (
    f"{_LOCK}    now = now or time_to_act()\n    if there is None:",
    f"    now = now or time_to_act()\n{_LOCK}    if there is None:",
)
"""The end's time is known before whoever goes by the hold has come to an end."""

HOLDING: Final = (
    Mutant("what is held fires", FIRING, "pass_over_held(due, now)", "due", _FIRES),
    Mutant(
        "a hold that has ended is forgotten before a late beat comes",
        FIRING_HELD,
        "Q(ended_at=None) | Q(ended_at__gt=first)",
        "Q(ended_at=None)",
        _FIRES,
    ),
    Mutant(
        "a hold takes what comes due after its end",
        FIRING_HELD,
        "min(each.over_at or beyond, beyond)",
        "beyond",
        _FIRES,
    ),
    Mutant(
        "the fire time at the very end of a hold is missed",
        FIRING_HELD,
        "cadence.overdue(first, end - datetime.resolution)",
        "cadence.overdue(first, end + datetime.resolution)",
        _FIRES,
    ),
    Mutant("a hold of one agent stops the others", FIRING_HELD, " if each.reaches(*owner))", ")", _FIRES),
    Mutant(
        "a hold is lifted while a beat goes by it", FIRING_HELD, ".select_for_update(no_key=True)", "", _RACES
    ),
    Mutant(
        "the time of an end is read before its row is locked",
        HOLD_ACTS,
        *TIME_FIRST,
        _RACES,
    ),
    Mutant(
        "a hold ends before what it has stopped, where the clock was set back",
        HOLD_ACTS,
        "_end(there, max(now, _last_missed(there, now) or now))",
        "_end(there, now)",
        ("tests/schedules/holds/test_ledger.py",),
    ),
    Mutant(
        "lifting one hold lifts others too",
        HOLD_ACTS,
        "scope=self.scope, workspace=workspace_id, agent=agent_id, ended_at=None",
        "ended_at=None",
        ("tests/api/test_pauses.py",),
    ),
    Mutant("the one statement starts what is held", CLAIM_POSTGRESQL, "      AND {is_free}\n", "", _STARTS),
    Mutant(
        "the one statement starts what a hold found waiting",
        CLAIM_POSTGRESQL,
        " OR hold.began_at > seen.created_at",
        "",
        _STARTS,
    ),
    Mutant(
        "a claim that has waited for long goes by the holds of before",
        CLAIM_POSTGRESQL,
        "min(lease / 3, MOST_PATIENCE)",
        "lease / 3",
        _RACES,
    ),
    Mutant(
        "the portable claim starts what is held",
        CLAIM,
        "if reason is None and holds.stopping(",
        "if reason is not None and holds.stopping(",
        _STARTS,
        "sqlite",
    ),
    Mutant(
        "the portable claim starts what a hold found waiting",
        HOLDS_LOOKED_AT,
        "is_now | is_left | is_over",
        "is_now",
        _STARTS,
        "sqlite",
    ),
    Mutant(
        "the one statement triggers what is held", TRIGGERING_POSTGRESQL, "      AND {is_free}\n", "", _STARTS
    ),
    Mutant(
        "what is held is triggered portably",
        RUN_NOW,
        "    if holds.is_held(schedule.workspace_id, schedule.agent_id, now):",
        "    if False:",
        _STARTS,
        "sqlite",
    ),
    Mutant(
        "a hold has no end by itself",
        HOLDS_POSTGRESQL,
        " AND (hold.until_at IS NULL OR hold.until_at > {now})",
        "",
        _STARTS,
    ),
    Mutant(
        "beats discard what came after a hold had ended",
        _RUNS_HELD,
        "runs.filter(created_at__lt=hold.began_at)",
        "runs",
        _STARTS,
    ),
    Mutant(
        "beats discard what others have waiting",
        _RUNS_HELD,
        "runs.filter(agent=hold.agent_id)",
        "runs",
        _STARTS,
    ),
)
