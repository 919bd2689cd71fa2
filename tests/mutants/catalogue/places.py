"""The files the mutants break, and the tests that more than one of them is given to."""

from typing import Final

CLAIM_STATEMENT: Final = "schedules/claim_statement.py"
DISPATCH: Final = "schedules/dispatch.py"
EDITING: Final = "schedules/editing.py"
ENVELOPES: Final = "schedules/envelopes.py"
EPOCHS: Final = "schedules/epochs.py"
FIRING: Final = "schedules/firing.py"
HOUSEKEEPING: Final = "schedules/ledger/housekeeping.py"
PORTABLE: Final = "schedules/fire_batches/portable.py"
POSTGRESQL: Final = "schedules/fire_batches/postgresql.py"
RECOVERY: Final = "schedules/recovery.py"
RUN: Final = "schedules/models/run.py"
RUNS: Final = "schedules/runs.py"
TRIGGER_STATEMENT: Final = "schedules/trigger_statement.py"

BOTH_TWINS: Final = "tests/schedules/test_firing.py"
CLAIM_RACES: Final = "tests/races/test_claim_races.py"
ENVELOPE: Final = "tests/schedules/test_envelopes.py"
EXECUTION: Final = "tests/workers/test_execution.py"
RACES: Final = "tests/races/test_races.py"
STATES: Final = "tests/schedules/test_runs.py"
