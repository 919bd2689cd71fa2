"""Endpoints in the console: made here, their signing secret shown once, tried with a button, switched off and on."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from schedules import journal
from schedules.admin import cells
from schedules.admin.base import signature
from schedules.admin.filters import WorkspaceFilter
from schedules.admin.verbs import Verb, VerbAdmin
from schedules.admin.webhook_form import WebhookForm
from schedules.database.clock import estimated_now, time_to_act
from schedules.deliveries import endpoints
from schedules.deliveries.endpoints import IssuedSecret, NewWebhook
from schedules.errors import Refused
from schedules.models import Channel, Webhook


def _test(webhook: Webhook, actor: str, now: datetime) -> object:
    return endpoints.send_test(webhook, now)


def _rotate(webhook: Webhook, actor: str, now: datetime) -> None:
    raise Refused("its secret needs a page")  # see WebhookAdmin.perform


TEST = Verb[Webhook](
    "test",
    "Send a test",
    "send",
    "sent a test: see the deliveries",
    "test",
    _test,
    lambda webhook: webhook.is_enabled,
)
ROTATE = Verb[Webhook](
    "rotate",
    "Rotate secret",
    "autorenew",
    "rotated",
    "rotate",
    _rotate,
    lambda webhook: webhook.channel == Channel.WEBHOOK,
    confirmation="Make a new signing secret? The one before it signs as well for 7 more days.",
)


@admin.display(description="Endpoint")
def name(webhook: Webhook) -> str:
    """Its name, and where it is."""
    return cells.two_lines(webhook.display_name, webhook.target)


@admin.display(description="Status")
def status(webhook: Webhook) -> str:
    """Whether it is told, and why not."""
    if webhook.is_enabled:
        return cells.badge("failing", "warning") if webhook.dead_count else cells.badge("on", "success")
    colour = "" if webhook.disabled_reason == "by_hand" else "danger"
    return cells.badge(f"off: {webhook.get_disabled_reason_display()}", colour)


@admin.display(description="Told of")
def told_of(webhook: Webhook) -> str:
    """The rules it subscribes to."""
    return ", ".join(webhook.rules) or "everything"


@admin.display(description="Secrets that sign")
def signing(webhook: Webhook) -> str:
    """How many, now."""
    return str(webhook.signing_secret_count(estimated_now()))


@admin.display(description="Deliveries")
def deliveries(webhook: Webhook) -> str:
    """The list of its messages."""
    return cells.link(
        f"{reverse('admin:schedules_delivery_changelist')}?webhook={webhook.pk}", "Look at them"
    )


@admin.display(description="Created")
def created(webhook: Webhook) -> str:
    """When, and by whom."""
    return cells.two_lines(str(cells.clock(webhook.created_at)), webhook.created_by_id)


@admin.register(Webhook)
class WebhookAdmin(VerbAdmin[Webhook]):
    """The pages of endpoints."""

    workspace_path = "workspace"
    form = WebhookForm
    list_display = (name, "channel", "workspace", status, told_of, created)
    list_filter = (WorkspaceFilter, "channel")
    list_select_related = ("workspace",)
    search_fields = ("display_name",)
    verbs = (TEST, ROTATE)
    _SHOWN = ("workspace", "channel", status, signing, deliveries, created)

    def get_fields(self, request: HttpRequest, obj: Webhook | None = None) -> Any:
        """What a new one needs; what one is."""
        if obj is None:
            return ("workspace", "display_name", "channel", "target", "rules")
        return ("display_name", "target", "rules", "is_enabled", *self._SHOWN)

    def get_readonly_fields(self, request: HttpRequest, obj: Webhook | None = None) -> Any:
        """What stays as it was made."""
        return () if obj is None else self._SHOWN

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Webhook:
        """The verb writes; the secret of a new one lives as long as this request."""
        said, now = form.cleaned_data, time_to_act()
        try:
            if change:
                return endpoints.change(form.instance, said, now)
            new = NewWebhook(said["display_name"], said["channel"], said["target"], said["rules"])
            issued = endpoints.create(said["workspace"], new, signature(request), now)
        except Refused as refusal:  # what the form has checked was changed meanwhile
            raise PermissionDenied from refusal
        request.issued_secret = issued  # type: ignore[attr-defined]  # handed to response_add
        return issued.webhook

    def save_model(self, request: HttpRequest, obj: Webhook, form: Any, change: bool) -> None:
        """Nothing: `save_form` did it."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Nothing: an endpoint has no parts."""

    def response_add(self, request: HttpRequest, obj: Webhook, post_url_continue: Any = None) -> HttpResponse:
        """The page that shows the signing secret, where there is one."""
        issued: IssuedSecret = request.issued_secret  # type: ignore[attr-defined]  # from save_form
        if issued.secret:
            return self._secret_page(request, issued)
        return super().response_add(request, obj, post_url_continue)

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[str]]:
        """The endpoints alone: their messages go with them, and could be many."""
        names = [str(webhook) for webhook in objs]
        return names, {str(self.opts.verbose_name_plural): len(names)}, self.undeletable(request, objs), []

    def delete_model(self, request: HttpRequest, obj: Webhook) -> None:
        """Through the verb."""
        endpoints.delete(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Webhook]) -> None:
        """Each through the verb."""
        with journal.batch():
            for webhook in queryset:
                endpoints.delete(webhook)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Without rotation: each new secret has a page of its own."""
        actions = super().get_actions(request)
        actions.pop(ROTATE.name, None)
        return actions

    def perform(self, request: HttpRequest, verb: Verb[Webhook], row: Webhook) -> HttpResponse | None:
        """Rotation answers with the page of the new secret."""
        if verb is not ROTATE or row.channel != Channel.WEBHOOK:
            return super().perform(request, verb, row)
        issued = endpoints.rotate_secret(row, time_to_act())
        self.log_change(request, row, f"{verb.label}.")
        return self._secret_page(request, issued)

    def _secret_page(self, request: HttpRequest, issued: IssuedSecret) -> HttpResponse:
        """The secret, this once: neither a message nor the session ever holds it."""
        context = {
            **self.admin_site.each_context(request),
            "title": "The signing secret",
            "webhook": issued.webhook,
            "token": issued.secret,
            "list_url": reverse(f"{self.admin_site.name}:schedules_webhook_changelist"),
        }
        return TemplateResponse(request, "console/issued_secret.html", context)
