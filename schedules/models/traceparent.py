"""W3C traceparents: which span asked for a run (https://www.w3.org/TR/trace-context/)."""

import re
from typing import Final

TRACEPARENT_LENGTH: Final = 55
_TRACEPARENT: Final = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}"
)
_TRACE_ID: Final = re.compile(r"(?!0{32})[0-9a-f]{32}")


def valid_traceparent(text: str | None) -> str:
    """The text when it is a traceparent; else empty: a header that nobody can read is as good as none."""
    return text if text is not None and _TRACEPARENT.fullmatch(text) else ""


def root_traceparent(trace_id: str) -> str:
    """The root span of an attempt's trace, whose id is the lower half of the trace's; empty without a trace."""
    return f"00-{trace_id}-{trace_id[16:]}-01" if _TRACE_ID.fullmatch(trace_id) else ""
