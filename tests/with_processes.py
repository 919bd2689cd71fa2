"""Runs of the tests that start real web, beat or worker processes: a part is the gate's, the rest is a lane."""

from typing import Final

from tests.pytest_runs import Run
from tests.selection import below, marked, not_below

_OF_THE_GATE: Final = ("-m", "processes and not long and not alone")
_PROOFS, _JOB = "tests/proofs/", "tests/processes/"

JOB: Final = Run("tests with real processes", (*below(_JOB, marked("processes")), *_OF_THE_GATE))
"""The main job and what disturbs it."""
EDGES: Final = Run(
    "tests with real processes, the edges",
    (*not_below((_JOB, _PROOFS), marked("processes")), *_OF_THE_GATE),
)
"""Doors, commands, foreign servers, starting: both parts wait more than they work, so they wait beside each other."""
CLIENTS: Final = Run("published clients and fuzzing", (*below(_PROOFS, marked("processes")), *_OF_THE_GATE))
LONG: Final = Run("tests with real processes that take long", (*marked("long"), "-m", "long and not alone"))
ALONE: Final = Run("tests that watch the time, alone", (*marked("alone"), "-m", "alone"))
