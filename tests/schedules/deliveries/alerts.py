"""Plain makers of alerts and their messages."""

from typing import Any

from schedules.database.clock import database_now
from schedules.database.ulids import new_ulid
from schedules.deliveries import endpoints, outbox
from schedules.deliveries.alert import Alert
from schedules.deliveries.endpoints import NewWebhook
from schedules.models import Delivery, Webhook, Workspace
from tests.factories import make_workspace


def make_alert(workspace: Workspace, **fields: Any) -> Alert:
    """An alert of the workspace, just now, unless told otherwise."""
    defaults: dict[str, Any] = {
        "type": "agent.outage.opened",
        "incident_id": new_ulid(),
        "created_at": database_now(),
        "severity": "critical",
        "summary": "The agent digest cannot be reached: 30 schedules fail",
        "data": {"code": "agent_unreachable"},
    }
    return Alert(workspace_id=workspace.pk, **defaults | fields)


def make_webhook(workspace: Workspace | None = None, **fields: Any) -> Webhook:
    """An endpoint that tells of everything, made as a person makes it."""
    new = NewWebhook(
        **{"display_name": "On call", "channel": "webhook", "target": "https://hooks.example.com/x"} | fields
    )
    return endpoints.create(workspace or make_workspace(), new, "user_1", database_now()).webhook


def make_delivery(webhook: Webhook, **fields: Any) -> Delivery:
    """A stored message to the endpoint; `fields` are those of the message or of its alert."""
    columns = {field.attname for field in Delivery._meta.concrete_fields} - {"type", "created_at"}
    own = {name: fields.pop(name) for name in set(fields) & columns}
    delivery = outbox.message(make_alert(webhook.workspace, **fields), webhook)
    for name, value in own.items():
        setattr(delivery, name, value)
    delivery.save(force_insert=True)
    return delivery
