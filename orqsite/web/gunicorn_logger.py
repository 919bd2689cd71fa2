"""gunicorn's own lines in the form of all others: its master writes before the application is loaded."""

import os
from typing import Any

from gunicorn.glogging import Logger  # type: ignore[import-untyped]  # it has no types

from orqsite import logs


class Lines(Logger):  # type: ignore[misc]  # it has no types
    """What `logger_class` of gunicorn.conf.py names."""

    def setup(self, cfg: Any) -> None:
        """As gunicorn does it, with our formatter."""
        super().setup(cfg)
        formatter = logs.formatter(os.environ.get("ORQ_LOG_FORMAT", "json"))
        for handler in (*self.error_log.handlers, *self.access_log.handlers):
            handler.setFormatter(formatter)
