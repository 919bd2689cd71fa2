"""The people of the console and the housekeeping tasks of beat, in the console's looks."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django_celery_beat import admin as beat
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    SolarSchedule,
)
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from schedules import journal
from schedules.admin.base import ConsoleAdmin
from schedules.admin.typed import UserAdmin as DjangoUserAdmin

for model in (User, Group, PeriodicTask, IntervalSchedule, CrontabSchedule, SolarSchedule, ClockedSchedule):
    admin.site.unregister(model)


@admin.register(User)
class UserAdmin(DjangoUserAdmin[User], ConsoleAdmin[User]):
    """Who may log in."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    filter_horizontal = ()  # the two boxes side by side do not fit beside the sidebar


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, ConsoleAdmin[Group]):
    """Permissions that several people share."""

    filter_horizontal = ()


class TaskSelect(UnfoldAdminSelectWidget, beat.TaskSelectWidget):  # type: ignore[misc]  # no types there
    """The registered tasks."""


class PeriodicTaskForm(beat.PeriodicTaskForm):  # type: ignore[misc]  # no types there
    """A periodic task of beat itself."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["task"].widget = UnfoldAdminTextInputWidget()
        self.fields["regtask"].widget = TaskSelect()


@admin.register(PeriodicTask)
class PeriodicTaskAdmin(beat.PeriodicTaskAdmin, ConsoleAdmin[Any]):  # type: ignore[misc]  # no types there
    """Beat's own tasks: housekeeping, not agent schedules."""

    form = PeriodicTaskForm
    date_hierarchy = None
    list_filter = ("enabled",)
    actions = ("enable_tasks", "disable_tasks", "run_tasks")
    fieldsets = (
        (None, {"fields": ("name", "regtask", "task", "enabled", "description")}),
        ("Schedule", {"fields": ("interval", "crontab", "start_time", "last_run_at", "one_off")}),
        ("Arguments", {"fields": ("args", "kwargs"), "classes": ("collapse",)}),
        ("Options", {"fields": ("expires", "expire_seconds", "queue"), "classes": ("collapse",)}),
    )
    readonly_fields = ("last_run_at",)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Its list actions write and start tasks: only for those who may change one."""
        return super().get_actions(request) if self.has_change_permission(request) else {}

    @admin.action(description="Enable selected tasks")
    def enable_tasks(self, request: HttpRequest, queryset: QuerySet[PeriodicTask]) -> None:
        """Each is saved, as the form saves it: beat notices, and so does the journal."""
        self._switch(request, queryset, on=True)

    @admin.action(description="Disable selected tasks")
    def disable_tasks(self, request: HttpRequest, queryset: QuerySet[PeriodicTask]) -> None:
        """The same, off."""
        self._switch(request, queryset, on=False)

    @transaction.atomic
    def _switch(self, request: HttpRequest, tasks: QuerySet[PeriodicTask], *, on: bool) -> None:
        with journal.batch():
            for task in tasks:
                task.enabled = on
                task.save()
        noun = "task was" if len(tasks) == 1 else "tasks were"
        self.message_user(request, f"{len(tasks)} {noun} successfully {'enabled' if on else 'disabled'}")

    @admin.action(description="Run selected tasks")
    def run_tasks(self, request: HttpRequest, queryset: QuerySet[PeriodicTask]) -> None:
        """Their messages are sent now; none is where one names a task that there is not."""
        self.celery_app.loader.import_default_modules()
        if all(task.task in self.celery_app.tasks for task in queryset):
            with journal.batch():
                for task in queryset:
                    journal.record("run_now", task)
        super().run_tasks(request, queryset)


@admin.register(IntervalSchedule)
class IntervalAdmin(ConsoleAdmin[Any]):
    """Intervals of periodic tasks."""


@admin.register(CrontabSchedule)
class CrontabAdmin(beat.CrontabScheduleAdmin, ConsoleAdmin[Any]):  # type: ignore[misc]  # no types there
    """Crontabs of periodic tasks."""

    inlines = ()
