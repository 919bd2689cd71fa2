"""A mutant: one rule of the service broken, and who must notice."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

ROOT: Final = Path(__file__).resolve().parents[3]
MODEL: Final = "tests/proofs/model/test_model.py"

Database = Literal["postgresql", "sqlite"]


@dataclass(frozen=True)
class Mutant:
    """`old` occurs exactly once in `file` and is replaced by `new`; one of `killers` (pytest ids) must then fail.

    `database`: where the killers run; what PostgreSQL has a statement of its own for, SQLite leaves to its twin.
    """

    name: str
    file: str
    old: str
    new: str
    killers: tuple[str, ...] = (MODEL,)
    database: Database = "postgresql"

    @property
    def judge(self) -> str:
        """Who kills it: the model or a directed test."""
        return "the model" if self.killers == (MODEL,) else "a directed test"

    def occurrences(self, root: Path = ROOT) -> int:
        """How often its text occurs in its file; anything but once means that the catalogue has rotted."""
        path = root / self.file
        return path.read_text().count(self.old) if path.exists() else 0

    def apply(self, root: Path) -> None:
        """Break the rule in the tree at `root`."""
        path = root / self.file
        path.write_text(path.read_text().replace(self.old, self.new))
