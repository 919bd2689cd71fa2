"""The forms of a schedule: they hold what a person wrote, and the verbs of `editing` judge and apply it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from django import forms
from django.db import transaction
from unfold.widgets import (
    UnfoldAdminSelect2Widget,
    UnfoldAdminTextInputWidget,
)

from schedules import editing
from schedules.admin.payload_field import PAYLOAD_HELP, PayloadField
from schedules.admin.typed import ModelChoiceField, ModelForm
from schedules.database.clock import time_to_act
from schedules.editing import NewSchedule
from schedules.errors import Refused
from schedules.expressions import MAX_LENGTH, ExpressionWarning, InvalidExpression, type_of, warnings_of
from schedules.models import Agent, NextFire, Schedule
from schedules.models.next_fire import remember_next_fire
from schedules.models.schedule import AGENT_TAG_LENGTH, DISPLAY_NAME_LENGTH
from schedules.previewing import Effect, Herd, herd_at

EXPRESSION_HELP = (
    "UTC. cron: 0 0 9 * * mon-fri (seconds first) · interval: @every 6h · once: @at 2099-05-01T09:00:00Z"
)
CONTENT = ("display_name", "agent_tag", "expression", "payload")
EDITABLE = (*CONTENT, "is_active")
CONFIRMED = "confirmed"
"""What is sent with a form whose consequences the person has seen."""
BACK = "back"
"""What is sent to see the form again instead."""
_NOT_YET = "Nothing has been saved yet."


class AgentField(ModelChoiceField[Agent]):
    """An agent, named together with its workspace: keys may repeat from one to another."""

    def label_from_instance(self, obj: Any) -> str:
        """`workspace / key`."""
        return f"{obj.workspace.name} / {obj.key}"


@dataclass(frozen=True, slots=True)
class Consequences:
    """What a person is shown before an edit is saved."""

    after: Schedule
    warnings: list[ExpressionWarning]
    herd: Herd | None
    effect: Effect | None = None
    changed: tuple[str, ...] = ()


def herd_of(after: Schedule) -> Herd | None:
    """Who else fires with it next; None: it does not fire."""
    at = after.next_fire_at
    return herd_at(at, after.workspace_id, after.pk) if at is not None else None


class ScheduleForm(ModelForm[Schedule]):
    """What adding and changing have in common. `actor` and `workspaces` are set by the page."""

    actor = ""
    workspaces: Collection[UUID] | None = ()
    """Where the person may add schedules; None: everywhere."""

    # No text is stripped: what the API stored and a person leaves alone must come back as it was.
    display_name = forms.CharField(
        required=False,
        max_length=DISPLAY_NAME_LENGTH,
        strip=False,
        empty_value=None,
        widget=UnfoldAdminTextInputWidget,
    )
    agent_tag = forms.CharField(
        required=False,
        max_length=AGENT_TAG_LENGTH,
        strip=False,
        empty_value=None,
        widget=UnfoldAdminTextInputWidget,
        help_text="Pins a version of the agent; if empty, the version that is active when it runs",
    )
    expression = forms.CharField(
        max_length=MAX_LENGTH,
        strip=False,
        widget=UnfoldAdminTextInputWidget(attrs={"class": "console-mono", "spellcheck": "false"}),
        help_text=EXPRESSION_HELP,
    )
    payload = PayloadField(help_text=PAYLOAD_HELP)
    consequences: "Consequences | None" = None
    """What the person has to see before it is saved."""

    class Meta:
        model = Schedule
        fields: tuple[str, ...] = CONTENT

    @cached_property
    def now(self) -> datetime:
        """One moment for the rehearsal and the deed, so that they cannot differ."""
        return time_to_act()

    def apply(self) -> Schedule:
        """Do what the person asked for, through the verb; Refused or InvalidExpression."""
        raise NotImplementedError

    def clean(self) -> dict[str, Any]:
        """What was written; a refusal of the verb is an error of the field it is about.

        The verb is rehearsed and taken back: the form says whatever the API would say, and `is_valid` keeps nothing.
        """
        if not self.errors:
            try:
                after = self._rehearsed()
            except (Refused, InvalidExpression) as refusal:
                self._blame(refusal)
            else:
                self._ask(after)
        return self.cleaned_data

    def _ask(self, after: Schedule) -> None:
        """It is saved when the person, having seen what comes of it, sends it once more."""
        if CONFIRMED in self.data:
            return
        consequences = self._consequences(after)
        if BACK not in self.data:
            self.consequences = consequences
        if consequences is not None:
            self.add_error(None, _NOT_YET)

    def _consequences(self, after: Schedule) -> "Consequences | None":
        """What is worth a question; None: nothing. `after`: the schedule as it would be."""
        raise NotImplementedError

    def _rehearsed(self) -> Schedule:
        with transaction.atomic():
            after = self.apply()
            remember_next_fire(after, NextFire.objects.filter(schedule=after).first())
            transaction.set_rollback(True)
        return after

    def _blame(self, refusal: Refused | InvalidExpression) -> None:
        named = (
            refusal.field if isinstance(refusal, InvalidExpression) else (refusal.param or "").split(".")[0]
        )
        self.add_error(named if named in self.fields else None, str(refusal).removeprefix(f"{named}: "))

    def _post_clean(self) -> None:
        """The instance stays as it is stored: the verbs write, this form never does."""


class AddScheduleForm(ScheduleForm):
    """A new schedule."""

    agent = AgentField(
        queryset=Agent.objects.live().select_related("workspace").order_by("workspace__name", "key"),
        empty_label="Select an agent",
        widget=UnfoldAdminSelect2Widget,
    )

    class Meta(ScheduleForm.Meta):
        fields = ("agent", *CONTENT)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["payload"] = {"input": ""}
        if self.workspaces is not None:
            choice: Any = self.fields["agent"]
            choice.queryset = choice.queryset.filter(workspace__in=self.workspaces)

    def apply(self) -> Schedule:
        """Create it."""
        cleaned = {name: self.cleaned_data[name] for name in ("agent", *CONTENT)}
        new = NewSchedule(type=type_of(cleaned["expression"]), **{name: cleaned[name] for name in CONTENT})
        return editing.create(cleaned["agent"], new, self.actor, self.now)

    def _consequences(self, after: Schedule) -> Consequences | None:
        """A doubtful expression, or a herd."""
        warnings, herd = warnings_of(after.type, after.expression), herd_of(after)
        is_asked = bool(warnings) or (herd is not None and herd.is_large)
        return Consequences(after, warnings, herd) if is_asked else None
