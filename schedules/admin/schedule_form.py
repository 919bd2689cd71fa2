"""The forms of a schedule: they hold what a person wrote, and the verbs of `editing` judge and apply it."""

import json
from collections.abc import Collection
from dataclasses import dataclass
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
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from schedules import editing, strict_json
from schedules.admin.stale_edits import what_changed_since
from schedules.admin.typed import ModelChoiceField, ModelForm
from schedules.admin.typed_secrets import NOT_SHOWN_AGAIN, without_secrets
from schedules.database.clock import time_to_act
from schedules.editing import NewSchedule, ScheduleChanges
from schedules.errors import Refused
from schedules.expressions import MAX_LENGTH, ExpressionWarning, InvalidExpression, type_of, warnings_of
from schedules.models import Agent, NextFire, Schedule
from schedules.models.next_fire import remember_next_fire
from schedules.models.schedule import AGENT_TAG_LENGTH, DISPLAY_NAME_LENGTH
from schedules.previewing import Effect, Herd, effect_of, herd_at
from schedules.secrets import payloads

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
_OF_A_BODY = (*EDITABLE, "type")
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
            strict_json.check(dict.fromkeys(_OF_A_BODY) | {"payload": payload})
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


@dataclass(frozen=True, slots=True)
class Consequences:
    """What a person is shown before an edit is saved."""

    after: Schedule
    warnings: list[ExpressionWarning]
    herd: Herd | None
    effect: Effect | None = None
    changed: tuple[str, ...] = ()


def _herd_of(after: Schedule) -> Herd | None:
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
        warnings, herd = warnings_of(after.type, after.expression), _herd_of(after)
        is_asked = bool(warnings) or (herd is not None and herd.is_large)
        return Consequences(after, warnings, herd) if is_asked else None


class ChangeScheduleForm(ScheduleForm):
    """An existing schedule. Only what differs from what the form showed is changed.

    Somebody else may have changed the schedule since: `revision` and, as digests, `as_shown` remember what this
    person saw.
    """

    is_active = forms.BooleanField(required=False, label="Active", widget=UnfoldBooleanSwitchWidget)
    as_shown = forms.CharField(required=False, widget=forms.HiddenInput)
    revision = forms.CharField(required=False, widget=forms.HiddenInput)

    class Meta(ScheduleForm.Meta):
        fields = EDITABLE

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial = _shown(self.instance) | _memory(self.instance)

    def clean(self) -> dict[str, Any]:
        """As for any schedule; its row is locked first, so that nothing changes between rehearsal and deed."""
        try:
            stored = editing.locked(self.instance.pk)
        except Refused as refusal:
            self._blame(refusal)
        else:
            self._require_fresh(stored)
        return super().clean()

    def _require_fresh(self, stored: Schedule) -> None:
        """Who edits what somebody else has changed meanwhile is told so, and saves again."""
        shown = self.cleaned_data.get("revision", "")
        if shown in ("", str(stored.revision)):
            return
        self._show_anew(stored)
        for words in what_changed_since(stored, shown, self.now):
            self.add_error(None, words)
        self.add_error(
            None, "What you wrote is still here, all else is as it is now. Look at it and save again."
        )

    def _show_anew(self, stored: Schedule) -> None:
        """What this person wrote stays; all else becomes what it is now, so that saving again changes no more."""
        mine = {*self.changed_data, *self.errors}
        sent: Any = self.data
        again = sent.copy()
        for name, value in _shown(stored).items():
            if name not in mine:
                again[name] = _as_sent(value)
        if "is_active" not in mine and not stored.is_active:
            again.pop("is_active", None)
        for name, value in _memory(stored).items():
            again[name] = value
        self.data = again

    @cached_property
    def changed_data(self) -> list[str]:
        """The fields whose value differs from what the form showed; without that memory, all of them."""
        shown_digests = self._shown_digests()
        cleaned = self.cleaned_data
        return [
            name for name in EDITABLE if name in cleaned and _digest(cleaned[name]) != shown_digests.get(name)
        ]

    def _consequences(self, after: Schedule) -> Consequences | None:
        """Whatever changes what is to come; a new name does not."""
        changed = tuple(self.changed_data)
        if set(changed) <= {"display_name"}:
            return None
        is_new_cadence = "expression" in changed
        warnings = warnings_of(after.type, after.expression) if is_new_cadence else []
        herd = _herd_of(after) if {"expression", "is_active"} & set(changed) else None
        return Consequences(after, warnings, herd, effect_of(self.instance, after, self.now), changed)

    def _shown_digests(self) -> dict[str, str]:
        try:
            digests = json.loads(self.cleaned_data.get("as_shown") or "{}")
        except ValueError:
            return {}
        return digests if isinstance(digests, dict) else {}

    def apply(self) -> Schedule:
        """Apply the changes there are."""
        changes = {name: self.cleaned_data[name] for name in self.changed_data}
        if "expression" in changes:
            changes["type"] = type_of(changes["expression"])
        return editing.update(self.instance.pk, cast("ScheduleChanges", changes), self.actor, self.now)


def _shown(schedule: Schedule) -> dict[str, Any]:
    """What the form shows of it."""
    stored = {name: getattr(schedule, name) for name in EDITABLE}
    return stored | {"payload": payloads.masked(schedule.payload)}


def _memory(schedule: Schedule) -> dict[str, str]:
    """What the form remembers of what it shows."""
    digests = {name: _digest(value) for name, value in _shown(schedule).items()}
    return {"as_shown": json.dumps(digests), "revision": str(schedule.revision)}


def _as_sent(value: Any) -> str:
    """As a browser sends it."""
    if isinstance(value, dict):
        return json.dumps(value, indent=2, ensure_ascii=False)
    return "on" if value is True else value or ""


def _digest(value: Any) -> str:
    """Equal for values that a form cannot tell apart: no text is an empty text, and a line has no line ends."""
    folded = value.replace("\r", "").replace("\n", "") if isinstance(value, str) else value
    return sha256(json.dumps(folded or None, sort_keys=True).encode()).hexdigest()
