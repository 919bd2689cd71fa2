"""What retrieve is measured beside, under the same middleware: the same of ordinary make, and a bare view.

The ordinary way is what the manuals of Django REST framework teach: a generic view, a model serializer, a class of
authentication that looks the key up, a permission and a filtered queryset. It has no rate limit and notes no use.
"""

from hashlib import sha256
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, JsonResponse
from django.urls import include, path
from rest_framework.authentication import TokenAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.generics import RetrieveAPIView
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import FormParser, JSONParser, MultiPartParser
from rest_framework.permissions import BasePermission
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.serializers import CharField, DateTimeField, ModelSerializer

from schedules.models import ApiKey, Schedule


class KeyAuthentication(TokenAuthentication):
    """`Authorization: Bearer <key>`, looked up in the database."""

    keyword = "Bearer"

    def authenticate_credentials(self, key: str) -> tuple[Any, Any]:
        """The key, twice."""
        *_, key_id, secret = key.split("-", 3)
        stored = ApiKey.objects.select_related("workspace").filter(id=key_id, is_enabled=True).first()
        if stored is None or stored.secret_sha256 != sha256(secret.encode()).hexdigest():
            raise AuthenticationFailed
        return stored, stored


class HasKey(BasePermission):
    """Anybody with a key."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Whether there is one."""
        return isinstance(request.auth, ApiKey)


class ScheduleSerializer(ModelSerializer[Schedule]):
    """The fields of the API's document."""

    _id = CharField(source="id")
    agent_key = CharField(source="agent.key")
    created = DateTimeField(source="created_at")
    updated = DateTimeField(source="updated_at")

    class Meta:
        model = Schedule
        fields = (
            "_id",
            "workspace_id",
            "agent_key",
            "agent_tag",
            "display_name",
            "type",
            "expression",
            "is_active",
            "generation",
            "payload",
            "created_by_id",
            "updated_by_id",
            "created",
            "updated",
            "last_triggered_at",
            "next_fire_at",
            "trigger_count",
        )


class OrdinarySchedule(RetrieveAPIView[Schedule]):
    """One schedule of an agent."""

    authentication_classes = [KeyAuthentication]
    permission_classes = [HasKey]
    parser_classes = [JSONParser, FormParser, MultiPartParser]
    renderer_classes = [JSONRenderer]
    content_negotiation_class = DefaultContentNegotiation
    serializer_class = ScheduleSerializer
    lookup_field = "id"
    lookup_url_kwarg = "schedule_id"

    def get_queryset(self) -> "QuerySet[Schedule]":
        """Those of the agent, in the key's workspace."""
        workspace = self.request.auth.workspace  # type: ignore[union-attr]  # HasKey has seen it
        return Schedule.objects.select_related("agent", "next_fire").filter(
            agent__workspace=workspace, agent__key=self.kwargs["agent_key"], deleted_at=None
        )


def bare(_: HttpRequest) -> JsonResponse:
    """As little as a view can do."""
    return JsonResponse({"status": "ok"})


urlpatterns = [
    path("bare", bare),
    path("ordinary/agents/<str:agent_key>/schedules/<str:schedule_id>", OrdinarySchedule.as_view()),
    path("", include("orqsite.urls")),
]
