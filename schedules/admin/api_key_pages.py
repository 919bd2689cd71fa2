"""API keys in the console: issued here, their token shown once, revoked here, and otherwise only looked at."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from schedules import api_keys
from schedules.admin import cells
from schedules.admin.base import ReadOnly
from schedules.admin.typed import ModelForm
from schedules.admin.verbs import Verb, VerbAdmin
from schedules.database.clock import database_now, estimated_now
from schedules.errors import Refused
from schedules.models import ApiKey


def _revoke(key: ApiKey, actor: str, now: datetime) -> None:
    if key.revoked_at is not None:
        raise Refused("already revoked")
    api_keys.revoke(key, now)


REVOKE = Verb[ApiKey](
    "revoke",
    "Revoke",
    "block",
    "revoked",
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
        fields = ("workspace", "name", "scope", "expires_at")

    def clean_expires_at(self) -> datetime | None:
        """A moment to come, or none."""
        expires_at: datetime | None = self.cleaned_data["expires_at"]
        if expires_at is not None and expires_at <= database_now():
            raise forms.ValidationError("This time is in the past; choose a later one, or leave it empty")
        return expires_at


@admin.register(ApiKey)
class ApiKeyAdmin(VerbAdmin[ApiKey], ReadOnly[ApiKey]):
    """The pages of API keys."""

    form = IssueForm
    list_display = (name, "workspace", "scope", status, expires, last_used, created)
    list_filter = ("workspace", "scope")
    list_select_related = ("workspace",)
    search_fields = ("id__exact", "name")
    verbs = (REVOKE,)
    _SHOWN = ("workspace", "name", "scope", status, actor, expires, last_used, created, revoked)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """As the person's permissions say; changing and deleting stay closed."""
        codename = f"{self.opts.app_label}.add_{self.opts.model_name}"
        return request.user.has_perm(codename)

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
        """The page that shows the token, this once: neither a message nor the session ever holds it."""
        context = {
            **self.admin_site.each_context(request),
            "title": "The new key's token",
            "opts_of_key": self.opts,
            "key": obj,
            "token": request.issued_token,  # type: ignore[attr-defined]  # from save_form
            "list_url": reverse(f"{self.admin_site.name}:schedules_apikey_changelist"),
        }
        return TemplateResponse(request, "console/issued_key.html", context)
