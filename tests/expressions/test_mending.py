"""A refusal names what was probably meant; a suggestion is accepted and means exactly that."""

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from schedules.expressions import InvalidExpression, admit
from tests.expressions.dialects import Dialect, crontab, eventbridge, quartz
from tests.expressions.oracle import Oracle
from tests.expressions.strategies import often
from tests.expressions.test_parse import HOSTILE, any_text

NEW_YEAR = datetime(2024, 1, 1, tzinfo=UTC)


def refusal_of(kind: str, text: str) -> InvalidExpression:
    with pytest.raises(InvalidExpression) as refusal:
        admit(kind, text)
    return refusal.value


@pytest.mark.parametrize(
    ("refused", "meant"),
    [
        ("30 9 * * 1-5", "0 30 9 * * 1-5"),
        ("0 9 * * 7", "0 0 9 * * 0"),
        ("0 9 1 * *", "0 0 9 1 * *"),
        ("0  9\t* * mon", "0 0 9 * * mon"),
        ("0 0 9 * * 7", "0 0 9 * * 0"),
        ("0 0 9 * * 1,7", "0 0 9 * * 1,0"),
        ("0 0 9 * * 5-7", "0 0 9 * * 5-6,0"),
        ("0 0 9 * * 0-7", "0 0 9 * * 0-6"),
        ("0 0 9 * * fri-mon", "0 0 9 * * fri-sat,sun-mon"),
        ("0 0 9 * * sat-sun", "0 0 9 * * sat,sun"),
        ("0 0 9 * * fri-mon/2", "0 0 9 * * fri,sun"),
        ("0 0 22-2 * * *", "0 0 22-23,0-2 * * *"),
        ("0 0 9 28-2 * *", "0 0 9 28-31,1-2 * *"),
        ("0 0 9 * nov-feb *", "0 0 9 * nov-dec,jan-feb *"),
        ("0 0 9 * * Monday", "0 0 9 * * mon"),
        ("0 0 9 * September *", "0 0 9 * sep *"),
        ("0 0 9 * * 1-5\n", "0 0 9 * * 1-5"),
        ("@Daily", "@daily"),
        (" @weekly ", "@weekly"),
        ("CRON_TZ=UTC 0 0 9 * * *", "0 0 9 * * *"),
        ("TZ=Etc/UTC 30 9 * * 1-5", "0 30 9 * * 1-5"),
        ("0 0 2 * * ? *", "0 0 2 * * *"),
        ("0 0 9 ? * 2-6 *", "0 0 9 * * mon-fri"),
        ("0 0 9 1 * mon *", "0 0 9 1 * mon"),
        ("0 0 9 ? * L", "0 0 9 * * sat"),
        ("0 0 9 L 1,3 ?", "0 0 9 31 1,3 *"),
        ("0 0 9 L-2 apr *", "0 0 9 28 apr *"),
        ("0 2 ? * MON-FRI *", "0 0 2 * * mon-fri"),
        ("0 9,17 * * ? *", "0 0 9,17 * * *"),
        ("cron(0 2 * * ? *)", "0 0 2 * * *"),
        ("cron(15 10 ? * 6-2 *)", "0 15 10 * * fri-sat,sun-mon"),
    ],
)
def test_a_refused_cron_names_what_was_meant(refused: str, meant: str) -> None:
    refusal = refusal_of("cron", refused)

    assert refusal.suggestion == meant
    assert f"did you mean {meant}?" in str(refusal)
    assert admit("cron", meant)


@pytest.mark.parametrize(
    ("refused", "meant"),
    [
        ("@every 1d", "@every 24h"),
        ("@every 2w", "@every 336h"),
        ("@every 1d12h", "@every 36h"),
        ("@every 1.5d", "@every 36h"),
        ("@every 7 days", "@every 168h"),
        ("@every 90 minutes", "@every 1h30m"),
        ("@every 1 h", "@every 1h"),
        ("@every  1h ", "@every 1h"),
        ("@Every 1h", "@every 1h"),
        ("every 6h", "@every 6h"),
        ("rate(1 day)", "@every 24h"),
        ("rate(5 hours)", "@every 5h"),
    ],
)
def test_a_refused_interval_names_what_was_meant(refused: str, meant: str) -> None:
    assert refusal_of("interval", refused).suggestion == meant


@pytest.mark.parametrize(
    ("refused", "meant"),
    [
        ("@at 2099-05-01T09:00:00+02:00", "@at 2099-05-01T07:00:00Z"),
        ("@at 2099-01-01T00:30:00.25-01:00", "@at 2099-01-01T01:30:00.250000Z"),
        ("@at 2099-05-01 09:00:00Z", "@at 2099-05-01T09:00:00Z"),
        ("@at 2099-05-01T09:00Z", "@at 2099-05-01T09:00:00Z"),
        ("2099-05-01T09:00:00z", "@at 2099-05-01T09:00:00Z"),
    ],
)
def test_a_refused_once_names_the_same_instant(refused: str, meant: str) -> None:
    assert refusal_of("once", refused).suggestion == meant


@pytest.mark.parametrize(
    ("kind", "refused", "why"),
    [
        ("cron", "0 0 9 * * * 2026", "there is no year field"),
        ("cron", "0 2 * * ? 2026", "there is no year field"),
        ("cron", "0 0 9 * * 2-6 *", "there is no year field"),
        ("cron", "0 0 9 L * ?", "there is no L, W or #"),
        ("cron", "0 0 9 L 2 ?", "there is no L, W or #"),
        ("cron", "0 0 9 15W * ?", "there is no L, W or #"),
        ("cron", "0 0 9 LW * ?", "there is no L, W or #"),
        ("cron", "0 0 9 ? * 6#3", "there is no L, W or #"),
        ("cron", "0 0 9 ? * friL", "there is no L, W or #"),
        ("cron", "0 0 9 * * L", "there is no L, W or #"),
        ("cron", "CRON_TZ=Europe/Berlin 0 0 9 * * *", "all times are UTC"),
        ("cron", "TZ=America/New_York 0 9 * * *", "all times are UTC"),
        ("cron", "0 0 9 ? * 7", "Sunday in crontab and Saturday in Quartz"),
        ("cron", "*/15 * * * *", "at least one hour apart"),
        ("cron", "0 9 */2 * mon", "has 5"),
        ("cron", "0 9", "has 2"),
        ("cron", "0 0 24 * * *", "0 to 23"),
        ("cron", "@reboot", "is not one of"),
        ("cron", "@every 1h", "is of type interval"),
        ("interval", "@every 3600", "units"),
        ("interval", "@every 30m", "at least one hour"),
        ("interval", "rate(5 minutes)", "units"),
        ("once", "@at 2099-05-01T09:00:00", "RFC 3339"),
        ("once", "@at 2099-02-30T09:00:00+02:00", "not in UTC"),
        ("once", "@at 9999-12-31T23:59:59-01:00", "not in UTC"),
    ],
)
def test_what_ours_cannot_say_or_nobody_can_know_is_explained_without_a_suggestion(
    kind: str, refused: str, why: str
) -> None:
    refusal = refusal_of(kind, refused)

    assert refusal.suggestion is None
    assert why in str(refusal)
    assert "did you mean" not in str(refusal)


def test_a_month_that_begins_with_other_letters_is_not_taken_for_the_last_day() -> None:
    assert "there is no L" not in str(refusal_of("cron", "0 0 24 * jul *"))


def words(low: int, high: int, *names: str) -> st.SearchStrategy[str]:
    return (
        st.integers(low, high).map(str) | st.sampled_from(names) if names else st.integers(low, high).map(str)
    )


def field(word: st.SearchStrategy[str], *, stars: str = "*") -> st.SearchStrategy[str]:
    """A list of values, of ranges in any direction and of steps; or a star."""
    item = st.builds(
        lambda one, other, form: form.format(one, other),
        word,
        word,
        st.sampled_from(["{0}", "{0}", "{0}-{1}", "{0}-{1}/2"]),
    )
    return st.sampled_from(stars) | st.lists(item, min_size=1, max_size=2).map(",".join)


minute = st.integers(0, 59).map(str)
hours = field(words(0, 23))
days = field(words(1, 31))
months = field(words(1, 12, "jan", "NOV", "march"))
weekdays = field(words(0, 7, "sun", "FRI", "monday")) | st.just("*/2")
quartz_weekdays = field(words(1, 7, "sun", "FRI"))
crontab_lines = st.tuples(minute, hours, days | st.just("*/2"), months, weekdays).map(" ".join)
one_day = st.tuples(days, st.just("?")) | st.tuples(st.just("?"), quartz_weekdays)


def same_on_many_days(suggestion: str, meant: Dialect) -> bool:
    """Every fifth day of four years, at an hour that the suggestion names and at one more."""
    ours = Oracle(suggestion)
    _, minutes, hours, *_ = ours.fields
    clocks = [timedelta(hours=hour, minutes=min(minutes)) for hour in (max(hours), (max(hours) + 5) % 24)]
    moments = (NEW_YEAR + timedelta(days=day) + clock for day in range(0, 4 * 365, 5) for clock in clocks)
    return all(ours.matches(moment) == meant.matches(moment) for moment in moments)


@often
@given(crontab_lines)
def test_a_crontab_line_is_mended_to_what_it_means(line: str) -> None:
    suggestion = refusal_of("cron", line).suggestion
    day, weekday = line.split()[2], line.split()[4]
    is_another_rule = "*/2" in (day, weekday) and "*" not in (day, weekday)

    if suggestion is None:
        assert is_another_rule or "never fires" in str(refusal_of("cron", f"0 {line}")) or has_no_day(line)
    else:
        assert admit("cron", suggestion)
        assert same_on_many_days(suggestion, crontab(line))


def has_no_day(line: str) -> bool:
    """Such as 30 February: nothing that could be meant."""
    hour = NEW_YEAR + timedelta(minutes=int(line.split()[0]))
    return not any(crontab(line).matches(hour + timedelta(hours=n)) for n in range(24 * (366 + 3 * 365)))


@often
@given(minute, hours, one_day, months)
def test_an_expression_of_eventbridge_is_mended_to_what_it_means(
    minute: str, hour: str, day: tuple[str, str], month: str
) -> None:
    text = f"{minute} {hour} {day[0]} {month} {day[1]} *"

    suggestion = refusal_of("cron", f"cron({text})").suggestion

    assume(suggestion is not None)
    assert suggestion is not None
    assert same_on_many_days(suggestion, eventbridge(text))


@often
@given(minute, hours, one_day, months)
def test_an_expression_of_quartz_is_mended_to_what_it_means(
    minute: str, hour: str, day: tuple[str, str], month: str
) -> None:
    text = f"0 {minute} {hour} {day[0]} {month} {day[1]} *"

    suggestion = refusal_of("cron", text).suggestion

    assume(suggestion is not None)
    assert suggestion is not None
    assert same_on_many_days(suggestion, quartz(text))


@often
@given(st.sampled_from(["cron", "interval", "once"]), any_text)
def test_every_suggestion_is_accepted_and_another_text(kind: str, text: str) -> None:
    suggestion = suggestion_for(kind, text)

    if suggestion is not None:
        assert suggestion != text
        assert admit(kind, suggestion)


def suggestion_for(kind: str, text: str) -> str | None:
    try:
        admit(kind, text)
    except InvalidExpression as refusal:
        return refusal.suggestion
    return None


@pytest.mark.parametrize("length", [100, 900, 100_000])
@pytest.mark.parametrize(
    ("kind", "make"),
    [
        *HOSTILE,
        ("cron", lambda n: "0 " + "7," * (n // 2 - 6) + " * * *"),
        ("once", lambda n: "@at " + "2" * n),
    ],
)
def test_mending_a_hostile_text_is_settled_in_ten_milliseconds(
    kind: str, make: Callable[[int], str], length: int
) -> None:
    text, times = make(length), []

    for _ in range(5):
        begin = time.perf_counter()
        with suppress(InvalidExpression):
            admit(kind, text)
        times.append(time.perf_counter() - begin)

    assert min(times) < 0.010
