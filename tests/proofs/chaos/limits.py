"""What a run must show beside a clean verdict, so that it proves something."""

from dataclasses import dataclass

from tests.proofs.chaos.verdicts import Verdict


@dataclass(frozen=True, slots=True)
class Limits:
    """Shares are of 1. A run that owed next to nothing, or left much unknown, is no proof."""

    latest_seconds: float = 120.0
    """The longest wait of an instant that had to start."""
    uncertain_share: float = 0.05
    """Instants that might start or not must be fewer than this share."""
    owed_share: float = 0.5
    """Of the starts that were planned, so many must have been owed."""

    def shortfalls(self, verdict: Verdict, planned_count: float) -> list[str]:
        """In words, where the run stays behind."""
        least = max(1, self.owed_share * planned_count)
        longest, uncertain = verdict.lateness.longest, verdict.uncertain_share
        words = []
        if verdict.owed_count < least:
            words.append(f"only {verdict.owed_count} starts were owed, at least {least:.0f} must be")
        if uncertain >= self.uncertain_share:
            words.append(
                f"{uncertain:.1%} of the instants are uncertain; less than {self.uncertain_share:.0%} may be"
            )
        if longest > self.latest_seconds:
            words.append(
                f"the latest start came after {longest:.0f} s; {self.latest_seconds:g} s are allowed"
            )
        return words
