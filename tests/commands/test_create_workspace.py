"""create_workspace: a workspace as named; again with other words, the same one changed where they name it."""

import pytest

from schedules.models import Workspace
from tests.commands.conftest import Run

pytestmark = pytest.mark.django_db


def test_a_workspace_is_created_with_the_default_limit(run: Run) -> None:
    assert run("create_workspace", "acme") == "Created workspace acme.\n"

    assert Workspace.objects.values_list("name", "max_in_flight").get() == ("acme", None)


def test_its_limit_is_set_kept_and_given_up(run: Run) -> None:
    limits = []
    for words in (["--max-in-flight", "30"], [], ["--max-in-flight", "default"]):
        run("create_workspace", "acme", *words)
        limits.append(Workspace.objects.get().max_in_flight)

    assert limits == [30, 30, None]
    assert run("create_workspace", "acme") == "Updated workspace acme.\n"
