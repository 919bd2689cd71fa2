"""Tables of known answers: measured with a server that speaks the same grammar."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from schedules.expressions import InvalidExpression, parse, require_minimum_cadence
from tests.expressions.oracle import Oracle

CASES = Path(__file__).parent / "cases"

# The server that was measured takes any offset; the contract takes UTC only, and so does accept_reject.json.
NARROWER_BY_CONTRACT = {"@at 2026-05-01T09:00:00+02:00"}


def rows(name: str) -> list[dict[str, Any]]:
    cases: list[dict[str, Any]] = json.loads((CASES / name).read_text(encoding="utf-8"))["cases"]
    return cases


def instant(text: str) -> datetime:
    """An instant of the tables, cut to microseconds."""
    return datetime.fromisoformat(text).astimezone(UTC)


def next_fire(kind: str, expression: str, after: str) -> datetime | None:
    """None too when the expression is refused: the tables make no difference."""
    try:
        return parse(kind, expression).next_after(instant(after))
    except InvalidExpression:
        return None


def type_of(expression: str) -> str:
    if expression.startswith("@every"):
        return "interval"
    return "once" if expression.startswith("@at") else "cron"


def is_accepted(kind: str, expression: str) -> bool:
    try:
        cadence = parse(kind, expression)
        require_minimum_cadence(cadence)
    except InvalidExpression:
        return False
    return cadence.next_after(instant("2026-04-20T10:00:00Z")) is not None


def test_every_random_cron_expression_fires_next_when_the_table_says() -> None:
    table = rows("cron_random.json")

    wrong = [
        (row, fire_time)
        for row in table
        if (fire_time := next_fire("cron", row["expr"], row["from"]))
        != (row["next"] and instant(row["next"]))
    ]

    assert len(table) == 2000
    assert wrong == []


def test_the_oracle_of_the_property_tests_agrees_with_the_table() -> None:
    table = rows("cron_random.json")[::20]

    wrong = [
        row for row in table if Oracle(row["expr"]).next_by_days(instant(row["from"])) != instant(row["next"])
    ]

    assert wrong == []


@pytest.mark.parametrize("row", rows("expression_edges.json"), ids=lambda row: row["expr"])
def test_an_edge_expression_is_refused_or_fires_as_the_table_says(row: dict[str, Any]) -> None:
    expected = row["ok"] and row["expr"] not in NARROWER_BY_CONTRACT

    fire_time = next_fire(type_of(row["expr"]), row["expr"], row["from"])

    assert fire_time == (instant(row["next"]) if expected else None)


@pytest.mark.parametrize(
    "row", rows("accept_reject.json"), ids=lambda row: f"{row['type']}: {row['expression']}"
)
def test_an_expression_is_accepted_exactly_when_the_table_says(row: dict[str, Any]) -> None:
    assert is_accepted(row["type"], row["expression"]) is row["accept"], row["why"]
