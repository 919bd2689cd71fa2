"""Read a Retry-After header (RFC 9110, 10.2.3): whole seconds or an HTTP date."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

LONGEST = timedelta(hours=1)
"""An agent may not park a run for longer than this; a longer wish is cut."""

_SECONDS = re.compile(r"[0-9]{1,9}")


def retry_after(value: str | None, now: datetime) -> timedelta | None:
    """How long to wait from `now` (aware), at most an hour; None when the header is absent, past or nonsense."""
    if value is None or len(value) > 100:
        return None
    value = value.strip()
    wait = timedelta(seconds=int(value)) if _SECONDS.fullmatch(value) else _until(value, now)
    return min(wait, LONGEST) if wait is not None and wait >= timedelta(0) else None


def _until(value: str, now: datetime) -> timedelta | None:
    try:
        instant = parsedate_to_datetime(value)
    except ValueError:
        return None
    if instant.tzinfo is None:  # "-0000": the sender knows no zone; HTTP dates are UTC
        instant = instant.replace(tzinfo=UTC)
    return instant - now
