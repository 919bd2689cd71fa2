"""Two processes look after keys at one time: the service notes the end of each once."""

from datetime import timedelta

import pytest

from schedules import api_keys
from schedules.database.clock import database_now
from schedules.models import JournalEntry, Scope
from tests.factories import make_workspace
from tests.races.threads import elsewhere, open_transaction, wait_until_blocked


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_the_end_of_a_key_is_noted_once() -> None:
    now, day = database_now(), timedelta(days=1)
    api_keys.issue(make_workspace(), scope=Scope.READ, expires_at=now - day)

    with open_transaction(lambda: api_keys.note_expired(now, 400 * day)):
        other = elsewhere(lambda: api_keys.note_expired(now, 400 * day))
        noted = other.__enter__()
        wait_until_blocked()
    other.__exit__(None, None, None)

    assert noted.result(timeout=10) == 0
    assert JournalEntry.objects.filter(verb="expire").count() == 1
