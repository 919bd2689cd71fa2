"""The documents in parts: their sections, their tables, their blocks of code and their anchors."""

import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    *("README.md", "CONTRIBUTING.md", "CHANGELOG.md"),
    *sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs").glob("*.md")),
]
"""Every document for people, as a path from the root."""

_FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


@cache
def text_of(page: str) -> str:
    """The whole document."""
    return (ROOT / page).read_text()


def section(page: str, title: str) -> str:
    """What stands under a heading of the second level, up to the next one."""
    [found] = re.findall(
        rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", text_of(page), re.MULTILINE | re.DOTALL
    )
    return str(found)


def tables(text: str) -> list[list[list[str]]]:
    """The tables of a text, each as its rows of cells without the heading; backticks are taken off whole cells."""
    found = re.findall(r"^\|.*\|\n\|[-|]+\|\n((?:\|.*\|\n)*)", text, re.MULTILINE)
    return [[_cells(line) for line in table.splitlines()] for table in found]


def _cells(line: str) -> list[str]:
    cells = re.split(r"(?<!\\)\|", line.strip()[1:-1])
    return [re.sub(r"^`([^`]*)`$", r"\1", cell.strip()) for cell in cells]


def blocks(text: str, language: str) -> list[str]:
    """The fenced blocks of a language, in order."""
    return [body for name, body in _FENCE.findall(text) if name == language]


def without_blocks(text: str) -> str:
    """The text without its fenced blocks."""
    return _FENCE.sub("", text)


def anchors(page: str) -> set[str]:
    """What may stand behind `#` in a link to the page: its headings, spelled as GitHub does."""
    return {_anchor(heading) for heading in _HEADING.findall(without_blocks(text_of(page)))}


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
