"""Every link in the documents leads somewhere: to a file that is there, and to a heading in it."""

import re
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, ROOT, anchors, section, tables, text_of, without_blocks

MOST_WORDS = 1_800
_LINK = re.compile(r"\]\(([^)\s]+)\)")


def links(page: str) -> list[str]:
    """The targets of the page's links and pictures."""
    return _LINK.findall(without_blocks(text_of(page)))


def relative(page: str) -> list[tuple[str, str]]:
    """(file from the root, anchor or "") of each link into this repository."""
    here = [target.partition("#") for target in links(page) if not target.startswith("https://")]
    return [(_from_root(page, file), anchor) for file, _, anchor in here]


def _from_root(page: str, target: str) -> str:
    file = (ROOT / page).parent.joinpath(target).resolve() if target else ROOT / page
    return str(file.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES)
def test_every_relative_link_leads_to_a_file(page: str) -> None:
    assert [file for file, _ in relative(page) if not (ROOT / file).exists()] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_anchor_is_a_heading_of_its_page(page: str) -> None:
    wrong = [(file, anchor) for file, anchor in relative(page) if anchor and anchor not in anchors(file)]

    assert wrong == []


def test_every_page_is_reached_from_the_readme() -> None:
    [[*rows]] = tables(section("README.md", "Documentation"))

    listed = {target for row in rows for target in _LINK.findall(row[0])}
    assert listed == {page for page in PAGES if Path(page).parent.name == "docs"}


def test_the_readme_is_short() -> None:
    assert len(text_of("README.md").split()) <= MOST_WORDS
