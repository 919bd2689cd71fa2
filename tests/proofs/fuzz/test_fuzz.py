"""Whatever is sent, and by whomever: the answer is one of those described, in its form, and never a server error."""

import pytest

from tests.proofs.fuzz.conftest import CAMPAIGNS, Fuzzed

pytestmark = [
    pytest.mark.processes,
    pytest.mark.fuzz,
    pytest.mark.parametrize(
        "fuzzed", ["postgresql", pytest.param("sqlite", marks=pytest.mark.long)], indirect=True
    ),
]

FEWEST_CASES = 1000
"""Of all campaigns together: fewer mean that something is left out in silence."""


@pytest.mark.parametrize("campaign", [campaign.name for campaign in CAMPAIGNS])
def test_no_answer_breaks_the_description(fuzzed: Fuzzed, campaign: str) -> None:
    outcome = fuzzed.outcomes[campaign]

    assert outcome.status == 0, outcome.output
    assert "ERROR" not in fuzzed.service.log("web")


def test_every_operation_also_succeeds(fuzzed: Fuzzed) -> None:
    outcome = fuzzed.outcomes["with a key, as described"]

    missed = {
        f"{name}: {status}"
        for name, operation in fuzzed.operations.items()
        for status in map(int, operation["responses"])
        if status < 300 and status not in outcome.statuses(name)
    }

    assert not missed


def test_a_read_only_key_reads_and_changes_nothing(fuzzed: Fuzzed) -> None:
    outcome = fuzzed.outcomes["with a read-only key"]

    for name, operation in fuzzed.operations.items():
        may = "403" not in operation["responses"]
        assert (min(outcome.statuses(name)) == 200) == may, name


def test_without_a_key_nothing_is_answered(fuzzed: Fuzzed) -> None:
    outcome = fuzzed.outcomes["without a key"]

    for name in fuzzed.operations:
        assert outcome.statuses(name) == {401}, name


def test_enough_was_sent(fuzzed: Fuzzed) -> None:
    counts = {name: len(outcome.answers) for name, outcome in fuzzed.outcomes.items()}

    print(counts)
    assert sum(counts.values()) >= FEWEST_CASES, counts
