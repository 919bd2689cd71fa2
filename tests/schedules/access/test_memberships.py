"""Roles: the ladder, who may give one, and that the console's door follows them."""

import pytest
from django.contrib.auth.models import User

from schedules import access
from schedules.access.permissions import LEAST_ROLES
from schedules.errors import RoleNotYours
from schedules.models import Membership, Role, Workspace
from tests.factories import make_agent, make_run, make_schedule, make_workspace

pytestmark = pytest.mark.django_db


def make_person(name: str = "kim", **roles: tuple[Workspace, Role]) -> User:
    """A person with roles, read anew as each request does."""
    user = User.objects.create(username=name)
    for workspace, role in roles.values():
        access.give(user, workspace, role, signature="test")
    return User.objects.get(pk=user.pk)


def test_each_role_includes_those_before_it() -> None:
    ladder = list(Role)

    for index, role in enumerate(ladder):
        assert [role.includes(other) for other in ladder] == [place <= index for place in range(len(ladder))]


def test_a_right_ends_at_the_workspace() -> None:
    own, other = make_workspace(), make_workspace()
    kim = make_person(a=(own, Role.EDITOR), b=(other, Role.VIEWER))
    schedules = [make_schedule(make_agent(workspace)) for workspace in (own, other, make_workspace())]

    for permission, expected in {
        "schedules.view_schedule": [True, True, False],
        "schedules.change_schedule": [True, False, False],
        "schedules.view_apikey": [False, False, False],
    }.items():
        assert [kim.has_perm(permission, schedule) for schedule in schedules] == expected
        assert kim.has_perm(permission) == any(expected)
    assert kim.has_perm("schedules.view_run", make_run(schedules[1]))
    assert not kim.has_perm("schedules.cancel_run", make_run(schedules[1]))


def test_what_the_table_does_not_name_is_for_superusers() -> None:
    kim = make_person(a=(make_workspace(), Role.ADMINISTRATOR))
    root = User.objects.create_superuser("root")

    for permission in ("auth.change_user", "schedules.add_workspace", "schedules.view_auditresult"):
        assert permission not in LEAST_ROLES
        assert not kim.has_perm(permission)
        assert root.has_perm(permission)


def test_a_person_has_one_role_in_a_workspace() -> None:
    kim, workspace = make_person(), make_workspace()

    for role in (Role.VIEWER, Role.ADMINISTRATOR, Role.OPERATOR):
        access.give(kim, workspace, role, signature="test")

    assert Membership.objects.get().role == Role.OPERATOR


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR, Role.EDITOR])
def test_only_an_administrator_of_the_workspace_gives_and_takes(role: Role) -> None:
    workspace, other = make_workspace(), make_workspace()
    giver = make_person("giver", a=(workspace, role), b=(other, Role.ADMINISTRATOR))
    member = make_person("member", a=(workspace, Role.VIEWER))

    with pytest.raises(RoleNotYours):
        access.give(member, workspace, Role.VIEWER, giver=giver, signature="test")
    with pytest.raises(RoleNotYours):
        access.take_away(member.pk, workspace, giver=giver)

    assert Membership.objects.get(user=member).role == Role.VIEWER
    access.give(member, other, Role.ADMINISTRATOR, giver=giver, signature="test")


def test_the_consoles_door_opens_with_the_first_role_and_closes_with_the_last() -> None:
    first, second = make_workspace(), make_workspace()
    kim = make_person(a=(first, Role.VIEWER), b=(second, Role.VIEWER))
    assert kim.is_staff

    access.take_away(kim.pk, first)
    kim.refresh_from_db()
    assert kim.is_staff

    second.delete()
    kim.refresh_from_db()
    assert not kim.is_staff


def test_a_superuser_needs_no_role_and_keeps_the_door() -> None:
    root, workspace = User.objects.create_superuser("root"), make_workspace()

    access.give(root, workspace, Role.VIEWER, signature="test")
    access.take_away(root.pk, workspace)

    root.refresh_from_db()
    assert root.is_staff
