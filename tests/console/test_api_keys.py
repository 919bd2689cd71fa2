"""API keys: issued in the console, the token shown once, revoked for good."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from schedules import api_keys
from schedules.database.clock import database_now
from schedules.models import ApiKey, Scope
from tests.console.browser import form_of, forms_to, messages_of, text_of
from tests.factories import make_workspace

pytestmark = pytest.mark.django_db

LIST = reverse("admin:schedules_apikey_changelist")
ADD = reverse("admin:schedules_apikey_add")


def issue(client: Client, **values: str) -> Any:
    """The page after the form was sent."""
    new = {"workspace": str(make_workspace("Acme").pk), "name": "CI", "scope": "read"}
    return client.post(ADD, form_of(client.get(ADD), "apikey_form") | new | values)


def page_of(key: ApiKey) -> str:
    """The key's page."""
    return reverse("admin:schedules_apikey_change", args=(key.pk,))


def test_the_token_works_and_is_shown_once(operator: Client) -> None:
    response = issue(operator)

    key, token = ApiKey.objects.get(), response.context["token"]
    assert api_keys.find(token) == key
    assert (key.name, key.scope, key.workspace.name) == ("CI", Scope.READ, "Acme")
    assert text_of(response).count(token) == 1
    assert "no-store" in response["Cache-Control"]
    for address in (LIST, page_of(key), reverse("admin:schedules_apikey_history", args=(key.pk,)), ADD):
        assert token not in text_of(operator.get(address))


def test_the_token_is_kept_nowhere(operator: Client) -> None:
    token = issue(operator).context["token"]
    secret = token.split("-", 3)[3]  # which may hold hyphens of its own

    assert messages_of(operator.get(LIST)) == []
    assert not [entry for entry in LogEntry.objects.all() if secret in f"{entry}{entry.change_message}"]
    assert not [session for session in Session.objects.all() if secret in str(session.get_decoded())]
    assert not [cookie for cookie in operator.cookies.values() if secret in cookie.value]
    assert secret not in str(ApiKey.objects.values())


def test_an_expiry_must_lie_ahead(operator: Client) -> None:
    past, ahead = (database_now() + timedelta(days=days) for days in (-1, 1))

    def at(moment: Any) -> dict[str, str]:
        return {"expires_at_0": f"{moment:%Y-%m-%d}", "expires_at_1": f"{moment:%H:%M:%S}"}

    refused = issue(operator, **at(past))
    assert "in the past" in refused.context["adminform"].form.errors["expires_at"][0]
    assert not ApiKey.objects.exists()

    values = at(ahead) | {"workspace": str(make_workspace().pk), "name": "CI", "scope": "write"}
    operator.post(ADD, form_of(operator.get(ADD), "apikey_form") | values)
    assert ApiKey.objects.get().expires_at == ahead.replace(microsecond=0)


def test_an_issued_key_cannot_be_edited_or_deleted(operator: Client) -> None:
    key = api_keys.issue(make_workspace(), scope=Scope.READ, name="CI").key

    assert 'name="_save"' not in text_of(operator.get(page_of(key)))
    assert operator.post(page_of(key), {"scope": "write"}).status_code == 403
    assert operator.get(reverse("admin:schedules_apikey_delete", args=(key.pk,))).status_code == 403
    assert ApiKey.objects.get().scope == Scope.READ


def test_revoking_is_for_good(operator: Client) -> None:
    issued = api_keys.issue(make_workspace(), scope=Scope.READ)
    address = reverse("admin:schedules_apikey_do", args=(issued.key.pk, "revoke"))
    assert address in forms_to(operator.get(page_of(issued.key)))

    response = operator.post(address, follow=True)

    key = ApiKey.objects.get()
    assert (key.revoked_at is not None, key.is_enabled) == (True, False)
    assert messages_of(response)[0].startswith("1 ")
    assert messages_of(response)[0].endswith(" revoked")
    assert address not in forms_to(response)
    assert messages_of(operator.post(address, follow=True)) == ["1 skipped: already revoked"]
    assert ApiKey.objects.get().revoked_at == key.revoked_at


def test_many_are_revoked_from_the_list(operator: Client) -> None:
    workspace = make_workspace()
    issued = [api_keys.issue(workspace, scope=Scope.READ).key for _ in range(2)]
    kept = api_keys.issue(workspace, scope=Scope.READ).key

    operator.post(LIST, {"action": "revoke", "_selected_action": [key.pk for key in issued]})

    assert list(ApiKey.objects.filter(revoked_at=None)) == [kept]


def test_the_list_tells_what_a_key_still_opens(operator: Client) -> None:
    workspace, now = make_workspace(), database_now()
    api_keys.issue(workspace, scope=Scope.READ, name="a")
    api_keys.issue(workspace, scope=Scope.READ, name="b", expires_at=now - timedelta(days=1))
    api_keys.revoke(api_keys.issue(workspace, scope=Scope.READ, name="c").key, now)
    ApiKey.objects.filter(id=api_keys.issue(workspace, scope=Scope.READ, name="d").key.id).update(
        is_enabled=False
    )

    shown = text_of(operator.get(LIST))

    for status in ("active", "expired", "revoked", "disabled"):
        assert f"\n{status}\n" in shown
