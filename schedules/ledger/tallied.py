"""Tallies that are not what the runs say: something was counted twice, or not at all."""

from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings

from schedules import tallies
from schedules.ledger.findings import Finding, Problem
from schedules.ledger.scope import Scope

_MARGIN = timedelta(hours=1)


def miscounted(scope: Scope) -> Iterator[Finding]:
    """Hours whose tallies differ from their runs; of a single schedule nothing can be said.

    Before the history that retention keeps, tallies are all there is.
    """
    if scope.schedule_id is not None:
        return
    kept_since = scope.now - timedelta(days=settings.ORQ.retention_days) + _MARGIN
    for different in tallies.differences(max(scope.since or kept_since, kept_since)):
        workspace, agent, state, reason, trigger = different.key
        which = f"{state}{reason and f' ({reason})'}, {trigger}"
        wrong = ", ".join(
            f"{name} is {abs(by)} too {'high' if by > 0 else 'low'}"
            for name, by in different.by_columns.items()
        )
        subject = f"agent {agent} in workspace {workspace}, hour {different.hour}, {which}"
        yield Finding("", None, None, Problem.TALLY, wrong, subject)
