"""A rule that needs what the state machine replaces: its clock."""

from datetime import timedelta

import pytest
import time_machine

from schedules.database.clock import database_now

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgresql]


def test_the_databases_clock_judges_not_the_processs() -> None:
    before = database_now()

    with time_machine.travel(before - timedelta(days=3), tick=True):
        assert database_now() >= before
