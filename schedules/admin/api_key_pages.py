"""API keys in the console: issued here, their token shown once, revoked here, and otherwise only looked at."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.widgets import UnfoldAdminTextInputWidget

from schedules import api_keys
from schedules.admin import cells
from schedules.admin.base import ReadOnly, signature
from schedules.admin.filters import WorkspaceFilter
from schedules.admin.typed import ModelForm
from schedules.admin.verbs import Verb, VerbAdmin
from schedules.database.clock import database_now, estimated_now, time_to_act
from schedules.errors import Refused
from schedules.models import Agent, ApiKey


def _revoke(key: ApiKey, actor: str, now: datetime) -> None:
    if key.revoked_at is not None:
        raise Refused("already revoked")
    api_keys.revoke(key, now)


def _rotate(key: ApiKey, actor: str, now: datetime) -> None:
    raise Refused("its token needs a page")  # see ApiKeyAdmin.perform


ROTATE = Verb[ApiKey](
    "rotate",
    "Rotate",
    "autorenew",
    "rotated",
    "rotate",
    _rotate,
    lambda key: key.is_working,
    confirmation="Issue a successor of this key? The key itself works for 7 more days.",
)
REVOKE = Verb[ApiKey](
    "revoke",
    "Revoke",
    "block",
    "revoked",
    "revoke",
    _revoke,
    lambda key: key.revoked_at is None,
    confirmation="Revoke this key? Clients that use it will be refused, and this cannot be undone.",
)


@admin.display(description="Status")
def status(key: ApiKey) -> str:
    """Whether it opens anything."""
    if key.revoked_at is not None:
        return cells.badge("revoked", "danger")
    if key.expires_at is not None and key.expires_at <= estimated_now():
        return cells.badge("expired", "warning")
    return cells.badge("active", "success") if key.is_enabled else cells.badge("disabled", "warning")


@admin.display(description="Key")
def name(key: ApiKey) -> str:
    """Its name, and how it signs."""
    return cells.two_lines(key.name or "unnamed", key.actor)


@admin.display(description="Recorded as")
def actor(key: ApiKey) -> str:
    """How it signs what it did."""
    return cells.code(key.actor)


@admin.display(description="Expires", ordering="expires_at")
def expires(key: ApiKey) -> str:
    """When it stops working."""
    return cells.instant(key.expires_at, estimated_now()) if key.expires_at else "never"


@admin.display(description="Last used", ordering="last_used_at")
def last_used(key: ApiKey) -> str:
    """When it last opened something, to the minute."""
    return cells.instant(key.last_used_at, estimated_now()) if key.last_used_at else "never"


@admin.display(description="From")
def last_address(key: ApiKey) -> str:
    """Where its last use came from."""
    return cells.code(key.last_used_address) if key.last_used_address else cells.NOTHING


@admin.display(description="Agents")
def limited_to(key: ApiKey) -> str:
    """The agents it is limited to."""
    if key.agent_ids is None:
        return "all"
    return (
        ", ".join(Agent.objects.live().filter(id__in=key.agent_ids).values_list("key", flat=True)) or "none"
    )


@admin.display(description="Created by")
def creator(key: ApiKey) -> str:
    """How its creator signs."""
    return cells.code(key.created_by_id) if key.created_by_id else "not on record"


@admin.display(description="Created", ordering="created_at")
def created(key: ApiKey) -> str:
    """When it was issued."""
    return cells.clock(key.created_at)


@admin.display(description="Revoked")
def revoked(key: ApiKey) -> str:
    """When it was revoked."""
    return cells.clock(key.revoked_at)


class IssueForm(ModelForm[ApiKey]):
    """What a new key needs."""

    class Meta:
        model = ApiKey
        fields = ("workspace", "name", "scope", "agent_keys", "expires_at")

    agent_keys = forms.CharField(
        required=False,
        label="Only these agents",
        help_text="Keys of agents, parted by blanks; empty: every agent, also those to come",
        widget=UnfoldAdminTextInputWidget,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["expires_at"] = (database_now() + api_keys.LIFETIME).replace(microsecond=0)

    def clean(self) -> dict[str, Any]:
        """The agents exist, as far as the key is limited to some."""
        cleaned = self.cleaned_data
        names, workspace = cleaned.get("agent_keys", "").split(), cleaned.get("workspace")
        cleaned["agents"] = None
        if names and workspace is not None:
            try:
                cleaned["agents"] = api_keys.agents_named(workspace, names)
            except Refused as refusal:
                self.add_error("agent_keys", str(refusal))
        return cleaned

    def clean_expires_at(self) -> datetime | None:
        """A moment to come, or none."""
        expires_at: datetime | None = self.cleaned_data["expires_at"]
        if expires_at is not None and expires_at <= database_now():
            raise forms.ValidationError("This time is in the past; choose a later one, or leave it empty")
        return expires_at


@admin.register(ApiKey)
class ApiKeyAdmin(VerbAdmin[ApiKey], ReadOnly[ApiKey]):
    """The pages of API keys."""

    workspace_path = "workspace"
    form = IssueForm
    list_display = (name, "workspace", "scope", status, expires, last_used, created)
    list_filter = (WorkspaceFilter, "scope")
    list_select_related = ("workspace",)
    search_fields = ("id__exact", "name")
    verbs = (ROTATE, REVOKE)
    _SHOWN = (
        "workspace",
        "name",
        "scope",
        limited_to,
        status,
        actor,
        expires,
        last_used,
        last_address,
        created,
        creator,
        revoked,
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        """As the person's roles say; changing and deleting stay closed."""
        return self.may(request, "add")

    def get_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> Any:
        """What a new key needs; what an issued one is."""
        return IssueForm.Meta.fields if obj is None else self._SHOWN

    def get_readonly_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> Any:
        """Everything of an issued key."""
        return () if obj is None else self._SHOWN

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> ApiKey:
        """Issue the key; its token lives as long as this request."""
        cleaned = form.cleaned_data
        issued = api_keys.issue(
            cleaned["workspace"],
            scope=cleaned["scope"],
            name=cleaned["name"],
            expires_at=cleaned["expires_at"],
            agents=cleaned["agents"],
            created_by=signature(request),
        )
        request.issued_token = issued.token  # type: ignore[attr-defined]  # handed to response_add
        return issued.key

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        """Nothing: it was issued by `save_form`."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Nothing: a key has no parts."""

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """One way to save: what follows is the token's page."""
        context |= {"show_save_and_add_another": False, "show_save_and_continue": False}
        return super().render_change_form(request, context, *args, **kwargs)

    def response_add(self, request: HttpRequest, obj: ApiKey, post_url_continue: Any = None) -> HttpResponse:
        """The page that shows the token."""
        return self._token_page(request, obj, request.issued_token)  # type: ignore[attr-defined]  # from save_form

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Without rotation: each new token has a page of its own."""
        actions = super().get_actions(request)
        actions.pop(ROTATE.name, None)
        return actions

    def perform(self, request: HttpRequest, verb: Verb[ApiKey], row: ApiKey) -> HttpResponse | None:
        """Rotation answers with the page of the new token."""
        if verb is not ROTATE:
            return super().perform(request, verb, row)
        now = time_to_act()
        try:
            issued = api_keys.rotate(
                row.pk,
                now,
                overlap=api_keys.OVERLAP,
                expires_at=now + api_keys.LIFETIME,
                created_by=signature(request),
            )
        except Refused as refusal:
            self.message_user(request, f"1 skipped: {refusal}", messages.WARNING)
            return None
        self.log_change(request, row, f"{verb.label}.")
        return self._token_page(request, issued.key, issued.token)

    def _token_page(self, request: HttpRequest, key: ApiKey, token: str) -> HttpResponse:
        """The token, this once: neither a message nor the session ever holds it."""
        context = {
            **self.admin_site.each_context(request),
            "title": "The new key's token",
            "opts_of_key": self.opts,
            "key": key,
            "token": token,
            "list_url": reverse(f"{self.admin_site.name}:schedules_apikey_changelist"),
        }
        return TemplateResponse(request, "console/issued_key.html", context)
