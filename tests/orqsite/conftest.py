"""Health is asked anew by each test."""

import pytest

from schedules.health.report import broker_verdict, database_verdict, key_verdict, recent_report


@pytest.fixture(autouse=True)
def _forgotten_verdicts() -> None:
    """What an earlier test found out is not what this one finds."""
    for verdict in (database_verdict, broker_verdict, key_verdict, recent_report):
        verdict.forget()
