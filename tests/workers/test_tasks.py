"""The Celery tasks, which only translate."""

from typing import Any

import pytest
from pytest_django import Settings

from schedules.models import AuditResult, Run
from workers.tasks import audit_ledger, execute_run, prune_history

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("message", [("unknown", 1), (5, 1), (None, None), ("x", "1"), ("x", True), ([], {})])
def test_a_forged_message_starts_nothing(message: tuple[Any, Any]) -> None:
    execute_run(*message)

    assert not Run.objects.exists()


def test_the_housekeeping_task_prunes(settings: Settings) -> None:
    assert prune_history() == 0


def test_the_housekeeping_task_audits() -> None:
    assert audit_ledger() == 0
    assert AuditResult.objects.get().is_clean
