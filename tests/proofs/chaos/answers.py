"""What the judge says of the calls themselves: what they sent, and whether they were answered to the end. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from tests.proofs.chaos.history import End, History, Start
from tests.proofs.chaos.verdicts import Defect, Finding


def is_answered(starts: Iterable[Start]) -> bool:
    """Whether one of these attempts got its whole success."""
    return any(start.is_answered for start in starts)


def words_of(starts: Iterable[Start]) -> frozenset[str]:
    """What the bodies of these attempts say beside the subject; one without a body says nothing."""
    return frozenset(start.words for start in starts if start.digest)


def by_run(starts: Iterable[Start]) -> dict[str, list[Start]]:
    """The attempts of each run."""
    grouped: dict[str, list[Start]] = defaultdict(list)
    for start in starts:
        grouped[start.run_id].append(start)
    return grouped


def changed_bodies(starts: Sequence[Start]) -> Iterator[Finding]:
    """Runs whose attempts did not all send the same."""
    for run_id, attempts in by_run(starts).items():
        bodies = {start.digest for start in attempts if start.digest}
        if len(bodies) > 1:
            words = f"{attempts[0].subject}: run {run_id} sent {len(bodies)} different bodies"
            yield Finding(Defect.BODY_CHANGED, f"{Defect.BODY_CHANGED}: {words}")


def unearned(history: History) -> Iterator[Finding]:
    """Runs the service calls succeeded although no agent ever gave one of their attempts its whole answer."""
    answered = {start.run_id for start in history.starts if start.is_answered}
    for run_id, end in history.ends.items():
        if end is End.SUCCEEDED and run_id not in answered:
            words = f"run {run_id}, and no attempt of it was answered"
            yield Finding(Defect.UNEARNED, f"{Defect.UNEARNED}: {words}")
