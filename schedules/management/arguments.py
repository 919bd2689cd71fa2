"""What operators type behind a command: each kind of argument is read here, or refused in one sentence."""

import re
from argparse import ArgumentTypeError
from collections.abc import Callable
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db.models import Model

from schedules.addresses import AddressRefused, require_base_url
from schedules.expressions.instants import read_instant

LONGEST_DURATION = timedelta(days=3660)

_DURATION = re.compile(r"([0-9]{1,6})([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_SHORT_UNITS = {"ms": "milliseconds", "s": "seconds", "m": "minutes", "h": "hours"}
_BLANK = re.compile(r"[\s\x00-\x1f\x7f]")


def duration(text: str) -> timedelta:
    """`90m`, `12h`, `30d` or `2w`: more than nothing, at most about ten years."""
    match = _DURATION.fullmatch(text)
    length = timedelta(**{_UNITS[match[2]]: int(match[1])}) if match else timedelta(0)
    if not timedelta(0) < length <= LONGEST_DURATION:
        raise ArgumentTypeError(
            f"{text!r} is not a duration between 1m and 3660d; write for example 12h, 30d or 4w"
        )
    return length


def lifetime(text: str) -> timedelta | None:
    """A duration, or `never`: None."""
    return None if text == "never" else duration(text)


def length(text: str) -> timedelta:
    """`500ms`, `10s`, `5m` or `1h`: how long something may take."""
    match = re.fullmatch(r"([0-9]{1,9})(ms|s|m|h)", text)
    if not match:
        raise ArgumentTypeError(f"{text!r} is not a length of time; write for example 500ms, 10s or 5m")
    return timedelta(**{_SHORT_UNITS[match[2]]: int(match[1])})


def instant(text: str) -> datetime:
    """An RFC 3339 instant from 1970 on, in any time zone; aware UTC."""
    try:
        return read_instant(text)
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from None


def count(text: str) -> int:
    """A number from 1 to 10000."""
    if not re.fullmatch(r"[0-9]{1,5}", text) or not 1 <= int(text) <= 10_000:
        raise ArgumentTypeError(f"{text!r} is not a number from 1 to 10000")
    return int(text)


def value_of(model: type[Model], field_name: str, hint: str = "") -> Callable[[str], str]:
    """A reader of texts that a model's field accepts: its own validators decide. `hint`: what is accepted."""
    field = model._meta.get_field(field_name)

    def read(text: str) -> str:
        _require_encodable(text)
        try:
            return str(field.clean(text.strip(), None))  # type: ignore[union-attr]  # a field, no relation
        except ValidationError as error:
            raise ArgumentTypeError(f"{text!r}: {' '.join(error.messages)} {hint}".strip()) from None

    return read


def base_url(text: str) -> str:
    """`http(s)://host[:port][/path]`; a host without a dot is right too, as the services of one network have."""
    _require_encodable(text)
    try:
        require_base_url(text)
    except AddressRefused as refused:
        raise ArgumentTypeError(
            f"{text!r}: {refused}, like https://agents.example.org or http://agents:8080"
        ) from None
    return text


def url_path(text: str) -> str:
    """The path of a URL, from its slash on; empty: the base URL is the whole address."""
    _require_encodable(text)
    if (text and not text.startswith("/")) or _BLANK.search(text) or len(text) > 255:
        raise ArgumentTypeError(f"{text!r} is not a path like /v1/responses")
    return text


def _require_encodable(text: str) -> None:
    """Bytes that are not UTF-8 arrive as lone surrogates, which no database takes."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ArgumentTypeError(f"{text!r} is not UTF-8 text") from None
