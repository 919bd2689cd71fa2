"""CONTRIBUTING.md says what is so: its table of rules names every module, and what it names is there."""

import re
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

import pytest

from tests import gate
from tests.lanes import LANES

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "CONTRIBUTING.md").read_text()
PACKAGES = ("orqsite", "schedules", "workers")
NOT_RULES = ("__init__.py", "__pycache__")


def rows_under(heading: str, first_cell: str) -> list[str]:
    """The rows of the table under a heading that begins with this cell."""
    lines = iter(TEXT.split(f"## {heading}\n", 1)[1].splitlines())
    for line in lines:
        if line.startswith(f"| {first_cell} |"):
            next(lines)
            return list(takewhile(lambda row: row.startswith("|"), lines))
    raise AssertionError(f"no table {first_cell!r} under {heading!r}")


def places() -> set[str]:
    """Every path in the table of rules; a folder ends in a slash."""
    table = "\n".join(rows_under("Where a rule lives", "question"))
    return {path for path in re.findall(r"`([^`]+)`", table) if path.startswith(PACKAGES)}


def modules() -> Iterator[str]:
    """What stands directly in each package; a folder ends in a slash."""
    for package in PACKAGES:
        for path in (ROOT / package).iterdir():
            if path.name not in NOT_RULES and (path.is_dir() or path.suffix == ".py"):
                yield f"{package}/{path.name}{'/' if path.is_dir() else ''}"


@pytest.mark.parametrize("module", sorted(modules()))
def test_the_table_of_rules_names_every_module(module: str) -> None:
    assert module in places()


def test_every_place_in_the_table_is_there() -> None:
    assert [path for path in places() if not (ROOT / path).exists()] == []
    assert [path for path in places() if (ROOT / path).is_dir() != path.endswith("/")] == []


def test_every_file_that_the_text_names_is_there() -> None:
    named = set(re.findall(r"`((?:orqsite|schedules|workers|tests|requirements|bench)/[\w./]+)`", TEXT))

    assert len(named) > 50
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


def test_the_table_of_lanes_names_every_lane() -> None:
    told = " ".join(rows_under("Before you push", "lane"))

    assert set(re.findall(r"manage\.py test (--\w+)", told)) == set(LANES)


def test_the_table_of_the_gate_names_every_run_of_it() -> None:
    told = [row.split("|")[1].strip() for row in rows_under("Before you push", "part of the gate")]

    assert told == ["checks", *(run.name for run in gate.SIDE_BY_SIDE)]
