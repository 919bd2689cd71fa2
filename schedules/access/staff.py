"""Whoever has a role may log in to the console (Django's `is_staff`), and nobody else but superusers.

It follows each membership, also one that goes with its workspace, whoever wrote it.
"""

from typing import Any, Final

from django.contrib.auth import get_user_model
from django.db.models.signals import post_delete, post_save

from schedules.models import Membership

_ID: Final = "staff follows memberships"


def keep_staff() -> None:
    """Begin to follow; called once a process."""
    post_save.connect(_follow, Membership, dispatch_uid=_ID)
    post_delete.connect(_follow, Membership, dispatch_uid=_ID)


def _follow(sender: type[Membership], instance: Membership, **_: Any) -> None:
    is_member = Membership.objects.filter(user_id=instance.user_id).exists()
    people = get_user_model().objects.filter(pk=instance.user_id, is_superuser=False)
    people.exclude(is_staff=is_member).update(is_staff=is_member)
