"""Who may do what in the console: every page and verb, and everybody who may try it.

A new page or verb needs its row in LEAST; test_role_isolation.py fails without it.
"""

from dataclasses import dataclass
from typing import Any, Final

from django.contrib.auth.models import Group, User
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from schedules import access, api_keys
from schedules.database.clock import database_now
from schedules.models import (
    Agent,
    AlertRule,
    ApiKey,
    AuditResult,
    Delivery,
    Hold,
    Incident,
    JournalEntry,
    Membership,
    MissedFiring,
    Role,
    Run,
    RunState,
    Schedule,
    Scope,
    Webhook,
    Workspace,
)
from tests.factories import (
    NOON,
    make_agent,
    make_hold,
    make_incident,
    make_run,
    make_schedule,
    make_workspace,
)
from tests.schedules.deliveries.alerts import make_delivery, make_webhook

VIEWER, OPERATOR, EDITOR, ADMINISTRATOR = Role
SUPERUSER: Final = "superuser"
NOBODY: Final = "nobody"
Least = Role | str

LEAST: Final[dict[str, dict[str, Least]]] = {
    "schedule": {
        "view": VIEWER,
        **dict.fromkeys(("run-now", "pause", "resume"), OPERATOR),
        **dict.fromkeys(("add", "change", "delete"), EDITOR),
    },
    "run": {
        "view": VIEWER,
        **dict.fromkeys(("cancel", "retry"), OPERATOR),
        **dict.fromkeys(("add", "change", "delete"), NOBODY),
    },
    "missedfiring": {"view": VIEWER, **dict.fromkeys(("add", "change", "delete"), NOBODY)},
    "incident": {
        "view": VIEWER,
        "acknowledge": OPERATOR,
        **dict.fromkeys(("add", "change", "delete"), NOBODY),
    },
    "alertrule": dict.fromkeys(("view", "add", "change", "delete"), ADMINISTRATOR),
    "agent": {
        "view": VIEWER,
        "release": OPERATOR,
        "change": EDITOR,
        **dict.fromkeys(("add", "delete"), ADMINISTRATOR),
    },
    "apikey": {
        **dict.fromkeys(("view", "add", "rotate", "revoke"), ADMINISTRATOR),
        **dict.fromkeys(("change", "delete"), NOBODY),
    },
    "webhook": dict.fromkeys(("view", "add", "change", "delete", "test", "rotate"), ADMINISTRATOR),
    "delivery": {
        "view": VIEWER,
        "replay": OPERATOR,
        **dict.fromkeys(("add", "change", "delete"), NOBODY),
    },
    "membership": dict.fromkeys(("view", "add", "change", "delete"), ADMINISTRATOR),
    "workspace": {
        "view": VIEWER,
        "release": ADMINISTRATOR,
        **dict.fromkeys(("add", "change", "delete"), SUPERUSER),
    },
}
"""By model and act: the least that may, in the row's workspace."""

GLOBAL: Final[tuple[type[Model], ...]] = (
    *(User, Group, PeriodicTask, IntervalSchedule, CrontabSchedule, AuditResult),
)
"""Of no workspace: for superusers only."""

BY_LINE: Final = "journalentry"
"""Everybody sees their own acts, so its pages have a test of their own."""

FORMS: Final = ("add", "change", "delete")

OUTSIDER: Final = "an administrator of another workspace"
BOTH: Final = "a viewer who administers the other workspace"
CALLERS: Final[tuple[Least, ...]] = (*Role, SUPERUSER, OUTSIDER, BOTH, NOBODY)
"""Everybody who may try; a role is one in the workspace `own`, and in no other."""


def role_in_own(caller: Least) -> Least:
    """What the caller is where they belong."""
    return {BOTH: VIEWER, OUTSIDER: NOBODY}.get(str(caller), caller)


def may(caller: Least, model: str, act: str) -> bool:
    """Whether the caller may do this to the row of their own workspace."""
    return suffices(role_in_own(caller), LEAST[model][act])


def may_anywhere(caller: Least, model: str, act: str) -> bool:
    """Whether there is any workspace where the caller may."""
    best = ADMINISTRATOR if caller in (BOTH, OUTSIDER) else caller
    return suffices(best, LEAST[model][act])


def suffices(has: Least, least: Least) -> bool:
    """Whether who has the one may do what needs the other."""
    if has == NOBODY or least == NOBODY:
        return False
    if has == SUPERUSER:
        return True
    return isinstance(has, Role) and isinstance(least, Role) and has.includes(least)


@dataclass(frozen=True, slots=True)
class Side:
    """A workspace with one row of everything; `name` is in every name of it."""

    name: str
    workspace: Workspace
    agent: Agent
    schedule: Schedule
    paused: Schedule
    pending: Run
    failed: Run
    missed: MissedFiring
    key: ApiKey
    member: Membership
    incident: Incident
    rule: AlertRule
    dead: Delivery

    @property
    def webhook(self) -> Webhook:
        """The endpoint of the dead letter."""
        assert self.dead.webhook is not None
        return self.dead.webhook

    @classmethod
    def new(cls, name: str) -> "Side":
        """As every cell begins."""
        workspace, now = make_workspace(f"{name} workspace"), database_now()
        agent = make_agent(workspace, key=f"{name}.agent", runtime="responses", base_url="https://host")
        schedule, paused = (
            make_schedule(agent, now, display_name=f"{name} {word}") for word in ("schedule", "paused")
        )
        Schedule.objects.filter(id=paused.id).update(is_active=False)
        fields: dict[str, Any] = {"schedule": schedule, "generation": 1, "count": 1, "reason": "coalesced"}
        missed = MissedFiring.objects.create(**fields, first_fire_time=NOON, last_fire_time=NOON)
        user = User.objects.create(username=f"{name}.person")
        return cls(
            name=name,
            workspace=workspace,
            agent=agent,
            schedule=schedule,
            paused=paused,
            pending=make_run(schedule),
            failed=make_run(schedule, state=RunState.FAILED, error_message=f"{name} error"),
            missed=missed,
            key=api_keys.issue(workspace, scope=Scope.READ, name=f"{name} key").key,
            member=access.give(user, workspace, VIEWER, signature="test"),
            incident=make_incident(agent),
            rule=AlertRule.objects.create(workspace=workspace, rule="fire.late", threshold=600),
            dead=make_delivery(make_webhook(workspace, display_name=f"{name} webhook"), state="dead"),
        )

    def row(self, model: str, act: str = "view") -> Model:
        """The row of the model that the act is tried with."""
        rows: dict[str, Model] = {
            "schedule": self.paused if act == "resume" else self.schedule,
            "run": self.failed if act == "retry" else self.pending,
            "missedfiring": self.missed,
            "agent": self.agent,
            "apikey": self.key,
            "membership": self.member,
            "incident": self.incident,
            "alertrule": self.rule,
            "webhook": self.webhook,
            "delivery": self.dead,
            "workspace": self.workspace,
        }
        row = rows[model]
        if act == "release" and isinstance(row, Agent | Workspace) and not row.holds.exists():
            make_hold(row)
        return row

    def database(self) -> dict[str, list[dict[str, Any]]]:
        """Every row of this workspace, and of its journal."""
        within: dict[type[Model], str] = {
            **dict.fromkeys((Schedule, Agent, AlertRule, ApiKey, Incident, Membership, Hold), "workspace"),
            **dict.fromkeys((Webhook, Delivery), "workspace"),
            **dict.fromkeys((Run, MissedFiring), "schedule__workspace"),
            Workspace: "pk",
            JournalEntry: "workspace_id",
        }
        return {
            model.__name__: list(
                model._default_manager.filter(**{path: self.workspace.pk}).order_by("pk").values()
            )
            for model, path in within.items()
        }

    def new_row(self, model: str) -> dict[str, Any]:
        """What a form of a new row says, beside what it shows by itself."""
        rows: dict[str, dict[str, Any]] = {
            "schedule": {
                "agent": self.agent.pk,
                "expression": "0 0 9 * * *",
                "payload": '{"input": "x"}',
            },
            "agent": {"workspace": self.workspace.pk, "key": "new", "runtime": "echo", "base_url": ""},
            "apikey": {"workspace": self.workspace.pk, "name": "new", "scope": "read"},
            "membership": {
                "workspace": self.workspace.pk,
                "username": "newcomer",
                "role": "viewer",
                "password": "long enough 4711",
            },
            "alertrule": {"workspace": self.workspace.pk, "rule_name": "agent.outage", "threshold": "3"},
            "webhook": {
                "workspace": self.workspace.pk,
                "display_name": "new",
                "channel": "webhook",
                "target": "https://hooks.example.com/new",
            },
            "workspace": {"name": "new"},
        }
        return rows.get(model, {})


CHANGES: Final[dict[str, dict[str, str]]] = {
    "schedule": {"display_name": "changed"},
    "agent": {"max_attempts": "7"},
    "membership": {"role": "operator"},
    "workspace": {"max_in_flight": "7"},
    "run": {"state": "succeeded"},
    "missedfiring": {"count": "7"},
    "incident": {"count": "7"},
    "alertrule": {"threshold": "700"},
    "apikey": {"scope": "admin"},
    "webhook": {"display_name": "changed"},
    "delivery": {"severity": "info"},
}
"""What is written into a form that changes a row."""


def log_in(caller: Least, own: Side, foreign: Side) -> Client:
    """A browser in which the caller has logged in."""
    is_superuser = caller == SUPERUSER
    user = User.objects.create(username="caller", is_staff=True, is_superuser=is_superuser)
    if isinstance(role_in_own(caller), Role):
        access.give(user, own.workspace, Role(role_in_own(caller)), signature="test")
    if caller in (OUTSIDER, BOTH):
        access.give(user, foreign.workspace, ADMINISTRATOR, signature="test")
    client = Client()
    client.force_login(user)
    return client


def page(model: str, name: str, *args: Any) -> str:
    """The address of one of a model's pages."""
    return reverse(f"admin:schedules_{model}_{name}", args=args)
