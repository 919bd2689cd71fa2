"""What runs on SQLite: in the gate the rules that have statements of their own there, in the lane all behavior."""

from typing import Final

from tests.pytest_runs import Run
from tests.selection import within

BOTH_DATABASES: Final = (
    "schedules",
    "api",
    "workers",
    "races",
    "proofs/model",
    "console",
    "commands",
    "embedded/test_servers.py",
    "embedded/test_demo.py",
)
"""The behavior that both databases must have."""

SAME_ON_BOTH: Final = ("workers/runtimes", "workers/broker", "console/test_role_isolation.py")
"""Of those, what never asks one, or asks only whose rows they are."""

OWN_STATEMENTS: Final = (
    *(f"schedules/{room}" for room in ("firing", "triggering", "runs", "holds", "limits")),
    *(f"schedules/{room}" for room in ("ledger", "tallies", "alerts", "models", "database")),
    "schedules/journal/test_recording.py",
    "schedules/journal/test_retention.py",
    "schedules/deliveries/test_claiming.py",
    "schedules/test_coming_load.py",
    "schedules/test_editing.py",
    "schedules/test_retention.py",
    "races",
    # One of each kind that goes through them:
    "api/test_isolation.py",
    "workers/test_execution.py",
    "embedded/test_demo.py",
)
"""Where the service asks which database it has, or takes locks; and what goes through all of that."""

_MARKS: Final = ("-m", "not postgresql and not processes")
_ENVIRONMENT: Final = {"ORQ_TEST_DATABASE": "sqlite"}

OF_THE_GATE: Final = Run("tests on SQLite", (*within(OWN_STATEMENTS), *_MARKS), _ENVIRONMENT)
ALL: Final = Run(
    "everything on SQLite",
    (*within(BOTH_DATABASES), *(f"--ignore={path}" for path in within(SAME_ON_BOTH)), *_MARKS),
    _ENVIRONMENT,
)
