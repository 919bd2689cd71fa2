"""Turn a body into text, by its byte order mark, its declared charset, or as UTF-8."""

import codecs
import re

BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # begins like UTF-16's
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

_PARAMETER = re.compile(r"""charset\s*=\s*["']?([A-Za-z0-9_.:-]{1,40})""", re.ASCII | re.IGNORECASE)

# Python also has codecs that take quadratic time, or are none of text.
_KNOWN = re.compile(
    r"utf-?8|utf-?(16|32)([-_]?[lb]e)?|us-ascii|latin-?1|iso-?8859-?[0-9]{1,2}|windows-125[0-8]|cp125[0-8]"
    r"|shift[-_]jis|euc-(jp|kr)|gbk|gb2312|gb18030|big5",
    re.ASCII | re.IGNORECASE,
)

for _name in ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be", "latin-1", "cp1252"):
    codecs.lookup(_name)  # now: a first use may meet a process without a descriptor left, and fail for good


def text_of(body: bytes | bytearray, content_type: str, errors: str = "strict") -> str:
    """The body as text, without its mark. Raises `UnicodeDecodeError`; with other `errors` see `bytes.decode`."""
    for mark, charset in BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(charset, errors)
    return body.decode(_charset(content_type), errors)


def _charset(content_type: str) -> str:
    declared = _PARAMETER.search(content_type)
    if declared is None or not _KNOWN.fullmatch(declared[1]):
        return "utf-8"
    try:
        return codecs.lookup(declared[1]).name
    except LookupError:
        return "utf-8"
