"""Foreign text becomes short, plain and free of secrets."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules.secrets.masking import MASK
from workers.runtimes.base import CallFailed
from workers.runtimes.redaction import Redactor, plain, quoted, strings_in


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("plain", "plain"),
        ("  two\r\n\tlines  ", "two lines"),
        ("\x1b[31mred\x07\x00", "[31mred"),
        ("right\u202eto\u2066left", "right to left"),
        ("half \ud83d pair", "half pair"),
        ("Grüße 你好 👋", "Grüße 你好 👋"),
    ],
)
def test_text_becomes_one_printable_line(text: str, line: str) -> None:
    assert plain(text) == line


@given(st.text(st.characters()))
def test_a_failure_message_is_always_short_and_printable(text: str) -> None:
    failure = CallFailed("agent_failed", text * 200)

    assert len(failure.message) <= 500
    assert failure.message.isprintable()
    failure.message.encode("utf-8")


def test_a_long_text_ends_with_an_ellipsis() -> None:
    assert plain("x" * 600, 10) == "xxxxxxxxx…"


def test_huge_foreign_text_is_described_instead_of_quoted() -> None:
    assert quoted("x" * 30_000) == "(a text of 30000 characters)"


def test_what_is_not_text_is_quoted_as_json() -> None:
    assert quoted({"a": [1, None]}) == '{"a": [1, null]}'


@pytest.mark.parametrize(
    "text",
    [
        "key Bearer abcd1234 refused",
        "abcd1234",
        "abcd1234abcd1234",
        json.dumps({"said": 'line one\nline "two"'}),
        'line one\nline "two"',
        'line   one\n\n line "two"',
        json.dumps("grün und blau"),
        json.dumps("grün und blau", ensure_ascii=False),
    ],
)
def test_secrets_are_blanked_out_in_every_spelling(text: str) -> None:
    secrets = ["Bearer abcd1234", "abcd1234", 'line one\nline "two"', "grün und blau"]

    redacted = Redactor(lambda: secrets)(text)

    assert MASK in redacted
    for trace in ("abcd1234", "line one", "two", "blau"):
        assert trace not in redacted


def test_a_secret_inside_a_longer_one_is_covered_with_it() -> None:
    assert Redactor(lambda: ["abcd", "abcdefgh"])("<abcdefgh>") == f"<{MASK}>"


def test_secrets_are_only_gathered_when_there_is_something_to_redact() -> None:
    gathered = []
    redact = Redactor(lambda: gathered.append(1) or ["secret"])  # type: ignore[func-returns-value]

    assert gathered == []
    assert redact("a secret") == redact("a secret") == f"a {MASK}"
    assert gathered == [1]


def test_strings_are_found_wherever_they_are() -> None:
    value = {"a": "1234", "b": [{"c": "12345"}, "123", 12345, None], "key-is-no-value": True}

    assert sorted(strings_in(value, 4)) == ["1234", "12345"]


def test_deep_nesting_does_not_exhaust_the_stack() -> None:
    value: object = "deep"
    for _ in range(100_000):
        value = [value]

    assert list(strings_in(value, 1)) == ["deep"]
