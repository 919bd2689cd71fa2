"""Events are put together however the body is cut, and whichever line ends it has."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.runtimes import CallFailed
from workers.runtimes.http.event_stream import Event, EventReader

BODY = "\ufeff: hello\n\ndata: one\n\nevent: two\ndata: {{\ndata:}}\nid: 7\n\ndata\n\nevent: empty\n\ndata:  x\n\n"
EVENTS = [Event("", b"one"), Event("two", b"{{\n}}"), Event("", b" x")]


def read(*pieces: bytes, limit: int = 100) -> list[Event]:
    events: list[Event] = []
    reader = EventReader(lambda event: bool(events.append(event)), limit)  # type: ignore[func-returns-value]
    for piece in pieces:
        reader(piece)
    return events


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@given(size=st.integers(1, 200))
def test_a_stream_may_be_cut_anywhere(end: str, size: int) -> None:
    body = BODY.replace("\n", end).encode()

    assert read(*(body[start : start + size] for start in range(0, len(body), size))) == EVENTS


def test_an_event_that_was_not_ended_is_none() -> None:
    assert read(b"data: one\n\ndata: two\n") == [Event("", b"one")]


def test_nothing_is_looked_at_after_the_last_event_of_interest() -> None:
    events: list[Event] = []

    def is_last(event: Event) -> bool:
        events.append(event)
        return event.data == b"two"

    assert EventReader(is_last, 100)(b"data: one\n\ndata: two\n\ndata: three\n\n")
    assert [event.data for event in events] == [b"one", b"two"]


@pytest.mark.parametrize("body", [b"data: " + b"x" * 101 + b"\n\n", b"x" * 101, b"data: xxxxxxxxxx\n" * 11])
def test_an_event_has_its_limit(body: bytes) -> None:
    with pytest.raises(CallFailed) as failed:
        read(body, limit=100)

    assert failed.value.code == "response_too_large"
