"""Messages in the console: what became of them, and the dead letters, to be sent again: some, or all of a filter."""

import json
from datetime import datetime
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from schedules import journal
from schedules.admin import cells
from schedules.admin.base import ReadOnly
from schedules.admin.filters import Choices, ConsoleFilter, MadeFilter, WorkspaceFilter
from schedules.admin.keyset_list import KeysetList, KeysetPaginator
from schedules.admin.typed import ModelAdmin
from schedules.admin.verbs import Verb, VerbAdmin
from schedules.database.clock import estimated_now, time_to_act
from schedules.database.ulids import is_ulid
from schedules.deliveries import replaying
from schedules.errors import DeliveryNotReplayable
from schedules.models import Delivery, DeliveryState, Workspace

_COLOURS = {DeliveryState.PENDING: "info", DeliveryState.DELIVERED: "success", DeliveryState.DEAD: "danger"}


def _replay(delivery: Delivery, actor: str, now: datetime) -> None:
    replaying.replay(delivery, now)


REPLAY = Verb[Delivery](
    "replay",
    "Send again",
    "replay",
    "on their way again",
    "replay",
    _replay,
    lambda delivery: delivery.state != DeliveryState.PENDING,
    {DeliveryNotReplayable: "still on their way"},
)


class WebhookFilter(ConsoleFilter):
    """Messages to one endpoint; shown only when a link has chosen it."""

    title = "endpoint"
    parameter_name = "webhook"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> Choices:
        """The chosen one."""
        chosen = self.value()
        return [(chosen, chosen)] if chosen else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Those to the endpoint."""
        return queryset.filter(webhook=self.value()) if self.value() else queryset


@admin.display(description="State")
def state(delivery: Delivery) -> str:
    """What became of it."""
    return cells.badge(delivery.state, _COLOURS[DeliveryState(delivery.state)])


@admin.display(description="Message")
def said(delivery: Delivery) -> str:
    """What it tells."""
    return cells.two_lines(delivery.summary, delivery.type)


@admin.display(description="To")
def receiver(delivery: Delivery) -> str:
    """The endpoint."""
    if delivery.webhook is None:
        return cells.two_lines("administrators", "by mail")
    return cells.two_lines(delivery.webhook.display_name, delivery.channel)


@admin.display(description="Last attempt")
def last(delivery: Delivery) -> str:
    """When, and what it came to."""
    words = " ".join(str(part) for part in (delivery.last_status, delivery.last_error) if part)
    return cells.two_lines(words or cells.NOTHING, f"{delivery.attempt_count} attempts")


@admin.display(description="Next attempt")
def following(delivery: Delivery) -> str:
    """When it is sent next."""
    is_over = delivery.state != DeliveryState.PENDING
    return cells.NOTHING if is_over else cells.instant(delivery.next_attempt_at, estimated_now())


@admin.display(description="Written")
def written(delivery: Delivery) -> str:
    """When it was written."""
    return cells.instant(delivery.created_at, estimated_now())


@admin.display(description="Ended")
def ended(delivery: Delivery) -> str:
    """When it was delivered, or given up."""
    return cells.clock(delivery.ended_at)


@admin.display(description="Last failure")
def failure(delivery: Delivery) -> str:
    """In words."""
    return delivery.last_message or cells.NOTHING


@admin.display(description="webhook-id")
def message_id(delivery: Delivery) -> str:
    """The id, the same over all attempts."""
    return cells.code(delivery.pk)


@admin.display(description="Incident")
def incident(delivery: Delivery) -> str:
    """What it is about."""
    return cells.code(delivery.incident_id) if delivery.incident_id else cells.NOTHING


@admin.display(description="Body")
def body(delivery: Delivery) -> str:
    """What it says, as a webhook gets it."""
    return cells.json_block(json.loads(delivery.body))


@admin.register(Delivery)
class DeliveryAdmin(VerbAdmin[Delivery], ReadOnly[Delivery]):
    """The pages of messages."""

    workspace_path = "workspace"
    list_class = KeysetList
    paginator = KeysetPaginator
    list_display = (state, said, receiver, last, following, written)
    list_filter = ("state", MadeFilter, WorkspaceFilter, WebhookFilter)
    list_select_related = ("webhook",)
    sortable_by = ()
    search_fields = ("id",)  # what they mean: get_search_results
    search_help_text = "Id of a message, an incident or an endpoint"
    verbs = (REPLAY,)
    fields: ClassVar[Any] = (
        (state, receiver),
        (said, "severity"),
        (last, failure),
        (following, ended),
        (written, incident, message_id),
        body,
    )
    readonly_fields: ClassVar[Any] = [
        name for line in fields for name in (line if isinstance(line, tuple) else (line,))
    ]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """A whole id."""
        term = search_term.strip().upper()
        if not term:
            return queryset, False
        found = queryset.filter(id=term) | queryset.filter(incident_id=term) | queryset.filter(webhook=term)
        return (found if is_ulid(term) else queryset.none()), False

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Sending again takes any number: all that the filter finds, if the person selects all."""
        actions = super().get_actions(request)
        if REPLAY.name in actions:
            actions[REPLAY.name] = (_replay_found, *actions[REPLAY.name][1:])
        return actions


def _replay_found(pages: DeliveryAdmin, request: HttpRequest, found: QuerySet[Delivery]) -> None:
    now, selected_count, count = time_to_act(), found.count(), 0
    allowed = pages.reachable(request, found, pages.permission(REPLAY.permission))
    with journal.batch():
        for workspace in Workspace.objects.filter(pk__in=allowed.order_by().values("workspace")):
            count += replaying.replay_all(allowed.filter(workspace=workspace), workspace, now)
    if count:
        pages.message_user(request, f"{count} {REPLAY.done}", messages.SUCCESS)
    if count < selected_count:
        text = f"{selected_count - count} skipped: still on their way, or not yours to send"
        pages.message_user(request, text, messages.WARNING)
