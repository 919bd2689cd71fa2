"""Intervals: Go durations, the anchor, and fire times that never drift."""

from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules.expressions import Cadence, Interval, InvalidExpression, OverdueSpan, parse
from tests.expressions.strategies import instants, often

HOUR = 3_600_000_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

durations = st.integers(HOUR, 400 * HOUR) | st.integers(1, 400).map(lambda hours: hours * HOUR)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def every(nanoseconds: int) -> Cadence:
    return parse("interval", f"@every {nanoseconds}ns")


@pytest.mark.parametrize(
    ("duration", "nanoseconds"),
    [
        *(("1h", HOUR), ("60m", HOUR), ("3600s", HOUR), ("3600000ms", HOUR), ("3600000000us", HOUR)),
        *(("3600000000\N{MICRO SIGN}s", HOUR), ("3600000000\N{GREEK SMALL LETTER MU}s", HOUR)),
        *(("3600000000000ns", HOUR), ("1h30m", HOUR * 3 // 2), ("1.5h", HOUR * 3 // 2), ("+1h", HOUR)),
        *((".5h", HOUR // 2), ("1.h", HOUR), ("0h60m", HOUR), ("30m30m", HOUR), ("1m1h", HOUR + HOUR // 60)),
        *(("0001h", HOUR), ("1h0.3s", HOUR + 300_000_000), ("1h0.0000000019s", HOUR + 1)),
        ("0.333333333333h", 1_199_999_999_998),
        ("59m59.99999999999999999999s", HOUR - 1),
        ("2562047h47m16.854775807s", 2**63 - 1),
        ("9223372036854775807ns", 2**63 - 1),
    ],
)
def test_a_go_duration_is_read_exactly(duration: str, nanoseconds: int) -> None:
    assert parse("interval", f"@every {duration}") == Interval(nanoseconds)


@pytest.mark.parametrize(
    "expression",
    [
        *(
            "@every",
            "@every ",
            "@every  1h",
            "@every 1h ",
            "@every\t1h",
            " @every 1h",
            "@Every 1h",
            "@every1h",
        ),
        *("@every 1d", "@every 1w", "@every 3600", "@every 0", "@every 0s", "@every +0h", "@every 0.4ns"),
        *(
            "@every -1h",
            "@every --1h",
            "@every +",
            "@every ++1h",
            "@every 1h-30m",
            "@every 1 h",
            "@every 1h 30m",
        ),
        *(
            "@every h",
            "@every .h",
            "@every 1h.m",
            "@every .h1h",
            "@every .",
            "@every 1..5h",
            "@every 1.5.5h",
            "@every 1h1",
            "@every 1hh",
        ),
        *(
            "@every 1H",
            "@every 1e9h",
            "@every 0x1h",
            "@every 1_0h",
            "@every \N{ARABIC-INDIC DIGIT ONE}h",
            "@every \N{FULLWIDTH DIGIT ONE}h",
            "@every 1h\n",
        ),
        *("@every 1h\x00", "@every \ud800", "@every 9999999999h", "@every 9223372036854775808ns"),
        *("@every 2562047h47m16.854775808s", "@every " + "9" * 900 + "h", "1h", "every 1h", "@everything"),
    ],
)
def test_what_is_no_positive_go_duration_is_refused(expression: str) -> None:
    with pytest.raises(InvalidExpression) as refusal:
        parse("interval", expression)

    assert refusal.value.field == "expression"


@pytest.mark.parametrize(
    ("t", "expected"),
    [
        ("2026-04-20T21:00:00", "2026-04-20T22:30:00"),
        ("2026-04-20T21:00:00.499999", "2026-04-20T22:30:00"),
        ("2026-04-20T21:00:00.500000", "2026-04-20T22:30:01"),
        ("2026-12-31T23:59:59.9", "2027-01-01T01:30:00"),
    ],
)
def test_the_anchor_is_rounded_to_the_nearest_second(t: str, expected: str) -> None:
    fresh = parse("interval", "@every 1h30m")

    assert fresh.next_after(at(t)) == at(expected)
    assert fresh.anchored_at(at(t)).next_after(at(t)) == at(expected)


def test_the_question_of_an_anchored_interval_does_not_move_its_fire_times() -> None:
    cadence = parse("interval", "@every 6h").anchored_at(at("2026-04-20T21:00:00"))

    assert cadence.next_after(at("2026-04-01T00:00:00")) == at("2026-04-21T03:00:00")
    assert cadence.next_after(at("2026-04-21T02:59:59.999999")) == at("2026-04-21T03:00:00")
    assert cadence.next_after(at("2026-04-21T03:00:00")) == at("2026-04-21T09:00:00")
    assert cadence.next_after(at("2026-04-21T03:00:07.5")) == at("2026-04-21T09:00:00")


def test_an_hour_and_three_tenths_of_a_second_does_not_drift_in_ten_thousand_fire_times() -> None:
    cadence = parse("interval", "@every 1h0.3s").anchored_at(at("2026-04-20T21:00:00"))

    t = at("2026-04-20T21:00:00")
    for _ in range(10_000):
        fire_time = cadence.next_after(t)
        assert fire_time is not None
        t = fire_time

    assert t == at("2026-04-20T21:00:00") + 10_000 * timedelta(hours=1, milliseconds=300)


@often
@given(durations, instants, st.integers(1, 10**6))
def test_the_kth_fire_time_is_the_anchor_plus_k_durations(duration: int, anchor: datetime, k: int) -> None:
    cadence = every(duration).anchored_at(anchor)
    rounded = (anchor + timedelta(milliseconds=500)).replace(microsecond=0)
    exact = Fraction(k * duration, 1000)
    try:
        kth = rounded + timedelta(microseconds=int(exact))
    except OverflowError:
        return

    assert cadence.next_after(kth - timedelta(microseconds=1)) == kth
    assert cadence.next_after(kth) != kth


@often
@given(durations, instants, instants, st.integers(0, 60))
def test_lateness_is_counted_as_if_every_fire_time_had_been_walked(
    duration: int, anchor: datetime, t: datetime, count: int
) -> None:
    cadence = every(duration).anchored_at(anchor)
    fire_times = [cadence.next_after(t)]
    for _ in range(count):
        fire_times.append(cadence.next_after(fire_times[-1] or t))
    first, newest = fire_times[0], fire_times[-1]
    assert first is not None
    assert newest is not None

    overdue = cadence.overdue(first, newest + timedelta(microseconds=duration // 1000 - 1))

    assert overdue == OverdueSpan(newest, count, fire_times[-2] if count else None)
    assert overdue == cadence.overdue(first, newest)


def test_lateness_counts_from_a_first_instant_that_is_no_fire_time_as_it_stands() -> None:
    cadence = parse("interval", "@every 1h").anchored_at(at("2026-04-20T21:00:00"))
    odd = at("2026-04-20T22:17:00")

    assert cadence.overdue(odd, at("2026-04-20T22:59:59")) == OverdueSpan(odd, 0, None)
    assert cadence.overdue(odd, at("2026-04-20T23:00:00")) == OverdueSpan(at("2026-04-20T23:00:00"), 1, odd)
    assert cadence.overdue(odd, at("2026-04-21T00:30:00")) == OverdueSpan(
        at("2026-04-21T00:00:00"), 2, at("2026-04-20T23:00:00")
    )


def test_lateness_without_an_anchor_or_before_the_first_fire_time_is_a_mistake() -> None:
    fresh = parse("interval", "@every 1h")
    anchored = fresh.anchored_at(at("2026-04-20T21:00:00"))

    with pytest.raises(ValueError, match="anchored_at"):
        fresh.overdue(at("2026-04-20T22:00:00"), at("2026-04-20T23:00:00"))
    with pytest.raises(ValueError, match="has not come"):
        anchored.overdue(at("2026-04-20T22:00:00"), at("2026-04-20T21:59:59"))


def test_after_the_last_instant_there_is_no_fire_time() -> None:
    longest = parse("interval", "@every 2562047h")
    hourly = parse("interval", "@every 1h").anchored_at(at("2026-04-20T21:00:00"))
    last_instant = datetime.max.replace(tzinfo=UTC)

    assert longest.next_after(at("9900-01-01T00:00:00")) is None
    assert longest.anchored_at(last_instant).next_after(last_instant) is None
    assert hourly.next_after(last_instant) is None
    assert hourly.next_after(last_instant.replace(tzinfo=timezone(-timedelta(hours=3)))) is None


def test_a_naive_instant_is_refused() -> None:
    naive = datetime(2026, 4, 20)  # noqa: DTZ001 (on purpose)

    with pytest.raises(ValueError, match="time zone"):
        parse("interval", "@every 1h").next_after(naive)
    with pytest.raises(ValueError, match="time zone"):
        parse("interval", "@every 1h").anchored_at(naive)
