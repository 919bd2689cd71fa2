"""People who use the console."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client

from schedules import access
from schedules.models import Role, Workspace
from tests.factories import make_workspace

MakePerson = Callable[..., Client]


@pytest.fixture
def person(db: None) -> MakePerson:
    """Make a logged-in person with a role in a workspace; `*`: a superuser."""

    def make(role: Role | str, workspace: Workspace | None = None, username: str = "kim") -> Client:
        user = User.objects.create(username=username, is_staff=role == "*", is_superuser=role == "*")
        if role != "*":
            access.give(user, workspace or make_workspace(), Role(role), signature="test")
        client = Client()
        client.force_login(user)
        return client

    return make


@pytest.fixture
def operator(person: MakePerson) -> Client:
    """Somebody who may do everything; a page's error is the test's."""
    return person("*", username="operator")
