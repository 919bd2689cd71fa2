"""What hypothesis draws: cron expressions of the whole grammar, and instants where calendars are awkward."""

from datetime import UTC, datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st

from tests.expressions.oracle import MONTHS, RANGES, WEEKDAYS

# The machine that runs the gate is shared: time limits belong in tests that measure on purpose.
often = settings(max_examples=2 * settings().max_examples, deadline=None)

AWKWARD = [
    datetime(2023, 12, 31, 23, 59, 59, tzinfo=UTC),
    datetime(2024, 2, 28, 23, 59, 59, 999_999, tzinfo=UTC),
    datetime(2024, 2, 29, 12, 0, 0, 500_000, tzinfo=UTC),
    datetime(2025, 2, 28, 23, 0, tzinfo=UTC),
    datetime(2026, 4, 30, 23, 59, 0, 1, tzinfo=UTC),
    datetime(2096, 3, 1, tzinfo=UTC),
    datetime(2099, 12, 31, 23, 59, 59, tzinfo=UTC),
]

CENTURY = 100 * 365 * 86_400 * 10**6
instants = st.sampled_from(AWKWARD) | st.integers(0, CENTURY).map(
    lambda microseconds: datetime(2000, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
)
shifts = st.integers(-3 * 86_400, 3 * 86_400).map(lambda seconds: timedelta(seconds=seconds))


def _spellings(index: int, value: int) -> list[str]:
    names = {4: MONTHS, 5: WEEKDAYS}.get(index, {})
    named = [name for name, number in names.items() if number == value]
    return [str(value), f"{value:02}", f"+{value}", *named, *(name.upper() for name in named)]


@st.composite
def items(draw: st.DrawFn, index: int) -> str:
    """One item of the list in field `index`."""
    lowest, highest = RANGES[index]
    low = draw(st.integers(lowest, highest))
    high = draw(st.integers(low, highest))
    first, last = (draw(st.sampled_from(_spellings(index, value))) for value in (low, high))
    span = draw(st.sampled_from(["*", "?", f"*-{last}", first, first, first, f"{first}-{last}"]))
    step = draw(st.sampled_from(["", "", "", "/1", "/01", "/2", "/3", "/+7", "/99"]))
    return span + step


def fields(index: int) -> st.SearchStrategy[str]:
    """A comma list, now and then with an empty item in it."""
    lists = st.lists(items(index), min_size=1, max_size=3)
    return st.builds(lambda parts, separator: separator.join(parts), lists, st.sampled_from([",", ",", ",,"]))


cron_expressions = st.tuples(*(fields(index) for index in range(6))).map(" ".join)
hourly_expressions = st.tuples(
    *(st.integers(0, 59).map(str) for _ in range(2)), *(fields(index) for index in range(2, 6))
).map(" ".join)
