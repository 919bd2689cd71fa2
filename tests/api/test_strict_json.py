"""Properties of reading JSON strictly, whatever the bytes."""

import json
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from schedules.api import strict_json
from schedules.errors import InvalidRequest

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


@given(VALUES, st.booleans())
def test_every_plain_value_is_read_exactly(value: Any, is_ascii: bool) -> None:
    read = strict_json.read(json.dumps(value, ensure_ascii=is_ascii).encode())

    assert read == value
    assert type(read) is type(value)


@given(st.binary(max_size=200) | st.text('{}[]",:\\u0d8e1-.NaIty ', max_size=60).map(str.encode))
@example(b'{"a":' * 100_000)
@example(b"1e999999999999")
@example(b"-" + b"9" * 100_000)
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    try:
        value = strict_json.read(body)
    except InvalidRequest:
        return
    assert strict_json.read(json.dumps(value).encode()) == value
