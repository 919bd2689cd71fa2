"""The endpoints of a workspace: additions of this service to the public API. All of it needs the scope admin."""

from typing import ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from schedules.api import delivery_documents, queries, webhook_bodies
from schedules.api.api_view import ApiView
from schedules.api.authentication import unlimited_key_of
from schedules.api.bodies import read
from schedules.api.operations import webhooks as operations
from schedules.api.parsing import refuse_body
from schedules.api.webhook_documents import WebhookList, document_of, issued_document
from schedules.database.clock import time_to_act
from schedules.database.keyset import page
from schedules.deliveries import endpoints
from schedules.deliveries.endpoints import NewWebhook
from schedules.models import Scope, Webhook


class Webhooks(ApiView):
    """The endpoints of the key's workspace."""

    scopes: ClassVar = {"GET": Scope.ADMIN, "POST": Scope.ADMIN}

    @operations.LIST_WEBHOOKS
    def get(self, request: Request) -> Response:
        """All of them, or a page, newest first."""
        asked = queries.read_query(queries.WebhookListQuery, request)
        theirs = Webhook.objects.of_workspace(unlimited_key_of(request).workspace_id)
        return Response(WebhookList(page(theirs, theirs, asked.get("after"), asked.get("limit"))).data)

    @operations.CREATE_WEBHOOK
    def post(self, request: Request) -> Response:
        """A new one, its signing secret shown."""
        key = unlimited_key_of(request)
        new = NewWebhook(**read(webhook_bodies.NewWebhookBody, request))
        return Response(
            issued_document(endpoints.create(key.workspace, new, key.actor, time_to_act())), status=201
        )


class WebhookItself(ApiView):
    """One endpoint."""

    scopes: ClassVar = {"GET": Scope.ADMIN, "PATCH": Scope.ADMIN, "DELETE": Scope.ADMIN}

    @operations.RETRIEVE_WEBHOOK
    def get(self, request: Request, webhook_id: str) -> Response:
        """As it is now."""
        return Response(document_of(_webhook(request, webhook_id)))

    @operations.UPDATE_WEBHOOK
    def patch(self, request: Request, webhook_id: str) -> Response:
        """Changed."""
        webhook = _webhook(request, webhook_id)
        changes = read(webhook_bodies.WebhookChangesBody, request)
        return Response(document_of(endpoints.change(webhook, changes, time_to_act())))

    @operations.DELETE_WEBHOOK
    def delete(self, request: Request, webhook_id: str) -> Response:
        """Gone, its messages with it; a body is ignored."""
        endpoints.delete(_webhook(request, webhook_id))
        return Response(status=204)


class WebhookTest(ApiView):
    """A message to try an endpoint."""

    scopes: ClassVar = {"POST": Scope.ADMIN}

    @operations.TEST_WEBHOOK
    def post(self, request: Request, webhook_id: str) -> Response:
        """On its way."""
        webhook = _webhook(request, webhook_id)
        refuse_body(request)
        delivery = endpoints.send_test(webhook, time_to_act())
        return Response(delivery_documents.document_of(delivery), status=202)


class WebhookSecret(ApiView):
    """The signing secret of an endpoint."""

    scopes: ClassVar = {"POST": Scope.ADMIN}

    @operations.ROTATE_WEBHOOK_SECRET
    def post(self, request: Request, webhook_id: str) -> Response:
        """A new one, shown; the one before signs as well for a week."""
        webhook = _webhook(request, webhook_id)
        refuse_body(request)
        return Response(issued_document(endpoints.rotate_secret(webhook, time_to_act())), status=201)


def _webhook(request: Request, webhook_id: str) -> Webhook:
    return endpoints.find(unlimited_key_of(request).workspace, webhook_id)
