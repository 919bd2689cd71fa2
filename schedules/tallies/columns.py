"""The columns of a tally, and how they are summed up from rows that have one run or attempt each. Only texts."""

from typing import Final

from schedules.models.tally import BUCKET_COLUMNS, BUCKETS, OUTCOME_COLUMNS, OUTCOMES

KEY: Final = ("workspace_id", "agent_id", "state", "reason", "trigger")
SAID: Final = ("input_tokens", "output_tokens", "cached_tokens", "cost")
"""Null where nobody has said any: null and a number is the number."""


def _summed() -> dict[str, str]:
    sums = {"run_count": "sum(run_count)"}
    for kind in ("lateness", "duration"):
        sums |= {f"{kind}_count": f"count({kind})", f"{kind}_sum": f"coalesce(sum({kind}), 0)"}
        for column, above, bound in zip(BUCKET_COLUMNS[kind], (None, *BUCKETS), BUCKETS, strict=False):
            within = f"{kind} <= {bound}" + (f" AND {kind} > {above}" if above is not None else "")
            sums[column] = f"count(*) FILTER (WHERE {within})"
    for column, outcome in zip(OUTCOME_COLUMNS, OUTCOMES, strict=True):
        sums[column] = f"count(*) FILTER (WHERE outcome = '{outcome}')"
    has_tokens = "(input_tokens IS NOT NULL OR output_tokens IS NOT NULL)"
    sums["unpriced_count"] = f"count(*) FILTER (WHERE {has_tokens} AND cost IS NULL)"
    return sums | {column: f"sum({column})" for column in SAID}


SUMMED: Final = _summed()
"""By column: what it is of a group of deltas."""

COUNTED: Final = tuple(SUMMED)


def insert_or_add(table: str, key: tuple[str, ...], source: str) -> str:
    """Add the source's deltas, in groups, to a table of tallies; in one order, so that no two beats lock up."""
    keys, columns = ", ".join(key), ", ".join(COUNTED)
    sums = ", ".join(SUMMED.values())
    return (
        f"INSERT INTO {table} ({keys}, {columns}) SELECT {keys}, {sums} {source}"
        f" GROUP BY {keys} ORDER BY {keys}"
        f" ON CONFLICT ({keys}) DO UPDATE SET {', '.join(_added(table, column) for column in COUNTED)}"
    )


def _added(table: str, column: str) -> str:
    total = f"{table}.{column} + excluded.{column}"
    return (
        f"{column} = coalesce({total}, {table}.{column}, excluded.{column})"
        if column in SAID
        else f"{column} = {total}"
    )
