"""Who may do what: every call of the API, and everybody who may try it.

A new path or method needs its row in CALLS or OPEN; test_isolation.py fails without it.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.urls import URLPattern, URLResolver, get_resolver

from schedules import api_keys, editing
from schedules.models import (
    Agent,
    AlertRule,
    ApiKey,
    Delivery,
    DeliveryState,
    Incident,
    Run,
    RunState,
    Schedule,
    Scope,
)
from tests.factories import (
    make_agent,
    make_hold,
    make_incident,
    make_run,
    make_schedule,
    make_token,
    make_workspace,
)
from tests.schedules.deliveries.alerts import make_delivery, make_webhook

AGENTS: Final = "v3/agents"
AGENT_ITSELF: Final = f"{AGENTS}/<str:agent_key>"
AGENT: Final = f"{AGENT_ITSELF}/schedules"
SCHEDULE: Final = f"{AGENT}/<str:schedule_id>"
RUN: Final = f"{SCHEDULE}/runs/<str:run_id>"
KEYS: Final = "v3/keys"
AGENT_PAUSE: Final = f"{AGENT_ITSELF}/pause"
AGENT_RESUME: Final = f"{AGENT_ITSELF}/resume"
AGENT_STATS: Final = f"{AGENT_ITSELF}/stats"
WORKSPACE: Final = "v3/workspace"
JOURNAL: Final = "v3/journal"
INCIDENTS: Final = "v3/incidents"
INCIDENT: Final = f"{INCIDENTS}/<str:incident_id>"
RULES: Final = "v3/alert-rules"
RULE: Final = f"{RULES}/<str:rule>"
KEY: Final = f"{KEYS}/<str:key_id>"
WEBHOOKS: Final = "v3/webhooks"
WEBHOOK: Final = f"{WEBHOOKS}/<str:webhook_id>"
DELIVERIES: Final = "v3/deliveries"
DELIVERY: Final = f"{DELIVERIES}/<str:delivery_id>"
NEW_WEBHOOK: Final = {"display_name": "On call", "target": "https://hooks.example.com/x"}
NEW: Final = {"type": "cron", "expression": "0 0 9 * * *", "payload": {"input": "Hello"}}
PAUSE: Final = {"note": "The provider is down", "until": "2126-06-01T09:00:00Z"}


@dataclass(frozen=True, slots=True)
class Call:
    """What the agent's own workspace may do, with the status it gets."""

    method: str
    route: str
    status: int = 200
    body: Any = None
    query: str = ""
    scope: Scope = Scope.READ
    """The least that may."""
    is_of_ended_run: bool = False
    """Whether it is about the run that has failed, not about the one that waits."""

    def __str__(self) -> str:
        return f"{self.method} {self.route}"

    @property
    def is_write(self) -> bool:
        """Whether it changes something."""
        return self.method != "GET" and self.scope != Scope.READ

    @property
    def is_of_agent(self) -> bool:
        """Whether an agent's key is all that its path names."""
        return self.route in (AGENT, AGENT_ITSELF, AGENT_PAUSE, AGENT_RESUME, AGENT_STATS)

    @property
    def missing(self) -> str:
        """The code of somebody whose path leads nowhere."""
        if self.is_of_agent:
            return "agent_not_found"
        found = (code for name, code in _MISSING.items() if name in self.route)
        return next(found, "schedule_not_found")


_MISSING: Final = {
    "incident_id": "incident_not_found",
    "delivery_id": "delivery_not_found",
    "webhook_id": "webhook_not_found",
}


CALLS: Final = [
    Call("GET", AGENTS),
    Call("POST", AGENTS, 201, {"key": "new", "runtime": "echo"}, scope=Scope.ADMIN),
    Call("GET", AGENT_ITSELF),
    Call("PATCH", AGENT_ITSELF, body={"max_attempts": 7}, scope=Scope.ADMIN),
    Call("DELETE", AGENT_ITSELF, 204, scope=Scope.ADMIN),
    Call("GET", AGENT),
    Call("POST", AGENT, 201, NEW, scope=Scope.WRITE),
    Call("GET", SCHEDULE),
    Call("PATCH", SCHEDULE, body={"expression": "@hourly"}, scope=Scope.WRITE),
    Call("DELETE", SCHEDULE, 204, scope=Scope.WRITE),
    Call("POST", f"{SCHEDULE}/execution", 202, scope=Scope.TRIGGER),
    Call("POST", f"{SCHEDULE}/pause", body=PAUSE, scope=Scope.TRIGGER),
    Call("POST", f"{SCHEDULE}/resume", scope=Scope.TRIGGER),
    Call("POST", AGENT_PAUSE, body=PAUSE, scope=Scope.TRIGGER),
    Call("POST", AGENT_RESUME, scope=Scope.TRIGGER),
    Call("GET", AGENT_STATS),
    Call("GET", WORKSPACE),
    Call("POST", f"{WORKSPACE}/pause", body=PAUSE, scope=Scope.ADMIN),
    Call("POST", f"{WORKSPACE}/resume", scope=Scope.ADMIN),
    Call("GET", f"{SCHEDULE}/runs"),
    Call("GET", RUN),
    Call("POST", f"{RUN}/cancel", scope=Scope.TRIGGER),
    Call("POST", f"{RUN}/retry", 202, scope=Scope.TRIGGER, is_of_ended_run=True),
    Call("GET", f"{SCHEDULE}/preview"),
    Call("GET", f"{SCHEDULE}/explain", query="?at=2026-06-01T09:00:00Z"),
    Call("GET", KEYS, scope=Scope.ADMIN),
    Call("POST", KEYS, 201, {"scope": "read"}, scope=Scope.ADMIN),
    Call("GET", KEY, scope=Scope.ADMIN),
    Call("DELETE", KEY, 204, scope=Scope.ADMIN),
    Call("POST", f"{KEY}/rotation", 201, scope=Scope.ADMIN),
    Call("GET", INCIDENTS),
    Call("GET", INCIDENT),
    Call("POST", f"{INCIDENT}/acknowledge", body={"note": "Seen"}, scope=Scope.TRIGGER),
    Call("GET", RULES),
    Call("PATCH", RULE, body={"threshold": 3}, scope=Scope.ADMIN),
    Call("DELETE", RULE, 204, scope=Scope.ADMIN),
    Call("GET", WEBHOOKS, scope=Scope.ADMIN),
    Call("POST", WEBHOOKS, 201, NEW_WEBHOOK, scope=Scope.ADMIN),
    Call("GET", WEBHOOK, scope=Scope.ADMIN),
    Call("PATCH", WEBHOOK, body={"rules": ["agent.outage"]}, scope=Scope.ADMIN),
    Call("DELETE", WEBHOOK, 204, scope=Scope.ADMIN),
    Call("POST", f"{WEBHOOK}/test", 202, scope=Scope.ADMIN),
    Call("POST", f"{WEBHOOK}/rotate-secret", 201, scope=Scope.ADMIN),
    Call("GET", DELIVERIES),
    Call("GET", DELIVERY),
    Call("POST", f"{DELIVERY}/replay", 202, scope=Scope.TRIGGER),
    Call("POST", f"{DELIVERIES}/replay", 202, {"state": "dead"}, scope=Scope.TRIGGER),
    Call("GET", JOURNAL),
    Call("GET", "v3/overview"),
    Call("GET", "v3/schedules"),
    Call("GET", "v3/runs"),
    Call("POST", "v3/schedules/preview", body={"type": "cron", "expression": "0 0 9 * * *"}),
]
OTHER: Final = ("metrics",)
"""Asks for a token of its own (tests/orqsite/test_metrics.py)."""
OPEN: Final = ("openapi.json", "docs", "docs/errors", "healthz", "readyz")
"""Answer everybody, and nobody changes anything there."""

LEADING: Final = ("", "console", "docs/")
"""Lead people on (tests/doors/test_front_doors.py)."""

CONSOLE: Final = "console/"
"""Opens with a login only; its paths are Django's, not rows here."""


def routes() -> dict[str, Any]:
    """Every path of the site with what answers it."""
    return dict(_flat(get_resolver().url_patterns, ""))


def _flat(patterns: list[URLPattern | URLResolver], prefix: str) -> Iterator[tuple[str, Any]]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _flat(pattern.url_patterns, route)
        else:
            yield route, pattern.callback


@dataclass(frozen=True, slots=True)
class World:
    """An agent with a schedule and two runs, and the callers of everywhere."""

    agent: Agent
    schedule: Schedule
    run: Run
    ended_run: Run
    other_agent: Agent
    key: ApiKey
    incident: Incident
    delivery: Delivery

    @classmethod
    def new(cls) -> "World":
        """As every cell begins."""
        agent = make_agent(key="digest")
        schedule = make_schedule(agent)
        key = api_keys.issue(agent.workspace, scope=Scope.READ).key
        ended = make_run(schedule, state=RunState.FAILED, error_code="agent_error", manual_number=1)
        other = make_agent(agent.workspace, key="other")
        incident = make_incident(agent)
        delivery = make_delivery(make_webhook(agent.workspace), state=DeliveryState.DEAD)
        return cls(agent, schedule, make_run(schedule), ended, other, key, incident, delivery)

    def path(self, call: Call, agent: Agent | None = None) -> str:
        """Where the call goes; under another agent's key when there is one."""
        values = {
            "agent_key": (agent or self.agent).key,
            "schedule_id": self.schedule.id,
            "run_id": (self.ended_run if call.is_of_ended_run else self.run).id,
            "key_id": self.key.id,
            "incident_id": self.incident.id,
            "rule": "agent.outage",
            "webhook_id": str(self.delivery.webhook_id),
            "delivery_id": self.delivery.id,
        }
        return "/" + re.sub(r"<str:(\w+)>", lambda match: values[match[1]], call.route) + call.query


_BEFORE: Final[dict[str, Callable[[World], object]]] = {
    f"{SCHEDULE}/resume": lambda world: editing.pause(world.schedule.id, "apk_test", datetime.now(UTC)),
    RULE: lambda world: AlertRule.objects.create(workspace=world.agent.workspace, rule="agent.outage"),
    AGENT_RESUME: lambda world: make_hold(world.agent),
    f"{WORKSPACE}/resume": lambda world: make_hold(world.agent.workspace),
}


def make_ready(world: World, call: Call) -> None:
    """Do what must have been done for the call to change something: mostly nothing."""
    if call.route in _BEFORE:
        _BEFORE[call.route](world)


OWNER: Final = "its own key"
READER: Final = "its own key of the scope read"
TRIGGERER: Final = "its own key of the scope trigger"
ADMIN: Final = "its own key of the scope admin"
OTHER_AGENT: Final = "its own key, under another agent"
LIMITED: Final = "its own key, limited to another agent"
OUTSIDE: Final = "another workspace"
NAMESAKE: Final = "another workspace with an agent of this key"


def _token(world: World, **fields: Any) -> str:
    return make_token(world.agent.workspace, **fields)


def _revoked(world: World) -> str:
    token = _token(world)
    api_keys.revoke(ApiKey.objects.latest("id"), datetime.now(UTC))
    return token


def _disabled(world: World) -> str:
    token = _token(world)
    ApiKey.objects.exclude(id=world.key.id).update(is_enabled=False)
    return token


def _expired(world: World) -> str:
    return _token(world, expires_at=datetime.now(UTC) - timedelta(seconds=1))


CALLERS: Final[dict[str, Callable[[World], str | None]]] = {
    OWNER: _token,
    READER: lambda world: _token(world, scope=Scope.READ),
    TRIGGERER: lambda world: _token(world, scope=Scope.TRIGGER),
    ADMIN: lambda world: _token(world, scope=Scope.ADMIN),
    OTHER_AGENT: _token,
    LIMITED: lambda world: _token(world, agents=[world.other_agent]),
    OUTSIDE: lambda _: make_token(make_workspace()),
    NAMESAKE: lambda world: make_token(make_agent(key=world.agent.key).workspace),
    "nobody": lambda _: None,
    "a revoked key": _revoked,
    "a disabled key": _disabled,
    "an expired key": _expired,
    "an unknown key": lambda world: f"sk-orq-{world.schedule.id}-{'a' * 43}",
    "a malformed key": lambda _: "sk-orq-" + "☃".encode().decode("latin-1"),
    "half a key": lambda world: _token(world).removeprefix("sk-orq-"),
}
"""Everybody who may try, with the token they send."""

OWN_SCOPES: Final = {
    OWNER: Scope.WRITE,
    READER: Scope.READ,
    TRIGGERER: Scope.TRIGGER,
    ADMIN: Scope.ADMIN,
}
"""Those of the agent's own workspace. The others, as far as they have a key, may write."""

REFUSED: Final = {
    "nobody": "authentication_required",
    "a revoked key": "invalid_api_key",
    "a disabled key": "invalid_api_key",
    "an expired key": "expired_api_key",
    "an unknown key": "invalid_api_key",
    "a malformed key": "invalid_api_key",
    "half a key": "invalid_api_key",
}
"""By caller: the code of the 401, whatever is called."""


def expected(call: Call, caller: str) -> tuple[int, str | None]:
    """The status of a cell, and its code if it is an error."""
    if caller in REFUSED:
        return 401, REFUSED[caller]
    if not OWN_SCOPES.get(caller, Scope.WRITE).includes(call.scope):
        return 403, "insufficient_scope"
    if caller in OWN_SCOPES or "<" not in call.route:
        return call.status, None
    if caller == OTHER_AGENT and "agent_key" not in call.route:
        return call.status, None  # the path names no agent
    if call.is_of_agent and caller in (OTHER_AGENT, NAMESAKE):
        return call.status, None  # an agent of theirs is what they reach there
    return 404, call.missing
