"""The spellings in which a secret comes back: as it is, or as a program wrote it into JSON, a URL, HTML or base64.

Pure: text in, texts out.
"""

import json
import re
from base64 import b64encode
from collections.abc import Iterable, Iterator
from urllib.parse import quote

SHORTEST_ENCODED = 9
"""Bytes from which a secret is searched for in base64: fewer leave too few characters that are surely its own."""

NESTED_JSON = 3
"""How deep inside texts of JSON a secret is searched for."""

_HTML_QUOTES = (
    ("&quot;", "&#x27;"),
    ("&#34;", "&#39;"),
    ("&quot;", "&#39;"),
    ("&quot;", "&#039;"),
    ('"', "&apos;"),
)
"""How the escapers in use write a double and a single quote (Python's, Go's and Jinja's, Django's, PHP's, XML's)."""

_URL_SAFE = ("", "/", "!'()*", "!'()*/;,?:@&=+$#", "*")
"""What else the percent-encoders in use leave alone (RFC 3986's, Python's, JavaScript's two, a browser's forms)."""

_ESCAPES = re.compile(r"%[0-9A-F]{2}|\\u[0-9a-f]{4}")


def spellings(secret: str) -> set[str]:
    """Every spelling of the secret that is searched for, itself among them."""
    in_html = {*_in_html(secret)}
    texts = {secret, *_in_json(secret), *in_html, *_escaped(in_html), *_in_urls(secret), *_in_base64(secret)}
    return {spelling for text in texts for spelling in (text, _with_the_other_case(text))}


def _in_json(secret: str) -> Iterator[str]:
    """With `\\u` escapes and without, up to three times over, as a tool's arguments are that hold JSON in JSON."""
    texts = {secret}
    for _ in range(NESTED_JSON):
        texts = {*_escaped(texts)}
        yield from texts


def _escaped(texts: Iterable[str]) -> Iterator[str]:
    """Each as a text inside JSON; slashes may be escaped."""
    for text in texts:
        for is_ascii in (True, False):
            written = json.dumps(text, ensure_ascii=is_ascii)[1:-1]
            yield from (written, written.replace("/", "\\/"), _without_markup(written))


def _without_markup(written: str) -> str:
    """As encoders write it whose JSON may stand inside HTML (Go's, for one)."""
    return written.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _in_html(secret: str) -> Iterator[str]:
    text = secret.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    yield text
    for double, single in _HTML_QUOTES:
        yield text.replace('"', double).replace("'", single)


def _in_urls(secret: str) -> Iterator[str]:
    for safe in _URL_SAFE:
        written = quote(secret, safe=safe, errors="replace")
        yield from (written, written.replace("%20", "+"))


def _in_base64(secret: str) -> Iterator[str]:
    """At each of the three places where it may begin in a group of three bytes, in both alphabets.

    Only characters that it alone decides, and once more with the last ones of a text that ends with it.
    """
    raw = secret.encode(errors="replace")
    if len(raw) < SHORTEST_ENCODED:
        return
    for offset in range(3):
        size = offset + len(raw)
        begins, sure, ends = -(-offset * 8 // 6), size * 8 // 6, -(-size * 8 // 6)
        encoded = b64encode(bytes(offset) + raw).decode()
        for text in (encoded[begins:sure], encoded[begins:ends]):
            yield from (text, text.replace("+", "-").replace("/", "_"))


def _with_the_other_case(text: str) -> str:
    """`%2f` for `%2F`, and `\\u00FC` for `\\u00fc`."""
    return _ESCAPES.sub(lambda escape: escape[0][:2] + escape[0][2:].swapcase(), text)
