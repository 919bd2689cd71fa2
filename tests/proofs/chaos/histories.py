"""Correct histories of chaos runs, made by hypothesis: what was asked for, and starts that keep every promise."""

from dataclasses import dataclass

from hypothesis import strategies as st

from tests.proofs.chaos.history import End, Excused, Expected, History, Kind, Start

SECONDS = st.integers(0, 3000).map(lambda tenths: 1_000_000 + tenths / 10)
WAITS = st.integers(0, 40_000).map(lambda milliseconds: milliseconds / 1000)
REASONS = ("failed", "cancelled", "discarded", "replaced", "paused", "deleted")


def moments(at: int) -> st.SearchStrategy[float]:
    """When the subject's instant number `at` may be due: no other number's."""
    return SECONDS.map(lambda seconds: seconds + at / 100)


@dataclass(frozen=True, slots=True)
class Fate:
    """One instant and what became of it."""

    expected: Expected
    starts: tuple[Start, ...]
    excuses: tuple[Excused, ...] = ()


@st.composite
def kept(draw: st.DrawFn, subject: str, at: int) -> Fate:
    """An instant that had to start, and did."""
    expected = Expected(subject, draw(st.sampled_from(Kind)), draw(moments(at)))
    return Fate(expected, draw(attempts(expected, at, 1)))


@st.composite
def free(draw: st.DrawFn, subject: str, at: int) -> Fate:
    """An instant that may start or not: withdrawn, unknown or tried in vain."""
    due_at, life = draw(moments(at)), draw(WAITS)
    withdrawn_at = draw(st.none() | st.just(due_at + life))
    is_certain = withdrawn_at is not None and draw(st.booleans())
    expected = Expected(subject, Kind.CADENCE, due_at, withdrawn_at, is_certain)
    starts = draw(attempts(expected, at, 0))
    if starts or withdrawn_at is None or draw(st.booleans()):
        return Fate(expected, starts)
    return Fate(expected, (), (Excused(subject, due_at, draw(st.sampled_from(REASONS))),))


@st.composite
def attempts(draw: st.DrawFn, expected: Expected, at: int, least: int) -> tuple[Start, ...]:
    """The starts of one run, each attempt once, none after the withdrawal."""
    waits = sorted(draw(st.lists(WAITS, min_size=least, max_size=3)))
    instants = [expected.due_at + wait for wait in waits]
    end = expected.withdrawn_at
    allowed = [instant for instant in instants if end is None or instant <= end]
    answered = draw(st.integers(1, max(1, len(allowed))))
    return tuple(
        Start(expected.subject, f"{expected.subject}-{at}", attempt, instant, attempt >= answered, "body")
        for attempt, instant in enumerate(allowed, 1)
    )


@st.composite
def kept_subjects(draw: st.DrawFn, subject: str = "kept", most: int = 5) -> list[Fate]:
    """One subject whose every instant had to start, and did."""
    return [draw(kept(subject, at)) for at in range(draw(st.integers(1, most)))]


@st.composite
def crowds(draw: st.DrawFn) -> list[Fate]:
    """A few subjects with instants of all sorts."""
    names = [f"crowd-{number}" for number in range(draw(st.integers(0, 3)))]
    either = [draw(st.lists(st.booleans(), max_size=5)) for _ in names]
    return [
        draw(kept(name, at) if is_kept else free(name, at))
        for name, kinds in zip(names, either, strict=True)
        for at, is_kept in enumerate(kinds)
    ]


def history_of(fates: list[Fate]) -> History:
    """The history in which all this happened."""
    return History(
        expected=[fate.expected for fate in fates],
        starts=[start for fate in fates for start in fate.starts],
        excused=[excuse for fate in fates for excuse in fate.excuses],
        ends={start.run_id: End.SUCCEEDED for fate in fates for start in fate.starts if start.is_answered},
    )
