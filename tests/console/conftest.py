"""People who use the console."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

MakePerson = Callable[..., Client]


@pytest.fixture
def person(db: None) -> MakePerson:
    """Make a logged-in member of staff with the named permissions (`view_run`); `*`: all there are."""

    def make(*permissions: str, username: str = "kim") -> Client:
        user = User.objects.create(username=username, is_staff=True, is_superuser="*" in permissions)
        user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
        client = Client()
        client.force_login(user)
        return client

    return make


@pytest.fixture
def operator(person: MakePerson) -> Client:
    """Somebody who may do everything; a page's error is the test's."""
    return person("*", username="operator")
