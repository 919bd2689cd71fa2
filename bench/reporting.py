"""Shows a result as a small table and keeps it as JSON."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent.parent / "var" / "bench"


@dataclass(slots=True)
class Report:
    """One benchmark's result: rows of what was measured, and sentences that say what it means."""

    name: str
    columns: Sequence[str]
    machine: dict[str, object]
    rows: list[Sequence[Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def row(self, *cells: Any) -> None:
        """One line of the table."""
        self.rows.append(cells)

    def note(self, sentence: str) -> None:
        """One line below it."""
        self.notes.append(sentence)

    def __str__(self) -> str:
        cells = [list(self.columns), *([shown(cell) for cell in row] for row in self.rows)]
        widths = [max(len(row[index]) for row in cells) for index in range(len(self.columns))]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in cells
        ]
        lines.insert(1, "  ".join("-" * width for width in widths))
        return "\n".join([f"{self.name}  ({self._taken()})", *lines, *self.notes])

    def _taken(self) -> str:
        return ", ".join(f"{name.replace('_', ' ')} {shown(value)}" for name, value in self.machine.items())

    def keep(self) -> Path:
        """Write the JSON; its path."""
        FOLDER.mkdir(parents=True, exist_ok=True)
        path = FOLDER / f"{self.name}.json"
        content = {"name": self.name, "machine": self.machine, "columns": self.columns}
        path.write_text(json.dumps({**content, "rows": self.rows, "notes": self.notes}, indent=1))
        return path


def shown(cell: Any) -> str:
    """A cell as people read it: three digits that matter, thousands set apart."""
    if isinstance(cell, float):
        return f"{cell:,.0f}" if abs(cell) >= 100 else f"{cell:,.3g}"
    return f"{cell:,}" if isinstance(cell, int) else str(cell)
