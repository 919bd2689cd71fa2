"""An answer's bytes become a document that every database stores, or a refusal."""

import json
import math
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.runtimes import CallFailed
from workers.runtimes.documents import document_of

ODD_TEXTS = st.lists(
    st.sampled_from(["\x00", "\ud83d", "\ude00", "\udfff", "u0000", "\\", "a", "9e999"]), max_size=5
).map("".join)
NUMBERS = st.from_regex(r"-?[1-9][0-9]{0,350}(\.[0-9]{1,9})?([eE][+-]?0{0,2}[0-9]{1,4})?", fullmatch=True)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (r"a\u0000b", "a\ufffdb"),
        (r"\ud83d", "\ufffd"),
        (r"\ude00\ud83d", "\ufffd\ufffd"),
        (r"\ud83d\ude00", "😀"),
        (r"\\u0000", r"\u0000"),
        ("你好", "你好"),
    ],
)
def test_what_no_database_stores_is_replaced(written: str, kept: str) -> None:
    body = f'{{"{written}": ["{written}"]}}'.encode()

    assert document_of(body, str) == {kept: [kept]}


def test_a_byte_order_mark_is_no_obstacle() -> None:
    assert document_of(b'\xef\xbb\xbf{"a": 1}', str) == {"a": 1}


@pytest.mark.parametrize(
    "body",
    [b"", b" ", b"\xef\xbb\xbf", b'{"a": "\xff"}', b'{"a": "\x00"}', b'{"a": 1', b'{"a": [}', b'{"a": "b'],
)
def test_what_is_no_json_is_invalid(body: bytes) -> None:
    with pytest.raises(CallFailed) as failed:
        document_of(body, str)

    assert (failed.value.code, failed.value.is_retryable) == ("invalid_response", False)


@pytest.mark.parametrize("filling", [b"[],", b"{},", b"0,", b'"ab",', b'{"a":1},'])
def test_a_crowd_of_tiny_values_is_refused_unread(filling: bytes) -> None:
    body = b'{"a": [' + filling * (1024 * 1024 // len(filling)) + b"0]}"

    with pytest.raises(CallFailed) as failed:
        document_of(body, str)

    assert failed.value.code == "response_too_large"


def is_storable(value: Any) -> bool:
    if isinstance(value, dict):
        return all(map(is_storable, [*value, *value.values()]))
    if isinstance(value, list):
        return all(map(is_storable, value))
    if isinstance(value, float):
        return math.isfinite(value)
    return not (isinstance(value, str) and re.search("[\x00\ud800-\udfff]", value))


@given(ODD_TEXTS, NUMBERS, st.booleans())
def test_nothing_is_left_in_a_document_that_no_database_stores(odd: str, number: str, is_ascii: bool) -> None:
    name = json.dumps(odd, ensure_ascii=is_ascii)
    body = f'{{"a": [{name}, {number}], {name}: {name}}}'.encode("utf-16", "surrogatepass")

    try:
        document = document_of(body, str)
    except CallFailed:
        assert not is_ascii  # a lone surrogate is none of any charset's characters
        return

    assert is_storable(document)


@pytest.mark.parametrize(
    "number", ["9" * 309 + ".5", "9" * 250 + "e99", "1e309", "-1E+0309", "NaN", "Infinity", "-Infinity"]
)
def test_a_number_beyond_all_floats_is_null(number: str) -> None:
    assert document_of(f'{{"a": {number}}}'.encode(), str) == {"a": None}


def test_numbers_that_json_has_not_and_what_is_too_deep_are_null() -> None:
    body = b'{"a": [NaN, 1e999, -1e999, 1.5], "b": ' + b"[" * 101 + b"]" * 101 + b"}"

    document = document_of(body, str)

    assert document["a"] == [None, None, None, 1.5]
    assert json.dumps(document["b"]) == "[" * 99 + "null" + "]" * 99


@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1"])
def test_a_document_is_read_in_its_charset(charset: str) -> None:
    body = '{"a": "grün"}'.encode(charset)

    assert document_of(body, str, f"application/json; charset={charset}") == {"a": "grün"}
