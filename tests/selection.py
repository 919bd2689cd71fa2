"""Which test files a run is given. The others pytest need not read: all of them take it a quarter of a minute."""

from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent


def within(names: Iterable[str]) -> tuple[str, ...]:
    """Paths below `tests`, as pytest takes them."""
    return tuple(f"tests/{name}" for name in names)


def without(names: Iterable[str]) -> tuple[str, ...]:
    """All tests but those."""
    return ("tests", *(f"--ignore={path}" for path in within(names)))


def marked(*marks: str) -> tuple[str, ...]:
    """The test files whose text names one of these marks."""
    words = [f"mark.{mark}" for mark in marks]
    return tuple(path for path, text in _texts().items() if any(word in text for word in words))


def below(folder: str, paths: Sequence[str]) -> tuple[str, ...]:
    """Those of these files that are in the folder."""
    return tuple(path for path in paths if path.startswith(folder))


def not_below(folders: tuple[str, ...], paths: Sequence[str]) -> tuple[str, ...]:
    """Those that are in none of the folders."""
    return tuple(path for path in paths if not path.startswith(folders))


@cache
def _texts() -> dict[str, str]:
    files = sorted((ROOT / "tests").rglob("test_*.py"))
    return {str(path.relative_to(ROOT)): path.read_text() for path in files}
