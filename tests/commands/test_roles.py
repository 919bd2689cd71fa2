"""grant_role and revoke_role: a person's role in a workspace, given and taken away."""

import pytest
from django.contrib.auth.models import User
from django.core.management.base import CommandError

from schedules.models import JournalEntry, Membership, Workspace
from tests.commands.conftest import Run
from tests.factories import make_workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Workspace:
    """A workspace, and somebody without a role."""
    User.objects.create(username="kim")
    return make_workspace("acme")


def test_a_role_is_given_replaced_and_taken_away(run: Run, acme: Workspace) -> None:
    assert run("grant_role", "kim", "acme", "viewer") == "kim is viewer in acme.\n"
    assert run("grant_role", "kim", "acme", "editor") == "kim is editor in acme.\n"

    assert Membership.objects.values_list("user__username", "role", "created_by_id").get() == (
        *("kim", "editor", "command"),
    )
    assert User.objects.get().is_staff

    assert run("revoke_role", "kim", "acme") == "kim no longer has a role in acme.\n"
    assert run("revoke_role", "kim", "acme") == "kim had no role in acme.\n"
    assert not Membership.objects.exists()
    verbs = (
        JournalEntry.objects.filter(object_type="membership").order_by("id").values_list("verb", flat=True)
    )
    assert list(verbs) == ["create", "update", "delete"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("grant_role", "lee", "acme", "viewer"), "There is no user 'lee'"),
        (("grant_role", "kim", "acne", "viewer"), "There is no workspace 'acne'"),
        (("grant_role", "kim", "acme", "owner"), "invalid choice: 'owner'"),
        (("revoke_role", "kim", "acne"), "There is no workspace 'acne'"),
    ],
)
def test_what_is_not_there_is_refused(
    run: Run, acme: Workspace, words: tuple[str, ...], sentence: str
) -> None:
    with pytest.raises(CommandError, match=sentence):
        run(*words)

    assert not Membership.objects.exists()
    assert Workspace.objects.count() == 1
