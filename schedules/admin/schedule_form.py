"""The forms of a schedule: they hold what a person wrote, and the verbs of `editing` judge and apply it."""

import json
from collections.abc import Collection
from datetime import datetime
from functools import cached_property
from hashlib import sha256
from typing import Any, cast
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from unfold.widgets import (
    UnfoldAdminSelect2Widget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from schedules import editing, strict_json
from schedules.admin.typed import ModelChoiceField, ModelForm
from schedules.admin.typed_secrets import NOT_SHOWN_AGAIN, without_secrets
from schedules.database.clock import time_to_act
from schedules.editing import NewSchedule, ScheduleChanges
from schedules.errors import Refused
from schedules.expressions import MAX_LENGTH, InvalidExpression, warnings_of
from schedules.models import Agent, Schedule, ScheduleType
from schedules.models.schedule import AGENT_TAG_LENGTH, DISPLAY_NAME_LENGTH
from schedules.secrets import payloads

EXPRESSION_HELP = (
    "UTC. cron: 0 0 9 * * mon-fri (seconds first) · interval: @every 6h · once: @at 2099-05-01T09:00:00Z"
)
CONTENT = ("display_name", "agent_tag", "type", "expression", "payload")
EDITABLE = (*CONTENT, "is_active")
SAVE_AGAIN = "Save again to keep it as it is."
PAYLOAD_HELP = (
    "JSON: input, memory_entity_id, metadata, variables. A secret variable is "
    '{"secret": true, "value": "…"}; ******** keeps the stored secret.'
)


class PayloadField(forms.Field):
    """A payload as JSON text, secrets masked."""

    widget = UnfoldAdminTextareaWidget(attrs={"rows": 14, "class": "console-mono", "spellcheck": "false"})

    empty_values = (None, "")  # an empty object is a payload

    def prepare_value(self, value: Any) -> Any:
        """The text shown: a payload is written out, what a person wrote stays as it is."""
        return json.dumps(value, indent=2, ensure_ascii=False) if isinstance(value, dict) else value

    def bound_data(self, data: Any, initial: Any) -> Any:
        """What a refused form shows: what was typed without its secrets, or what was there before."""
        return data if not isinstance(data, str) else (without_secrets(data) or initial)

    def to_python(self, value: Any) -> Any:
        """The value that was written, within the limits of a body of the API that has this payload."""
        if not value:
            return None
        try:
            payload = strict_json.parse(value)
            strict_json.check(dict.fromkeys(EDITABLE) | {"payload": payload})
        except strict_json.NotStrictJson as problem:
            raise ValidationError(f"The payload {problem}{_unless_shown(value)}") from None
        return payload


def _unless_shown(text: str) -> str:
    return "" if without_secrets(text) is not None else f". {NOT_SHOWN_AGAIN}"


class AgentField(ModelChoiceField[Agent]):
    """An agent, named together with its workspace: keys may repeat from one to another."""

    def label_from_instance(self, obj: Any) -> str:
        """`workspace / key`."""
        return f"{obj.workspace.name} / {obj.key}"


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
    type = forms.ChoiceField(choices=ScheduleType.choices, widget=UnfoldAdminSelectWidget)
    expression = forms.CharField(
        max_length=MAX_LENGTH,
        strip=False,
        widget=UnfoldAdminTextInputWidget(attrs={"class": "console-mono", "spellcheck": "false"}),
        help_text=EXPRESSION_HELP,
    )
    payload = PayloadField(help_text=PAYLOAD_HELP)
    warned_of = forms.CharField(required=False, strip=False, widget=forms.HiddenInput)

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
                self._rehearse()
            except (Refused, InvalidExpression) as refusal:
                self._blame(refusal)
            else:
                self._warn()
        return self.cleaned_data

    def _warn(self) -> None:
        """An expression with warnings is saved when the person, having read them, sends it once more."""
        expression = self.cleaned_data["expression"]
        warnings = warnings_of(self.cleaned_data["type"], expression)
        if not warnings or not self._has_new_cadence() or self.cleaned_data["warned_of"] == expression:
            return
        sent: Any = self.data
        again = sent.copy()
        again["warned_of"] = expression
        self.data = again
        for warning in warnings:
            meant = f" Did you mean {warning.suggestion}?" if warning.suggestion else ""
            self.add_error("expression", f"{warning.message}.{meant} {SAVE_AGAIN}")

    def _has_new_cadence(self) -> bool:
        return True

    def _rehearse(self) -> None:
        with transaction.atomic():
            self.apply()
            transaction.set_rollback(True)

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
        return editing.create(cleaned.pop("agent"), NewSchedule(**cleaned), self.actor, self.now)


class ChangeScheduleForm(ScheduleForm):
    """An existing schedule. Only what differs from what the form showed is changed.

    Somebody else may have changed the schedule since: `as_shown` remembers, as digests, what this person saw.
    """

    is_active = forms.BooleanField(required=False, label="Active", widget=UnfoldBooleanSwitchWidget)
    as_shown = forms.CharField(required=False, widget=forms.HiddenInput)

    class Meta(ScheduleForm.Meta):
        fields = EDITABLE

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        schedule: Schedule = self.instance
        stored = {name: getattr(schedule, name) for name in EDITABLE}
        self.initial = stored | {"payload": payloads.masked(schedule.payload)}
        self.initial["as_shown"] = json.dumps({name: _digest(self.initial[name]) for name in EDITABLE})

    def clean(self) -> dict[str, Any]:
        """As for any schedule; its row is locked first, so that nothing changes between rehearsal and deed."""
        try:
            editing.locked(self.instance.pk)
        except Refused as refusal:
            self._blame(refusal)
        return super().clean()

    @cached_property
    def changed_data(self) -> list[str]:
        """The fields whose value differs from what the form showed; without that memory, all of them."""
        shown_digests = self._shown_digests()
        cleaned = self.cleaned_data
        return [
            name for name in EDITABLE if name in cleaned and _digest(cleaned[name]) != shown_digests.get(name)
        ]

    def _has_new_cadence(self) -> bool:
        return not {"type", "expression"}.isdisjoint(self.changed_data)

    def _shown_digests(self) -> dict[str, str]:
        try:
            digests = json.loads(self.cleaned_data.get("as_shown") or "{}")
        except ValueError:
            return {}
        return digests if isinstance(digests, dict) else {}

    def apply(self) -> Schedule:
        """Apply the changes there are."""
        changes = {name: self.cleaned_data[name] for name in self.changed_data}
        return editing.update(self.instance.pk, cast("ScheduleChanges", changes), self.actor, self.now)


def _digest(value: Any) -> str:
    """Equal for values that a form cannot tell apart: no text is an empty text, and a line has no line ends."""
    folded = value.replace("\r", "").replace("\n", "") if isinstance(value, str) else value
    return sha256(json.dumps(folded or None, sort_keys=True).encode()).hexdigest()
