"""The form of an agent: it holds what a person wrote, and the verbs of `agents` judge and apply it.

What is secret goes in and never comes out: an empty field keeps it, a tick removes it.
"""

from typing import Any, cast

from django import forms
from django.db import transaction
from unfold.widgets import (
    UnfoldAdminPasswordWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
    UnfoldBooleanWidget,
)

from schedules import agent_runtimes, agents
from schedules.admin.json_field import JsonObjectField
from schedules.admin.typed import BaseInlineFormSet, ModelForm
from schedules.agents import AgentChanges, Saved
from schedules.agents.secret_settings import masked_headers
from schedules.errors import Refused
from schedules.models import Agent, AgentVersion

_LENGTHS = ("connect_timeout", "read_timeout", "total_timeout", "retry_base", "retry_cap")
_SECRETS = ("credential", "client_key_pem", "signing_secrets")
_REMOVALS: dict[str, dict[str, Any]] = {
    "remove_credential": {"credential": None},
    "remove_client_key": {"client_key_pem": None, "client_certificate_pem": ""},
    "remove_signing_secrets": {"signing_secrets": []},
}
OF_ORIGIN = (
    *("credential_header", "extra_headers", "ca_pem", "client_certificate_pem"),
    *(*_SECRETS, *_REMOVALS),
)
"""What belongs to the agent's origin, besides the address itself: secrets, how they travel, whom TLS trusts."""

NOT_YOURS = "Only an administrator may change an agent's credentials, its headers and its certificates"
KEPT = "One is stored. Leave this empty to keep it, or enter a new one to replace it"


class TextBlock(forms.CharField):
    """Several lines, as a file has them: browsers send carriage returns."""

    def __init__(self, **kwargs: Any) -> None:
        attributes = {"rows": 4, "class": "console-mono", "spellcheck": "false", "autocomplete": "off"}
        widget = UnfoldAdminTextareaWidget(attrs=attributes)
        super().__init__(required=False, strip=False, widget=widget, **kwargs)

    def to_python(self, value: Any) -> str:
        """With line feeds only."""
        return (super().to_python(value) or "").replace("\r\n", "\n")


def _text(length: int, label: str, help_text: str = "") -> forms.CharField:
    return forms.CharField(
        required=False, max_length=length, label=label, help_text=help_text, widget=UnfoldAdminTextInputWidget
    )


def _removal(label: str) -> forms.BooleanField:
    return forms.BooleanField(required=False, label=label, widget=UnfoldBooleanWidget)


def _switch(label: str, help_text: str) -> forms.BooleanField:
    return forms.BooleanField(
        required=False, label=label, help_text=help_text, widget=UnfoldBooleanSwitchWidget
    )


class AgentForm(ModelForm[Agent]):
    """An agent as a person edits it. `may_change_origin` is set by the page."""

    may_change_origin = False

    runtime = forms.ChoiceField(choices=agent_runtimes.choices, widget=UnfoldAdminSelectWidget)
    base_url = _text(500, "Base URL", "https://agents.example.com or http://agents:8080; none for echo")
    path = _text(255, "Path", "OpenAI-compatible: /v1/responses; empty: the base URL is the whole address")
    dialect = _text(40, "Dialect", "Which form its requests have, e.g. orq or openai; empty: by its path")
    model = _text(255, "Model", "Sent as it is, {tag} in it filled in; empty: agent/&lt;key&gt;[@tag]")
    provider = _text(100, "Provider", "Whose model it is, for traces and prices")
    credential_header = forms.CharField(
        required=False, initial="Authorization", max_length=100, widget=UnfoldAdminTextInputWidget
    )
    credential = forms.CharField(
        required=False,
        max_length=4000,
        strip=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text="The complete header value, e.g. Bearer sk-…; stored encrypted and never shown",
    )
    remove_credential = _removal("Remove credential")
    extra_body = JsonObjectField(
        help_text="JSON, merged under what is sent: instructions, tools, reasoning …"
    )
    extra_headers = JsonObjectField(
        help_text='JSON, by name; a secret value is {"secret": true, "value": "…"}, ******** keeps the stored one'
    )
    background = _switch("Background", "Ask for background work, then poll")
    stream = _switch("Stream", "Ask for an event stream, which keeps proxies awake")
    ca_pem = TextBlock(label="CA certificates", help_text="PEM; empty: those of this machine")
    client_certificate_pem = TextBlock(label="Client certificate", help_text="PEM")
    client_key_pem = TextBlock(label="Client key", help_text="PEM, without a passphrase; kept encrypted")
    remove_client_key = _removal("Remove client certificate and key")
    signing_secrets = TextBlock(
        label="Signing secrets",
        help_text="whsec_…, one a line, at most two, the newest first; kept encrypted",
    )
    remove_signing_secrets = _removal("Remove signing secrets")

    class Meta:
        model = Agent
        fields = (
            *("workspace", "key", "runtime", "base_url", "path", "dialect", "model", "provider"),
            *("input_price", "output_price"),
            *("credential_header", "extra_body", "extra_headers", "background", "stream"),
            *("ca_pem", "client_certificate_pem", "max_response_bytes"),
            *("max_attempts", "max_silent_attempts", "max_in_flight", *_LENGTHS),
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        agent: Agent = self.instance
        self.initial["extra_headers"] = masked_headers(agent.extra_headers)
        for name in filter(self.fields.__contains__, _LENGTHS):  # none for who may only look
            self.fields[name].help_text = f"{self.fields[name].help_text} (hh:mm:ss)".strip()
        self._offer_removal("credential", "remove_credential", agent.sealed_credential)
        self._offer_removal("client_key_pem", "remove_client_key", agent.sealed_client_key)
        self._offer_removal("signing_secrets", "remove_signing_secrets", agent.sealed_signing_secrets)

    def _offer_removal(self, name: str, removal: str, stored: object) -> None:
        if name not in self.fields:
            return
        if stored:
            self.fields[name].help_text = KEPT
        else:
            self.fields.pop(removal, None)

    def clean(self) -> dict[str, Any]:
        """What was written; a refusal of the verb is an error of the field it is about.

        The verb is rehearsed and taken back: the form says whatever the API would say, and `is_valid` keeps nothing.
        """
        if not self.may_change_origin and any(self.data.get(name) for name in OF_ORIGIN):
            raise forms.ValidationError(NOT_YOURS)
        if not self.errors:
            try:
                self._rehearse()
            except Refused as refusal:
                self.add_error(refusal.param if refusal.param in self.fields else None, str(refusal))
        return self.cleaned_data

    def _rehearse(self) -> None:
        with transaction.atomic():
            self.apply()
            transaction.set_rollback(True)

    def apply(self) -> Saved:
        """Do what the person asked for, through the verb; Refused."""
        if self.instance.pk and Agent.objects.filter(pk=self.instance.pk).exists():
            return agents.update(self.instance.pk, self._changes(), may_change_origin=self.may_change_origin)
        written = self.cleaned_data
        return Saved(agents.create(written["workspace"], written["key"], self._changes()))

    def _changes(self) -> AgentChanges:
        """What differs from what the form showed; secrets where one was written or is to be removed."""
        written = self.cleaned_data
        plain = set(self.changed_data) - {"workspace", "key", *_SECRETS, *_REMOVALS}
        changes = {name: written[name] for name in plain}
        for removal, removed in _REMOVALS.items():
            if written.get(removal):
                changes |= removed
        changes |= {name: written[name] for name in ("credential", "client_key_pem") if written.get(name)}
        if secrets := written.get("signing_secrets", "").split():
            changes["signing_secrets"] = secrets
        return cast("AgentChanges", changes)

    def _post_clean(self) -> None:
        """The instance stays as it is stored: the verbs write, this form never does."""


class VersionForm(ModelForm[AgentVersion]):
    """A tag; an existing one cannot be renamed, schedules may pin it."""

    activate = forms.BooleanField(required=False, label="Make it the active one")

    class Meta:
        model = AgentVersion
        fields = ("tag",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["tag"].disabled = self.instance.pk is not None
        for field in self.fields.values():  # the table's heads are not theirs to who does not see them
            field.widget.attrs["aria-label"] = field.label


class VersionFormSet(BaseInlineFormSet[AgentVersion, Agent, ModelForm[AgentVersion]]):
    """An agent's versions; they are written by `agents.add_version`."""

    def clean(self) -> None:
        """At most one is to become the active one."""
        super().clean()
        if sum(bool(form.cleaned_data.get("activate")) for form in self.forms if form.is_valid()) > 1:
            raise forms.ValidationError("Only one version can be the active one")

    def save(self, commit: bool = True) -> list[AgentVersion]:
        """The versions that were added or made active."""
        self.new_objects: list[AgentVersion] = []
        self.changed_objects: list[tuple[AgentVersion, list[str]]] = []
        self.deleted_objects: list[AgentVersion] = []
        for form in self.forms:
            if form.has_changed():
                self._add(form)
        return self.new_objects

    def _add(self, form: ModelForm[AgentVersion]) -> None:
        said = form.cleaned_data
        is_new = form.instance.pk is None
        version = agents.add_version(self.instance, said["tag"], activate=said["activate"])
        if is_new:
            self.new_objects.append(version)
        else:
            self.changed_objects.append((version, form.changed_data))
