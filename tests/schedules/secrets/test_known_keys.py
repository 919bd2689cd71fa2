"""Which encryption keys a database knows: made known at a start, retired by a rotation, never changed by a look."""

import pytest
from cryptography.fernet import Fernet
from pytest_django import Settings

from schedules import agents
from schedules.models import KnownEncryptionKey
from schedules.secrets import known_keys
from tests.factories import make_agent

pytestmark = pytest.mark.django_db

OLD, NEW, OTHER = (Fernet.generate_key().decode() for _ in range(3))


def state(settings: Settings, *keys: str) -> str:
    """What a process that starts with these keys finds."""
    settings.ENCRYPTION_KEYS = list(keys)
    return known_keys.check().name


def test_the_first_process_makes_its_keys_known(settings: Settings) -> None:
    assert state(settings, OLD, OTHER) == "ok"

    known = set(KnownEncryptionKey.objects.values_list("fingerprint", flat=True))
    assert known == {known_keys.fingerprint_of(OLD), known_keys.fingerprint_of(OTHER)}
    assert not any(OLD in fingerprint for fingerprint in known)


def test_a_look_changes_nothing(settings: Settings) -> None:
    settings.ENCRYPTION_KEYS = [OLD]

    assert known_keys.compare().name == "ok"

    assert not KnownEncryptionKey.objects.exists()


def test_a_process_with_another_key_adds_nothing(settings: Settings) -> None:
    state(settings, OLD)

    assert state(settings, OTHER) == "foreign"
    assert KnownEncryptionKey.objects.count() == 1


def test_a_newest_key_in_front_is_made_known_and_missed_by_those_without_it(settings: Settings) -> None:
    state(settings, OLD)

    assert state(settings, NEW, OLD) == "ok"
    assert state(settings, OLD) == "incomplete"
    assert known_keys.compare().missing == (known_keys.fingerprint_of(NEW)[:12],)


def test_after_a_rotation_only_the_newest_is_needed(settings: Settings) -> None:
    state(settings, OLD)
    state(settings, NEW, OLD)

    known_keys.retire_all_but_newest()

    assert state(settings, NEW) == "ok"
    assert state(settings, OLD) == "foreign"


def test_a_retired_key_in_front_is_in_use_again(settings: Settings) -> None:
    state(settings, OLD)
    state(settings, NEW, OLD)
    known_keys.retire_all_but_newest()

    assert state(settings, OLD, NEW) == "ok"

    assert state(settings, NEW) == "incomplete"


def test_a_database_older_than_this_table_is_asked_for_a_secret(settings: Settings) -> None:
    settings.ENCRYPTION_KEYS = [OLD]
    agents.set_credential(make_agent(), "Bearer secret")

    assert state(settings, OTHER) == "foreign"
    assert state(settings, OLD) == "ok"


def test_without_any_key_there_is_nothing_to_compare(settings: Settings) -> None:
    assert state(settings) == "missing"
