"""What of a change stands in the journal: old and new values, shortened where they are long, never a secret."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

LONGEST: Final = 1024
"""Bytes of a value as JSON; of a longer one the journal has length and digest."""

CHANGED: Final = "changed"
"""All that is said of a secret."""

Changes = dict[str, Any]


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> Changes:
    """By name: the values that differ, `{"old": …, "new": …}`."""
    return {
        name: {"old": _shown(before.get(name)), "new": _shown(value)}
        for name, value in after.items()
        if before.get(name) != value
    }


def first_values(values: Mapping[str, Any]) -> Changes:
    """By name: what something new begins with, `{"new": …}`; what is empty is left out."""
    return {name: {"new": _shown(value)} for name, value in values.items() if value not in (None, "", [], {})}


def _shown(value: Any) -> Any:
    text = json.dumps(value, default=_plain, ensure_ascii=False)
    data = text.encode(errors="replace")
    if len(data) > LONGEST:
        return {"length": len(data), "sha256": sha256(data).hexdigest()}
    return json.loads(text)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return value.total_seconds() if isinstance(value, timedelta) else str(value)
