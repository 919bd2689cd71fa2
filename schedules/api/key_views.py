"""The API keys of a workspace: additions of this service to the public API. All of it needs the scope admin."""

from datetime import datetime, timedelta
from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from schedules import api_keys
from schedules.api import key_bodies, queries
from schedules.api.api_view import ApiView
from schedules.api.authentication import key_of
from schedules.api.bodies import read
from schedules.api.key_documents import KeyList, document_of, with_agent_keys
from schedules.api.operations import keys as operations
from schedules.database.clock import time_to_act
from schedules.database.keyset import page
from schedules.errors import InvalidRequest
from schedules.models import Scope


class Keys(ApiView):
    """The keys that may do no more than the key that asks."""

    scopes: ClassVar = {"GET": Scope.ADMIN, "POST": Scope.ADMIN}

    @operations.LIST_KEYS
    def get(self, request: Request) -> Response:
        """All of them, or a page, newest first."""
        asked = queries.read_query(queries.ScheduleListQuery, request)
        theirs = api_keys.covered_by(key_of(request))
        keys = page(theirs, theirs, asked.get("after"), asked.get("limit"))
        with_agent_keys(keys.rows)
        return Response(KeyList(keys).data)

    @operations.CREATE_KEY
    def post(self, request: Request) -> Response:
        """A new one, its token shown."""
        minter = key_of(request)
        said = read(key_bodies.NewKeyBody, request)
        issued = api_keys.issue(
            minter.workspace,
            scope=Scope(said["scope"]),
            name=said.get("name", ""),
            expires_at=_expiry(said, time_to_act()),
            agents=_agents(minter, said.get("agent_keys")),
            created_by=minter.actor,
            minter=minter,
        )
        return Response(document_of(issued.key, issued.token), status=201)


class KeyItself(ApiView):
    """One key."""

    scopes: ClassVar = {"GET": Scope.ADMIN, "DELETE": Scope.ADMIN}

    @operations.RETRIEVE_KEY
    def get(self, request: Request, key_id: str) -> Response:
        """As it is now."""
        return Response(document_of(api_keys.covered_key(key_of(request), key_id)))

    @operations.REVOKE_KEY
    def delete(self, request: Request, key_id: str) -> Response:
        """Revoked; a body is ignored."""
        api_keys.revoke(api_keys.covered_key(key_of(request), key_id), time_to_act())
        return Response(status=204)


class KeyRotation(ApiView):
    """The successor of a key."""

    scopes: ClassVar = {"POST": Scope.ADMIN}

    @operations.ROTATE_KEY
    def post(self, request: Request, key_id: str) -> Response:
        """A new one, its token shown; the old one goes on for a while."""
        minter, now = key_of(request), time_to_act()
        key = api_keys.covered_key(minter, key_id)
        said = key_bodies.rotation(request)
        overlap = said.get("overlap_seconds")
        issued = api_keys.rotate(
            key.id,
            now,
            overlap=api_keys.OVERLAP if overlap is None else timedelta(seconds=overlap),
            expires_at=_expiry(said, now),
            created_by=minter.actor,
        )
        return Response(document_of(issued.key, issued.token), status=201)


def _expiry(said: dict[str, Any], now: datetime) -> datetime | None:
    expires_at: datetime | None = said.get("expires_at", now + api_keys.LIFETIME)
    if expires_at is not None and expires_at <= now:
        raise InvalidRequest("expires_at is in the past; choose a later time", param="expires_at")
    return expires_at


def _agents(minter: Any, agent_keys: list[str] | None) -> Any:
    if agent_keys is None:
        return None
    return api_keys.agents_named(minter.workspace, agent_keys, minter)
