"""redis-py imports OpenTelemetry's metrics SDK wherever it is installed; a process that traces nothing keeps it out.

The SDK is installed for those who trace, and takes each process a part of a second and some megabytes.
"""

import sys
from typing import Final

from workers.tracing.start import is_configured

MODULE: Final = "opentelemetry.sdk.metrics"


def keep_out() -> None:
    """Let that import fail, as where the SDK is not installed; to be called before redis is imported."""
    if MODULE not in sys.modules and not is_configured():
        sys.modules[MODULE] = None  # type: ignore[assignment]  # documented: such an import raises
