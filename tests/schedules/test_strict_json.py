"""Properties of reading JSON strictly, whatever the bytes."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from schedules import strict_json

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
    except strict_json.NotStrictJson:
        return
    assert strict_json.read(json.dumps(value).encode()) == value


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"\xff", "is not UTF-8: wrong byte at 0"),
        (b'{"a": 1,\n x', "is not JSON: .* at line 2, column 2"),
        (b'{"a": 1,\n "a": 2}', "has an object with the name 'a' twice"),
        (b"[Infinity]", "Infinity is not a JSON number"),
        (b"[1e999]", "holds a number that is too large"),
        (b'["a\\u0000"]', "NUL"),
        (b'{"\\ud800": 1}', "half of a surrogate pair"),
        (b"[" * 100_000 + b"]" * 100_000, "is nested more than 32 levels deep"),
        (b"1" * 10_000, "holds a number with too many digits"),
    ],
)
def test_what_is_wrong_is_said(body: bytes, problem: str) -> None:
    with pytest.raises(strict_json.NotStrictJson, match=problem):
        strict_json.read(body)
