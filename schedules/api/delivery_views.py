"""Messages on their way to endpoints: additions of this service to the public API."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from schedules.api import delivery_documents, queries
from schedules.api.api_view import ApiView
from schedules.api.authentication import key_of
from schedules.api.bodies import read
from schedules.api.delivery_documents import DeliveryPage, ReplayDocument, document_of
from schedules.api.operations import deliveries as operations
from schedules.api.parsing import refuse_body
from schedules.database.clock import time_to_act
from schedules.database.keyset import page
from schedules.deliveries import replaying
from schedules.deliveries.replaying import Filter
from schedules.errors import DeliveryNotFound
from schedules.models import ApiKey, Delivery, Scope


class Deliveries(ApiView):
    """The messages of the key's workspace."""

    @operations.LIST_DELIVERIES
    def get(self, request: Request) -> Response:
        """A page of them, newest first."""
        asked = queries.read_query(queries.DeliveryListQuery, request)
        key = key_of(request)
        found = _visible(key, _filter(asked))
        return Response(DeliveryPage(page(found, _visible(key), asked.get("after"), asked["limit"])).data)


class DeliveryItself(ApiView):
    """One message."""

    @operations.RETRIEVE_DELIVERY
    def get(self, request: Request, delivery_id: str) -> Response:
        """With what it says."""
        return Response(document_of(_delivery(key_of(request), delivery_id)))


class DeliveryReplay(ApiView):
    """One message again."""

    scopes: ClassVar = {"POST": Scope.TRIGGER}

    @operations.REPLAY_DELIVERY
    def post(self, request: Request, delivery_id: str) -> Response:
        """On its way again."""
        key = key_of(request)
        delivery = _delivery(key, delivery_id)
        refuse_body(request)
        replaying.replay(delivery, time_to_act())
        return Response(document_of(_delivery(key, delivery_id)), status=202)


class DeliveriesReplay(ApiView):
    """All messages again that a filter finds."""

    scopes: ClassVar = {"POST": Scope.TRIGGER}

    @operations.REPLAY_DELIVERIES
    def post(self, request: Request) -> Response:
        """How many are on their way again."""
        key = key_of(request)
        asked = read(delivery_documents.ReplayBody, request)
        found = _visible(key, _filter(asked))
        count = replaying.replay_all(found, key.workspace, time_to_act())
        return Response(ReplayDocument({"count": count}).data, status=202)


def _visible(key: ApiKey, wanted: Filter | None = None) -> "QuerySet[Delivery]":
    """A message may be about any agent: a key that is limited to some sees none."""
    found = (wanted or Filter()).of(key.workspace_id)
    return found if key.agent_ids is None else found.none()


def _delivery(key: ApiKey, delivery_id: str) -> Delivery:
    if key.agent_ids is not None:
        raise DeliveryNotFound
    return replaying.find(key.workspace, delivery_id)


def _filter(asked: Mapping[str, Any]) -> Filter:
    return Filter(asked.get("state"), asked.get("webhook_id"), asked.get("from"), asked.get("to"))
