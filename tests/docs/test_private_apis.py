"""docs/upgrading.md has a row for each piece of machinery and each file that uses a private attribute."""

import re
from pathlib import Path

from orqsite.environment import MACHINERY
from tests.docs.pages import ROOT, tables, text_of

PACKAGES = ("orqsite", "schedules", "workers")


def rows() -> list[list[str]]:
    [table] = tables(text_of("docs/upgrading.md"))
    return table


def files() -> set[str]:
    return {path for _, named, *_ in rows() for path in re.findall(r"[\w/]+\.py", named)}


def test_what_can_be_switched_off_is_what_has_a_row() -> None:
    assert {name for name, *_ in rows()} - {"always on", "both of these"} == set(MACHINERY)


def test_each_file_that_uses_a_private_attribute_is_named() -> None:
    private = {
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in Path(ROOT, package).rglob("*.py")
        if "noqa: SLF001" in path.read_text()
    }
    assert private
    assert private <= files()


def test_the_files_and_tests_it_names_are_there() -> None:
    named = {
        path for row in rows() for cell in row for path in re.findall(r"[\w/]+\.py", cell) if "/" in path
    }
    assert named
    assert [path for path in sorted(named) if not Path(ROOT, path).exists()] == []
