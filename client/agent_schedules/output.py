"""What is printed: tables and sentences for people, JSON for scripts."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

import click

NOTHING = "-"


def as_json(document: Any) -> None:
    """The API's own words, for scripts."""
    click.echo(json.dumps(document, indent=2, ensure_ascii=False))


def table(headers: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Columns as wide as they must be; without rows, that there are none."""
    cells = [[one_line(cell) for cell in row] for row in rows]
    if not cells:
        click.echo("Nothing.")
        return
    widths = [max(map(len, column)) for column in zip(headers, *cells, strict=True)]
    for row in (headers, *cells):
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def facts(pairs: Iterable[tuple[str, Any]]) -> None:
    """One fact a line; what is absent is left out."""
    present = [(name, str(value)) for name, value in pairs if value not in (None, "", NOTHING)]
    width = max((len(name) for name, _ in present), default=0)
    for name, value in present:
        click.echo(f"{name.ljust(width)}  {value}")


def one_line(value: Any) -> str:
    """A cell: what a terminal would obey is left out."""
    text = NOTHING if value in (None, "") else str(value)
    return "".join(letter if letter.isprintable() else " " for letter in text)
