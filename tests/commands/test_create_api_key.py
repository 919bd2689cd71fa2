"""create_api_key: one token on standard output, or one sentence and no key."""

from datetime import timedelta

import pytest
from django.core.management import CommandError

from schedules import api_keys
from schedules.database.clock import database_now
from schedules.models import ApiKey, Scope, Workspace
from tests.commands.conftest import Run
from tests.factories import make_workspace

pytestmark = pytest.mark.django_db


def test_it_prints_a_working_token_and_nothing_else(run: Run) -> None:
    workspace = make_workspace("acme")

    printed = run("create_api_key", "--workspace", "acme")

    key = api_keys.find(printed.removesuffix("\n"))
    assert key is not None
    assert key.workspace == workspace


def test_a_key_may_write_and_works_for_a_year_unless_asked(run: Run) -> None:
    make_workspace("acme")

    run("create_api_key", "--workspace", "acme")

    key = ApiKey.objects.get()
    assert (key.scope, key.name) == (Scope.WRITE, "")
    assert key.expires_at is not None
    assert abs(key.expires_at - database_now() - timedelta(days=365)) < timedelta(minutes=1)


def test_scope_name_and_expiry_are_kept(run: Run) -> None:
    make_workspace("acme")

    run("create_api_key", "--workspace", "acme", "--scope=read", "--name=Grafana", "--expires-in=30d")

    key = ApiKey.objects.get()
    assert (key.scope, key.name) == (Scope.READ, "Grafana")
    assert key.expires_at is not None
    assert abs(key.expires_at - database_now() - timedelta(days=30)) < timedelta(minutes=1)


def test_a_missing_workspace_is_made_and_told_apart_from_the_token(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    output = run("create_api_key", "--workspace", "acme")

    assert ApiKey.objects.get().workspace.name == "acme"
    assert "acme" not in output
    assert "Created workspace 'acme'." in capsys.readouterr().err


def test_a_workspace_that_exists_is_used_and_not_doubled(run: Run) -> None:
    make_workspace("acme")

    run("create_api_key", "--workspace", "acme")

    assert Workspace.objects.count() == 1


@pytest.mark.parametrize(
    "words",
    [
        ("--expires-in", "0d"),
        ("--expires-in", "30"),
        ("--expires-in", "-1d"),
        ("--expires-in", "3661d"),
        ("--expires-in", "1h30m"),
        ("--scope", "owner"),
        ("--name", "x" * 101),
        ("--name", "caf\udce9"),
    ],
)
def test_a_wrong_argument_makes_neither_key_nor_workspace(run: Run, words: tuple[str, str]) -> None:
    with pytest.raises(CommandError, match=words[0]):
        run("create_api_key", "--workspace", "acme", *words)

    assert not ApiKey.objects.exists()
    assert not Workspace.objects.exists()


@pytest.mark.parametrize("name", ["", "  ", "x" * 101])
def test_a_workspace_needs_a_name_that_fits(run: Run, name: str) -> None:
    with pytest.raises(CommandError, match="--workspace"):
        run("create_api_key", "--workspace", name)

    assert not Workspace.objects.exists()
