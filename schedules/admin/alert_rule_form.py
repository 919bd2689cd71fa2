"""The forms of a rule: whose it is, whether it is on, and its numbers; the verb checks and writes."""

from typing import Any, cast

from django import forms
from django.db import transaction
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from schedules.admin.typed import ModelForm
from schedules.alerts import ruling
from schedules.alerts.rules import RULES
from schedules.errors import Refused
from schedules.models import Agent, AlertRule, Schedule, Workspace


class AlertRuleForm(ModelForm[AlertRule]):
    """What can be changed of a rule."""

    class Meta:
        model = AlertRule
        fields: tuple[str, ...] = ("is_enabled", "threshold", "window_seconds")

    def level(self) -> ruling.Level:
        """Whose it is."""
        row = self.instance
        return ruling.Level(row.workspace, row.agent, row.schedule)

    def rule(self) -> str:
        """Its name."""
        return self.instance.rule

    def clean(self) -> dict[str, Any]:
        """What the verb would refuse, it refuses here too."""
        if not self.errors:
            try:
                ruling.check(self.level(), self.rule(), self._changes())
            except Refused as refused:
                self.add_error(refused.param if refused.param in self.fields else None, str(refused))
        return self.cleaned_data

    @transaction.atomic
    def apply(self) -> AlertRule:
        """Change it, through the verb."""
        return cast("AlertRule", ruling.change(self.level(), self.rule(), self._changes()).row)

    def _changes(self) -> dict[str, Any]:
        return {name: self.cleaned_data.get(name) for name in AlertRuleForm.Meta.fields}

    def _post_clean(self) -> None:
        """The instance stays as it is stored: the verb writes, this form never does."""


class AddAlertRuleForm(AlertRuleForm):
    """A rule that differs from the default, for a workspace or one agent or schedule of it."""

    rule_name = forms.ChoiceField(
        label="Rule",
        choices=[(name, f"{name}: {rule.opens}") for name, rule in RULES.items()],
        widget=UnfoldAdminSelectWidget,
    )
    agent_key = forms.CharField(
        required=False, label="Only for the agent", help_text="Its key", widget=UnfoldAdminTextInputWidget
    )
    schedule_id = forms.CharField(
        required=False, label="Only for the schedule", help_text="Its id", widget=UnfoldAdminTextInputWidget
    )

    class Meta(AlertRuleForm.Meta):
        fields = (
            "workspace",
            "rule_name",
            "agent_key",
            "schedule_id",
            "is_enabled",
            "threshold",
            "window_seconds",
        )

    def level(self) -> ruling.Level:
        """The narrowest that was named."""
        workspace = cast("Workspace", self.cleaned_data["workspace"])
        schedule = self.cleaned_data.get("schedule_id")
        if schedule:
            return ruling.Level(workspace, schedule=self._found(Schedule, "schedule_id", id=schedule))
        key = self.cleaned_data.get("agent_key")
        return ruling.Level(workspace, self._found(Agent, "agent_key", key=key) if key else None)

    def rule(self) -> str:
        """The one that was chosen."""
        return str(self.cleaned_data["rule_name"])

    def _found(self, model: Any, field: str, **what: Any) -> Any:
        row = model.objects.live().filter(workspace=self.cleaned_data["workspace"], **what).first()
        if row is None:
            raise Refused("The workspace has none of this name", param=field)
        return row
