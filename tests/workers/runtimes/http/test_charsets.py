"""Bodies are read in the charset that they are written in."""

import pytest

from workers.runtimes.http.charsets import text_of


@pytest.mark.parametrize(
    ("body", "content_type", "text"),
    [
        ("grün", "application/json", "grün"),
        ("grün", "", "grün"),
        ("grün", "text/plain; charset=UTF-8", "grün"),
        ("grün", "text/plain; charset=nonsense", "grün"),
        ("grün", "text/plain; charset=punycode", "grün"),
        ("grün", "text/plain; charset=", "grün"),
    ],
)
def test_utf_8_is_what_is_meant_unless_something_else_is_said(
    body: str, content_type: str, text: str
) -> None:
    assert text_of(body.encode(), content_type) == text


@pytest.mark.parametrize(
    ("charset", "text"),
    [
        ("iso-8859-1", "grün"),
        ("ISO-8859-15", "5 €"),
        ("windows-1252", "5 € „grün“"),
        ("utf-16le", "grün"),
        ("Shift_JIS", "日本"),
        ("gb18030", "你好"),
        ("us-ascii", "green"),
    ],
)
@pytest.mark.parametrize("parameter", ["charset={}", 'charset="{}"', "CHARSET = {}", "q=1; charset={}; x=y"])
def test_the_declared_charset_is_believed(charset: str, parameter: str, text: str) -> None:
    assert text_of(text.encode(charset), "text/plain; " + parameter.format(charset)) == text


@pytest.mark.parametrize("charset", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_is_believed_before_it(charset: str) -> None:
    assert text_of("grün 👋".encode(charset), "application/json; charset=iso-8859-1") == "grün 👋"


def test_bytes_that_are_no_text_are_told_or_replaced() -> None:
    with pytest.raises(UnicodeDecodeError):
        text_of(b"\xff", "text/plain")

    assert text_of(b"a\xffb", "text/plain", "replace") == "a\ufffdb"
