"""Fills bench/RESULTS.md from the kept JSON: `python3 manage.py bench results`. No number is typed by hand.

The page's tables stand between `<!-- NAME -->` and `<!-- end -->`; everything else is text for people.
"""

import json
import re
from pathlib import Path
from typing import Any

from bench.reporting import FOLDER, shown

PAGE = Path(__file__).resolve().parent / "RESULTS.md"
_PLACE = re.compile(r"(<!-- (?P<name>[a-z]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def fill() -> Path:
    """Write every kept result into its place; a benchmark that was not run keeps what the page has."""
    PAGE.write_text(_PLACE.sub(_filled, PAGE.read_text()))
    return PAGE


def _filled(place: re.Match[str]) -> str:
    source = FOLDER / f"{place['name']}.json"
    if not source.exists():
        return place[0]
    return f"{place[1]}{_markdown(json.loads(source.read_text()))}\n{place[3]}"


def _markdown(kept: dict[str, Any]) -> str:
    lines = [kept["columns"], ["---"] * len(kept["columns"])]
    lines += [[shown(cell) for cell in row] for row in kept["rows"]]
    table = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    taken = ", ".join(f"{name.replace('_', ' ')} {shown(value)}" for name, value in kept["machine"].items())
    return "\n\n".join([table, *kept["notes"], f"Measured with {taken}."])
