"""The form of an endpoint: checked by the rules of the verbs, which write."""

from collections.abc import Callable
from typing import Any, cast

from django import forms
from django.utils.datastructures import MultiValueDict
from unfold.widgets import UnfoldAdminTextInputWidget, UnfoldBooleanSwitchWidget

from schedules.admin.typed import ModelForm
from schedules.deliveries import endpoints, targets
from schedules.deliveries.alert import RULES
from schedules.errors import Refused
from schedules.models import Channel, Webhook, Workspace
from schedules.models.webhook import SECRET_TARGETS

TARGET_HELP = (
    "Webhook: a URL. E-mail: addresses, with commas between. Slack: the URL of an incoming webhook. PagerDuty: the "
    "routing key of an integration. A secret one is shown in part; as it is shown it stays"
)


class WebhookForm(ModelForm[Webhook]):
    """What people say of an endpoint."""

    class Meta:
        model = Webhook
        fields = ("workspace", "display_name", "channel", "target", "rules", "is_enabled")

    target = forms.CharField(widget=UnfoldAdminTextInputWidget, help_text=TARGET_HELP)
    rules = forms.MultipleChoiceField(
        choices=[(rule, rule) for rule in RULES],
        required=False,
        label="Told of",
        help_text="None chosen: everything",
        widget=forms.CheckboxSelectMultiple,
    )
    is_enabled = forms.BooleanField(required=False, initial=True, widget=UnfoldBooleanSwitchWidget)

    def clean_display_name(self) -> str:
        """A name for people."""
        return _checked(endpoints.checked_name, self.cleaned_data["display_name"])

    def clean(self) -> dict[str, Any]:
        """A target that the channel can have, and room for one more."""
        cleaned, stored = self.cleaned_data, self.instance
        channel = cleaned.get("channel", stored.channel)
        if "target" in cleaned and cleaned["target"] != stored.target:
            self._check("target", lambda: targets.target_of(channel, cleaned["target"]))
        workspace = cleaned.get("workspace")
        if isinstance(workspace, Workspace):  # asked for a new one only
            self._check("channel", lambda: endpoints.require_mail_server(Channel(channel)))
            self._check(None, lambda: endpoints.require_room(workspace))
        return cleaned

    def full_clean(self) -> None:
        """A secret that was typed is not sent back in a page that refuses it."""
        super().full_clean()
        if (
            self.is_bound
            and self.errors
            and self.data.get("channel", self.instance.channel) in SECRET_TARGETS
        ):
            shown = cast("MultiValueDict[str, str]", self.data).copy()
            shown["target"] = self.instance.target
            self.data = shown

    def _check(self, field: str | None, rule: Callable[[], object]) -> None:
        try:
            rule()
        except Refused as refusal:
            self.add_error(field, str(refusal))

    def _post_clean(self) -> None:
        """The instance stays as it is stored: the verb writes, this form never does."""


def _checked(rule: Callable[[str], str], value: str) -> str:
    try:
        return rule(value)
    except Refused as refusal:
        raise forms.ValidationError(str(refusal)) from None
