"""API keys: shown once, kept as a digest, found in the same way whether they exist or not."""

from datetime import timedelta

import pytest

from schedules import api_keys
from schedules.models import ApiKey, Scope
from tests.factories import NOON, make_workspace

pytestmark = pytest.mark.django_db


def test_a_token_opens_its_key_and_is_not_stored() -> None:
    workspace = make_workspace()

    issued = api_keys.issue(workspace, scope=Scope.READ, name="ci")

    assert issued.token.startswith(f"sk-orq-{issued.key.id}-")
    key = api_keys.find(issued.token)
    assert key is not None
    assert (key.id, key.workspace, key.scope) == (issued.key.id, workspace, Scope.READ)
    secret = issued.token.removeprefix(f"sk-orq-{issued.key.id}-")
    assert all(secret not in str(value) for value in ApiKey.objects.values().get().values())


def test_a_wrong_unknown_or_malformed_token_opens_nothing() -> None:
    token = api_keys.issue(make_workspace(), scope=Scope.READ).token
    unknown = f"sk-orq-01ARZ3NDEKTSV4RRFFQ69G5FAV-{token[-43:]}"

    for wrong in (token[:-1], token + "x", unknown, "", "sk-orq-", token.lower(), f" {token}", "x" * 100_000):
        assert api_keys.find(wrong) is None


def test_the_last_use_is_noted_to_the_minute() -> None:
    key = api_keys.issue(make_workspace(), scope=Scope.READ).key
    for seconds, noted in ((0, 0), (59, 0), (61, 61)):
        api_keys.note_use(key, NOON + timedelta(seconds=seconds))
        key.refresh_from_db()

        assert key.last_used_at == NOON + timedelta(seconds=noted)


def test_a_revoked_key_stays_revoked() -> None:
    key = api_keys.issue(make_workspace(), scope=Scope.READ).key

    api_keys.revoke(key, NOON)
    api_keys.revoke(key, NOON + timedelta(days=1))

    key.refresh_from_db()
    assert (key.revoked_at, key.is_enabled) == (NOON, False)
