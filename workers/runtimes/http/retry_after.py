"""How long an agent asks to be left alone: Retry-After (RFC 9110, 10.2.3), and the spellings that are about."""

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

MEASURABLE = timedelta(days=365)
"""A longer wish is read as this; how much of it is honoured is not decided here (`schedules.runs.retries`)."""

_NUMBER = re.compile(r"[0-9]+(\.[0-9]*)?", re.ASCII)


def retry_after(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """How long to wait from `now` (aware); None when no header says so, or only the past or nonsense.

    In order: `retry-after-ms` (milliseconds, more exact, of OpenAI and Azure), `retry-after` (seconds, also
    fractions, or an HTTP date), and `llm_provider-retry-after`, which LiteLLM passes on from upstream.
    """
    waits = (
        _after(headers.get("retry-after-ms"), 0.001),
        _after(headers.get("retry-after"), 1.0),
        _until(headers.get("retry-after"), now),
        _after(headers.get("llm_provider-retry-after"), 1.0),
    )
    return next((wait for wait in waits if wait is not None), None)


def _after(value: str | None, unit: float) -> timedelta | None:
    if value is None or not _NUMBER.fullmatch(value.strip()):
        return None
    return timedelta(seconds=math.ceil(min(float(value) * unit, MEASURABLE.total_seconds()) * 1000) / 1000)


def _until(value: str | None, now: datetime) -> timedelta | None:
    if value is None or len(value) > 100:
        return None
    try:
        instant = parsedate_to_datetime(value.strip())
    except ValueError:
        return None
    if instant.tzinfo is None:  # "-0000": the sender knows no zone; HTTP dates are UTC
        instant = instant.replace(tzinfo=UTC)
    wait = instant - now
    return min(wait, MEASURABLE) if wait >= timedelta(0) else None
