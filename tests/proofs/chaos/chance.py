"""Chance that comes out the same for the same seed."""

from random import Random


def seeded(seed: int | str) -> Random:
    """A source of chance; for chaos, not for secrets."""
    return Random(seed)  # noqa: S311
