"""Our specification against the table of facts: equal, but for the differences that are accepted with a reason."""

from typing import Any

import pytest

from tests.docs.pages import section, tables
from tests.specification.accepted import ACCEPTED
from tests.specification.comparison import Difference, differences, facts
from tests.specification.seeds import DOCUMENT


@pytest.fixture
def found(described: Any) -> list[Difference]:
    """Where ours differs."""
    return list(differences(facts(DOCUMENT, DOCUMENT), facts(described, DOCUMENT)))


def test_every_difference_is_accepted_and_no_other_is(found: list[Difference]) -> None:
    accepted = set[tuple[str, str]]().union(*(row.each() for row in ACCEPTED))

    assert {(difference.place, difference.kind) for difference in found} == accepted


def test_what_is_added_to_a_request_is_optional(found: list[Difference]) -> None:
    added = [difference for difference in found if "/parameters/" in difference.place]

    assert [difference.value["required"] for difference in added] == [False] * len(added)


def test_the_documents_show_the_accepted_differences() -> None:
    [rows] = [table for table in tables(section("docs/api.md", "Compatibility")) if len(table[0]) == 3]

    assert [tuple(row) for row in rows] == [(row.places, row.kind, row.reason) for row in ACCEPTED]


@pytest.mark.parametrize(
    ("change", "place", "kind"),
    [
        ({"type": "string", "format": "uuid"}, "format", "added"),
        ({"type": "integer"}, "type", "changed"),
        ({}, "type", "missing"),
    ],
)
def test_a_changed_property_is_seen(change: Any, place: str, kind: str) -> None:
    theirs = {"properties": {"description": {"type": "string"}}}

    found = differences(theirs, {"properties": {"description": change}})

    assert [(each.place, each.kind) for each in found] == [(f"properties/description/{place}", kind)]
