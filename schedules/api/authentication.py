"""Who calls, and what the caller may do: API keys as bearer tokens, each of a scope."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, cast

import structlog
from django.conf import settings
from django.db import DatabaseError
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from schedules import actors, api_keys
from schedules.api.api_key_cache import remembered_keys
from schedules.database.clock import recent_now
from schedules.errors import KeyTooPowerful, Refused
from schedules.models import ApiKey, Scope

if TYPE_CHECKING:  # rest_framework.views imports this module while it is loaded itself
    from rest_framework.views import APIView

log = structlog.get_logger(__name__)


class AuthenticationRequired(Refused):
    """Send an API key in the header Authorization: Bearer sk-orq-…"""

    code = "authentication_required"


class InvalidApiKey(Refused):
    """This API key is unknown, disabled or revoked"""

    code = "invalid_api_key"


class ExpiredApiKey(Refused):
    """This API key has expired"""

    code = "expired_api_key"


class InsufficientScope(Refused):
    """This API key may not do this"""

    code = "insufficient_scope"

    def __init__(self, needed: Scope) -> None:
        """`needed`: the least scope that may."""
        super().__init__(f"This API key may not do this; use a key with the scope {needed.value}")


class ApiKeyAuthentication(BaseAuthentication):
    """Every request carries the key of one workspace; without a working one nothing else is looked at."""

    def authenticate(self, request: Request) -> tuple[ApiKey, ApiKey]:
        """The key as `request.user` and `request.auth`; AuthenticationRequired, InvalidApiKey or ExpiredApiKey.

        A key revoked or disabled a moment ago may still be let in, for less than a second (api_key_cache.py).
        Expiry is judged by the database's clock, so that all web processes answer alike.
        """
        key = _find(bearer_token(request))
        now = recent_now()
        if key is None or not key.is_working:
            raise InvalidApiKey
        if key.expires_at is not None and key.expires_at <= now:
            raise ExpiredApiKey
        _note_use(key, now, address_of(request))
        actors.become(actors.ActorKind.KEY, key.id, str(key))
        structlog.contextvars.bind_contextvars(key_id=key.id)
        return key, key

    def authenticate_header(self, request: Request) -> str:
        """The challenge of a 401."""
        return "Bearer"


def bearer_token(request: Request) -> str:
    """The token of the header `Authorization: Bearer <token>`; AuthenticationRequired when there is none."""
    header: str = request.META.get("HTTP_AUTHORIZATION", "")
    words = header.split()
    if len(words) != 2 or words[0].lower() != "bearer":
        raise AuthenticationRequired
    return words[1]


def _find(token: str) -> ApiKey | None:
    keys = remembered_keys if settings.ORQ.uses("key_cache") else api_keys
    return keys.find(token)


def address_of(request: Request) -> str:
    """Where a request comes from: the other end of its connection."""
    address: str = request.META.get("REMOTE_ADDR") or ""
    return address[:45]


def _note_use(key: ApiKey, now: datetime, address: str) -> None:
    """A missing note of the last use is no reason to refuse a request."""
    try:
        api_keys.note_use(key, now, address)
    except DatabaseError as error:
        log.warning("key.use_not_noted", key_id=key.id, error=type(error).__name__)


def key_of(request: Request) -> ApiKey:
    """The key that an authenticated request came with."""
    return cast("ApiKey", request.auth)


def unlimited_key_of(request: Request) -> ApiKey:
    """The same; KeyTooPowerful for a key that is limited to some agents, where all of them are concerned."""
    key = key_of(request)
    if key.agent_ids is not None:
        raise KeyTooPowerful("This API key is limited to some agents, and this concerns the whole workspace")
    return key


class HasScope(BasePermission):
    """Each method of a path needs a scope: reading any, writing write, unless the view says otherwise."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """True, or InsufficientScope; a method the path does not answer is left to be told as such."""
        needed = _needed_scope(request, view)
        if not Scope(key_of(request).scope).includes(needed):
            raise InsufficientScope(needed)
        return True


def _needed_scope(request: Request, view: "APIView") -> Scope:
    method = "GET" if request.method == "HEAD" else str(request.method)
    if method not in view.allowed_methods:
        return Scope.READ
    scopes: Mapping[str, Scope] = getattr(view, "scopes", {})
    return scopes.get(method, Scope.READ if method in SAFE_METHODS else Scope.WRITE)
