"""The masker covers every secret in every spelling, however secrets overlap, and does so in linear time."""

import base64
import html
import json
import sys
import urllib.parse
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules.secrets.masking import MASK, SHORTEST_SECRET, Masker, stretches

PEM = '-----BEGIN KEY-----\nMIIEvQ+/=\nüß"quoted"\\back\\<&\'>\n-----END KEY-----\n'
TOKEN = "hunter2-S3cr3t-Tok3n"


def masked(value: Any, *secrets: str) -> Any:
    return Masker(secrets).value(value)


def in_json(text: str, **options: Any) -> str:
    return json.dumps(text, **options)[1:-1]


@pytest.mark.parametrize(
    "written",
    [
        PEM,
        in_json(PEM),
        in_json(PEM, ensure_ascii=False),
        in_json(in_json(PEM)),
        in_json(in_json(PEM, ensure_ascii=False)),
        in_json(in_json(PEM, ensure_ascii=False), ensure_ascii=False),
        in_json(PEM).replace("/", "\\/"),
        in_json(PEM, ensure_ascii=False)
        .replace("&", "\\u0026")
        .replace("<", "\\u003c")
        .replace(">", "\\u003e"),
        in_json(PEM).replace("\\u00fc", "\\u00FC").replace("\\u00df", "\\u00DF"),
        html.escape(PEM),
        html.escape(PEM, quote=False),
        html.escape(PEM).replace("&#x27;", "&#39;"),
        urllib.parse.quote(PEM),
        urllib.parse.quote(PEM, safe=""),
        urllib.parse.quote_plus(PEM),
        urllib.parse.urlencode({"key": PEM}).removeprefix("key="),
        base64.b64encode(PEM.encode()).decode(),
        base64.urlsafe_b64encode(PEM.encode()).decode(),
        base64.b64encode(PEM.encode()).decode().rstrip("="),
    ],
)
def test_a_secret_is_covered_in_each_of_its_spellings(written: str) -> None:
    assert masked(f"key: {written} .", PEM) in (f"key: {MASK} .", f"key: {MASK}= .", f"key: {MASK}== .")


def test_a_private_key_inside_json_inside_json_is_covered() -> None:
    """Row 6 of the doors tried: an agent that answers json.dumps of a key with line breaks."""
    output = [
        {"type": "message", "content": [{"type": "output_text", "text": json.dumps({"key": PEM})}]},
        {"type": "function_call", "arguments": json.dumps({"key": PEM})},
    ]

    kept = masked(output, PEM)

    assert kept[0]["content"][0]["text"] == kept[1]["arguments"] == json.dumps({"key": MASK})


def test_secrets_that_overlap_uncover_nothing_of_each_other() -> None:
    """Row 7 of the doors tried: 95 secrets, one of which begins with the last letter of the token."""
    tail = "~" * 60
    secrets = [chr(code) + tail for code in range(32, 127)]

    assert masked(f"<{TOKEN}{tail}>", TOKEN, *secrets) == f"<{MASK}>"


@pytest.mark.parametrize(
    ("text", "secrets", "kept"),
    [
        ("abcd1234", ["abcd", "1234"], MASK),
        ("abcd 1234", ["abcd", "1234"], f"{MASK} {MASK}"),
        ("<abcdefgh>", ["abcd", "abcdefgh"], f"<{MASK}>"),
        ("<abcdefgh>", ["cdef", "abcdefgh"], f"<{MASK}>"),
        ("<abcdefgh>", ["abcdef", "efgh"], f"<{MASK}>"),
        ("abcabcabcab", ["abcabc"], f"{MASK}ab"),
        ("xabababababx", ["ababa"], f"x{MASK}bx"),
        ("aaaaaaa", ["aaaa"], MASK),
        ("nothing", ["abcd"], "nothing"),
        ("", ["abcd"], ""),
        ("a\0abcd", ["abcd"], f"a\ufffd{MASK}"),
    ],
)
def test_every_character_of_any_hit_is_covered(text: str, secrets: list[str], kept: str) -> None:
    assert masked(text, *secrets) == kept


@given(
    st.text("ab", max_size=60),
    st.lists(st.text("ab", min_size=SHORTEST_SECRET, max_size=8), max_size=3),
    st.integers(0, 8),
)
def test_exactly_the_characters_of_hits_are_covered(text: str, secrets: list[str], repeats: int) -> None:
    text = text + text[:4] * repeats
    is_hit = [False] * len(text)
    for secret in secrets:
        for start in range(len(text)):
            if text.startswith(secret, start):
                is_hit[start : start + len(secret)] = [True] * len(secret)

    kept = masked(text, *secrets)

    assert kept.replace(MASK, "") == "".join(c for c, hit in zip(text, is_hit, strict=True) if not hit)


@given(
    st.binary(max_size=5),
    st.text(min_size=9, max_size=30).filter(lambda text: "\0" not in text),
    st.binary(max_size=5),
)
def test_base64_hides_no_secret_wherever_it_stands_in_it(before: bytes, secret: str, after: bytes) -> None:
    secret = secret.encode("utf-8", "replace").decode()
    encoded = base64.b64encode(before + secret.encode() + after).decode()

    kept = masked(encoded, secret)

    assert MASK in kept
    own_characters = len(kept.replace(MASK, "").rstrip("="))
    assert own_characters <= -(-len(before) * 8 // 6) + -(-len(after) * 8 // 6) + 2


def test_a_short_secret_is_not_searched_for() -> None:
    assert masked("the yes of a no", "yes", "no", "e", "") == "the yes of a no"


def test_names_are_masked_as_texts_are_but_for_those_that_are_kept() -> None:
    masker = Masker(["type", "text"])

    kept = masker.value({"type": "type", "a text": [1, None, {"text": True}]}, frozenset({"type"}))

    assert kept == {"type": MASK, f"a {MASK}": [1, None, {MASK: True}]}


def test_numbers_and_constants_stay_as_they_are() -> None:
    assert masked([1234, 1.5, True, None, {}, []], "1234", "True", "None") == [1234, 1.5, True, None, {}, []]


class CountingText(str):
    """A text that counts the characters that are looked at in it."""

    looked_at = 0

    def find(self, needle: str, start: int = 0) -> int:  # type: ignore[override]
        hit = super().find(needle, start)
        self.looked_at += 2 * len(needle) + (len(self) if hit < 0 else hit + len(needle)) - start
        return hit

    def startswith(self, prefix: str, start: int = 0) -> bool:  # type: ignore[override]
        self.looked_at += len(prefix)
        return super().startswith(prefix, start)


@pytest.mark.parametrize(
    ("unit", "needle"),
    [
        ("a", "a" * 4),
        ("a", "a" * 5_000),
        ("ab", "ab" * 300),
        ("a" * 600 + "b", "a" * 300 + "b" + "a" * 300),
        ("a" * 99 + "b", ("a" * 99 + "b") * 20 + "a" * 50),
        ("a" * 100 + "b", "a" * 40),
        ("abaababaabaab", "abaababaabaab" * 3 + "abaab"),
    ],
)
def test_the_work_is_linear_in_the_text_whatever_stands_in_it(unit: str, needle: str) -> None:
    text = CountingText((unit * 200_000)[:200_000])

    assert list(stretches(text, needle))

    assert text.looked_at < 25 * len(text)


def test_a_megabyte_of_small_texts_and_95_secrets_takes_few_searches() -> None:
    """Calls are counted, not seconds: every text is visited once, and each spelling is searched for once over all."""
    texts = [{"name": f"word {number}"} for number in range(50_000)]
    masker = Masker(f"secret number {number:04}" for number in range(95))
    counts = {"call": 0, "c_call": 0}

    sys.setprofile(lambda _, event, __: counts.__setitem__(event, counts.get(event, 0) + 1))
    try:
        masker.value(texts)
    finally:
        sys.setprofile(None)

    assert counts["call"] + counts["c_call"] < 40 * len(texts)
