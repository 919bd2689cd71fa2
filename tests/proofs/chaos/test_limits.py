"""A run that proves nothing is not clean, however little was wrong."""

import pytest

from tests.proofs.chaos.history import Expected, History, Kind, Start
from tests.proofs.chaos.judging import judge
from tests.proofs.chaos.limits import Limits
from tests.proofs.chaos.verdicts import Verdict

DUE = 1_000_000.0


def verdict_of(kept: int = 10, unsure: int = 0, late: float = 1.0) -> Verdict:
    """Of a run with so many instants that started, each `late` seconds late, and so many that may start or not."""
    certain = [Expected(f"s{number}", Kind.CADENCE, DUE) for number in range(kept)]
    doubtful = [Expected(f"u{number}", Kind.CADENCE, DUE, is_certain=False) for number in range(unsure)]
    starts = [Start(one.subject, one.subject, 1, DUE + late) for one in certain]
    return judge(History([*certain, *doubtful], starts))


def test_a_run_within_its_limits_has_no_shortfall() -> None:
    assert Limits().shortfalls(verdict_of(kept=96, unsure=4, late=119), planned_count=192) == []


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        (verdict_of(kept=9), "only 9 starts were owed, at least 10 must be"),
        (verdict_of(kept=95, unsure=5), "5.0% of the instants are uncertain"),
        (verdict_of(late=121), "the latest start came after 121 s; 120 s are allowed"),
    ],
)
def test_a_run_that_shows_too_little_says_so(verdict: Verdict, words: str) -> None:
    (said,) = Limits().shortfalls(verdict, planned_count=20)

    assert verdict.is_clean
    assert words in said


def test_a_run_that_owed_nothing_shows_nothing() -> None:
    assert Limits().shortfalls(verdict_of(kept=0), planned_count=0) != []
