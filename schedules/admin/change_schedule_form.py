"""The form of an existing schedule: only what a person changed is changed, and nobody is overtaken unawares."""

import json
from functools import cached_property
from hashlib import sha256
from typing import Any, cast

from django import forms
from unfold.widgets import UnfoldBooleanSwitchWidget

from schedules import editing
from schedules.admin.schedule_form import EDITABLE, Consequences, ScheduleForm, herd_of
from schedules.admin.stale_edits import what_changed_since
from schedules.editing import ScheduleChanges
from schedules.errors import Refused
from schedules.expressions import type_of, warnings_of
from schedules.models import Schedule
from schedules.previewing import effect_of
from schedules.secrets import payloads


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
        herd = herd_of(after) if {"expression", "is_active"} & set(changed) else None
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
