"""Runs of the tests that start real web, beat or worker processes: a part is the gate's, the rest is a lane."""

from typing import Final

from tests.pytest_runs import Run
from tests.selection import marked, of_proofs, outside_proofs

_OF_THE_GATE: Final = ("-m", "processes and not long and not alone")

SHORT: Final = Run("tests with real processes", (*outside_proofs(marked("processes")), *_OF_THE_GATE))
CLIENTS: Final = Run("published clients and fuzzing", (*of_proofs(marked("processes")), *_OF_THE_GATE))
LONG: Final = Run("tests with real processes that take long", (*marked("long"), "-m", "long and not alone"))
ALONE: Final = Run("tests that watch the time, alone", (*marked("alone"), "-m", "alone"))
