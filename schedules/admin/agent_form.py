"""The form of an agent: its runtime settings, and a credential that goes in and never comes out."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django import forms
from django.core.validators import MinValueValidator, RegexValidator
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminTextInputWidget, UnfoldBooleanWidget

from schedules import addresses, agents, headers
from schedules.admin.typed import BaseInlineFormSet, ModelForm
from schedules.models import Agent, AgentVersion, RuntimeName

_LENGTHS = ("connect_timeout", "read_timeout", "total_timeout", "retry_base", "retry_cap")
_SHORTEST = timedelta(milliseconds=1)
_HEADER_NAME = RegexValidator(
    r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z",
    "A header name may only have letters, digits and signs such as - and _.",
)
_HEADER_VALUE = RegexValidator(r"^[\x20-\x7e]+\Z", "A header value must be plain ASCII on one line.")


class AgentForm(ModelForm[Agent]):
    """An agent as a person edits it."""

    base_url = forms.CharField(
        required=False,
        max_length=500,
        label="Base URL",
        widget=UnfoldAdminTextInputWidget,
        help_text="For the responses runtime, e.g. https://agents.example.com or http://agents:8080",
    )
    credential_header = forms.CharField(
        required=False,
        initial="Authorization",
        max_length=100,
        validators=[_HEADER_NAME],
        widget=UnfoldAdminTextInputWidget,
    )
    credential = forms.CharField(
        required=False,
        max_length=4000,
        validators=[_HEADER_VALUE],
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text="The complete header value, e.g. Bearer sk-…; stored encrypted and never shown",
    )
    remove_credential = forms.BooleanField(required=False, widget=UnfoldBooleanWidget)

    class Meta:
        model = Agent
        fields = (
            *("workspace", "key", "runtime", "base_url", "path", "credential_header", "max_response_bytes"),
            *("max_attempts", *_LENGTHS),
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in filter(self.fields.__contains__, _LENGTHS):  # none for who may only look
            self.fields[name].help_text = f"{self.fields[name].help_text} (hh:mm:ss)".strip()
            self.fields[name].validators.append(MinValueValidator(_SHORTEST))
        if self.instance.sealed_credential:
            self.fields[
                "credential"
            ].help_text = (
                "A credential is stored. Leave this empty to keep it, or enter a new one to replace it"
            )
        else:
            self.fields.pop("remove_credential", None)

    def clean_base_url(self) -> str:
        """An address of the web; names without a dot are fine, they are how containers call each other."""
        text: str = self.cleaned_data["base_url"]
        if text:
            _require(addresses.require_base_url, text)
        return text

    def clean_credential_header(self) -> str:
        """A header that the service or the connection does not write itself."""
        name: str = self.cleaned_data["credential_header"]
        if name:
            _require(headers.require_credential_header, name)
        return name

    def _get_validation_exclusions(self) -> set[str]:
        """The model's own rule for URLs wants a dot in every host name; `clean_base_url` is ours."""
        exclusions = super()._get_validation_exclusions()  # type: ignore[misc]  # Django's stubs lack it
        return {*exclusions, "base_url"}

    def clean(self) -> dict[str, Any]:
        """The runtime's needs, said at the field that lacks them."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("runtime") == RuntimeName.RESPONSES and not cleaned.get("base_url", "missing"):
            self.add_error("base_url", "The responses runtime needs the address of the agent's server")
        if cleaned.get("credential") and not cleaned.get("credential_header", "missing"):
            self.add_error("credential_header", "The credential needs a header to be sent in")
        return cleaned


def _require(rule: Callable[[str], None], text: str) -> None:
    """The rule's own words, at the field."""
    try:
        rule(text)
    except ValueError as refused:
        raise forms.ValidationError(str(refused)) from None


class VersionForm(ModelForm[AgentVersion]):
    """A tag; an existing one cannot be renamed, schedules may pin it."""

    activate = forms.BooleanField(required=False, label="Make it the active version")

    class Meta:
        model = AgentVersion
        fields = ("tag",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["tag"].disabled = self.instance.pk is not None


class VersionFormSet(BaseInlineFormSet[AgentVersion, Agent, ModelForm[AgentVersion]]):
    """An agent's versions; they are written by `agents.add_version`."""

    def clean(self) -> None:
        """At most one is to become the active one."""
        super().clean()
        if sum(bool(form.cleaned_data.get("activate")) for form in self.forms if form.is_valid()) > 1:
            raise forms.ValidationError("Only one version can be active")

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
        cleaned = form.cleaned_data
        is_new = form.instance.pk is None
        version = agents.add_version(self.instance, cleaned["tag"], activate=cleaned["activate"])
        if is_new:
            self.new_objects.append(version)
        else:
            self.changed_objects.append((version, form.changed_data))
