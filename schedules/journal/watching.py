"""Rows that no verb of ours writes, but forms and commands of Django's: each save and deletion is an act.

People, groups, workspaces, memberships, and the housekeeping of beat. Log-ins to the console too, both ways.
"""

from typing import Any, Final

from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_in, user_login_failed
from django.db.models import Model, QuerySet
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_save

from schedules import actors
from schedules.journal.changes import CHANGED, difference, first_values
from schedules.journal.recording import record, record_act

_WATCHED: Final = (
    *("schedules.Workspace", "schedules.Membership", "auth.User", "auth.Group"),
    *("django_celery_beat.PeriodicTask", "django_celery_beat.IntervalSchedule"),
    "django_celery_beat.CrontabSchedule",
)
_UNWATCHED: Final = frozenset(
    {"id", "last_login", "last_run_at", "total_run_count", "date_changed", "created_at", "date_joined"}
)
"""Columns that change without anybody's doing."""

_SECRET: Final = frozenset({"password"})


def watch() -> None:
    """Begin to record; called once a process."""
    for name in _WATCHED:
        model = apps.get_model(name)
        pre_save.connect(_remember, model, dispatch_uid=f"journal {name}")
        post_save.connect(_saved, model, dispatch_uid=f"journal {name}")
        post_delete.connect(_deleted, model, dispatch_uid=f"journal {name}")
        for relation in model._meta.many_to_many:
            m2m_changed.connect(_related, relation.remote_field.through, dispatch_uid=f"journal {relation}")
    user_logged_in.connect(_logged_in, dispatch_uid="journal")
    user_login_failed.connect(_login_failed, dispatch_uid="journal")


def _remember(sender: type[Model], instance: Any, raw: bool = False, **_: Any) -> None:
    known = QuerySet(sender).filter(pk=instance.pk).first() if instance.pk else None
    instance.before_saving = known


def _saved(sender: type[Model], instance: Any, created: bool, **_: Any) -> None:
    before = getattr(instance, "before_saving", None)
    if created or before is None:
        record("create", instance, first_values(_plain(instance)))
        return
    changes = difference(_plain(before), _plain(instance)) | {
        name: CHANGED for name in _SECRET if getattr(before, name, None) != getattr(instance, name, None)
    }
    if changes:
        record("update", instance, changes)


def _deleted(sender: type[Model], instance: Model, **_: Any) -> None:
    record("delete", instance)


def _plain(row: Model) -> dict[str, Any]:
    names = [field.attname for field in row._meta.concrete_fields]
    return {name: getattr(row, name) for name in names if name not in _UNWATCHED | _SECRET}


def _related(
    sender: type[Model], instance: Model, action: str, model: type[Model], pk_set: Any, **_: Any
) -> None:
    """Groups and permissions that somebody was given, or that were taken away."""
    if action in ("post_add", "post_remove", "pre_clear"):
        given = action == "post_add"
        rows: QuerySet[Model] = QuerySet(model).filter(pk__in=pk_set or ())
        names = sorted(map(str, rows))
        if names or action == "pre_clear":
            shown = {"new" if given else "old": names}
            record("update", instance, {str(model._meta.verbose_name_plural): shown})


def _logged_in(sender: Any, user: Any, **_: Any) -> None:
    actor = actors.Actor(actors.ActorKind.USER, str(user.pk), user.get_username(), actors.current().address)
    record_act("log_in", "user", str(user.pk), user.get_username(), actor=actor)


def _login_failed(sender: Any, credentials: dict[str, Any], **_: Any) -> None:
    """Of names only those there are: people type passwords into the wrong field, and a line stays as it is."""
    people, tried = get_user_model(), str(credentials.get(get_user_model().USERNAME_FIELD, ""))
    is_somebody = "\0" not in tried and people.objects.filter(**{people.USERNAME_FIELD: tried}).exists()
    record_act("fail_log_in", "user", object_name=tried if is_somebody else "")
