"""Every form, button and list action of the console: how a person uses it, and the acts that it is.

The names are made from what is registered (`there_are`), so that a new one has no row here.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final

from celery import current_app
from django.contrib import admin
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group, User
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.urls import reverse
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from schedules import access, api_keys
from schedules.models import AlertRule, Role, RunState, Schedule, Scope
from tests.console.browser import form_of
from tests.factories import make_agent, make_hold, make_incident, make_run, make_schedule, make_workspace
from tests.schedules.deliveries.alerts import make_delivery, make_webhook
from tests.schedules.journal.lines import Act

PASSWORD: Final = "correct horse battery"
NEW_PASSWORD: Final = "another horse battery"
ONLY_LOOKED_AT: Final = {
    *("index", "search", "app_list", "autocomplete", "jsi18n", "view_on_site"),
    *("password_change_done", "logout"),
}
"""Pages of the site where nothing is changed."""


ASKED_ONLY = {"schedules_schedule_preview", "schedules_schedule_check_payload", "schedules_run_live"}
"""Pages of models that answer a question and change nothing."""


def there_are(user: User) -> Iterator[str]:
    """Whatever this person may do in the console, by name."""
    request = RequestFactory().get("/")
    request.user = user
    for model, pages in admin.site._registry.items():
        yield from (f"{model._meta.model_name} {verb}" for verb in _of_model(pages, request))
    for pattern in admin.site.get_urls():
        name = getattr(pattern, "name", None)
        if name and name not in ONLY_LOOKED_AT:
            yield f"site {name}"


def _of_model(pages: Any, request: HttpRequest) -> Iterator[str]:
    opts = pages.opts
    yield from (
        form for form in ("add", "change", "delete") if getattr(pages, f"has_{form}_permission")(request)
    )
    yield from (f"button {verb.name}" for verb in getattr(pages, "verbs", ()))
    yield from (f"action {name}" for name in pages.get_actions(request))
    yield from (f"inline {type(inline).__name__}" for inline in pages.get_inline_instances(request))
    usual = {*("changelist", "add", "history", "delete", "change", "do")}
    names = ASKED_ONLY | {f"{opts.app_label}_{opts.model_name}_{page}" for page in usual}
    yield from (f"page {url.name}" for url in pages.get_urls() if url.name and url.name not in names)


_hashed = cache(make_password)


class Desk:
    """A person at the console, and one row of everything."""

    def __init__(self) -> None:
        self.user = User.objects.create(
            username="operator", is_staff=True, is_superuser=True, password=_hashed(PASSWORD)
        )
        self.client = Client()
        self.client.force_login(self.user)
        agent = make_agent()
        schedule = make_schedule(agent, datetime.now(UTC))
        dead = make_delivery(make_webhook(agent.workspace), state="dead")
        every = IntervalSchedule.objects.create(every=3, period="hours")
        self.rows: dict[str, Any] = {
            "agent": agent,
            "schedule": schedule,
            "run": make_run(schedule),
            "apikey": api_keys.issue(agent.workspace, scope=Scope.READ, name="CI").key,
            "workspace": make_workspace(),
            "incident": make_incident(agent),
            "alertrule": AlertRule.objects.create(workspace=agent.workspace, rule="fire.late", threshold=600),
            "membership": access.give(
                User.objects.create(username="bert"), agent.workspace, Role.VIEWER, signature="test"
            ),
            "delivery": dead,
            "webhook": dead.webhook,
            "user": User.objects.create(username="anna"),
            "group": Group.objects.create(name="Everybody"),
            "intervalschedule": IntervalSchedule.objects.create(every=4, period="hours"),
            "crontabschedule": CrontabSchedule.objects.create(minute="7"),
            "periodictask": PeriodicTask.objects.create(
                name="warn", task="workers.tasks.warn_of_expiring_keys", interval=every
            ),
        }
        self.agent, self.schedule = agent, schedule

    def address(self, model: str, page: str, *args: Any) -> str:
        """Of one of the row's pages, or of its model's."""
        label = self.rows[model]._meta.app_label
        pk = () if page in ("add", "changelist") else (self.rows[model].pk,)
        return reverse(f"admin:{label}_{model}_{page}", args=(*pk, *args))

    def submit(self, model: str, page: str, **said: Any) -> None:
        """Fill in a form and send it."""
        address = self.address(model, page)
        form = form_of(self.client.get(address), f"{model}_form")
        response = self.client.post(address, form | said)
        assert response.status_code == 302 or "token" in response.context, response.context[
            "adminform"
        ].errors

    def press(self, model: str, verb: str) -> None:
        """A button on the row's page."""
        assert self.client.post(self.address(model, "do", verb)).status_code in (200, 302)

    def choose(self, model: str, action: str) -> None:
        """An action for the row in its list."""
        form = {"action": action, "_selected_action": str(self.rows[model].pk), "post": "yes"}
        assert self.client.post(self.address(model, "changelist"), form).status_code == 302

    def delete(self, model: str) -> None:
        """By the page that asks first."""
        assert self.client.post(self.address(model, "delete"), {"post": "yes"}).status_code == 302


@dataclass(frozen=True)
class Use:
    """How it is used, and what it is in the journal."""

    do: Callable[[Desk], object]
    acts: set[Act]


def _submit(model: str, page: str, verb: str, **said: Any) -> Use:
    return Use(lambda desk: desk.submit(model, page, **said), {(verb, model)})


def _choose(model: str, action: str, act: Act, before: Callable[[Desk], object] | None = None) -> Use:
    def do(desk: Desk) -> None:
        if before is not None:
            before(desk)
        desk.choose(model, action)

    return Use(do, {act})


def _press(model: str, verb: str, acts: set[Act], before: Callable[[Desk], object] | None = None) -> Use:
    def do(desk: Desk) -> None:
        if before is not None:
            before(desk)
        desk.press(model, verb)

    return Use(do, acts)


def _delete(model: str) -> Use:
    return Use(lambda desk: desk.delete(model), {("delete", model)})


def _deletions(*models: str) -> dict[str, Use]:
    """By the page that asks first, and from the list."""
    return {f"{model} delete": _delete(model) for model in models} | {
        f"{model} action delete_selected": _choose(model, "delete_selected", ("delete", model))
        for model in models
    }


def _both(model: str, verb: str, act: Act, before: Callable[[Desk], object] | None = None) -> dict[str, Use]:
    """A verb that is a button and a list action."""
    return {
        f"{model} button {verb}": _press(model, verb, {act}, before),
        f"{model} action {verb}": _choose(model, verb, act, before),
    }


def _end_run(desk: Desk) -> None:
    type(desk.rows["run"]).objects.update(state=RunState.FAILED)


def _pause(desk: Desk) -> None:
    Schedule.objects.update(is_active=False)


def _add_agent(desk: Desk) -> None:
    desk.submit("agent", "add", workspace=str(desk.agent.workspace_id), key="new", runtime="echo")


def _add_key(desk: Desk) -> None:
    desk.submit("apikey", "add", workspace=str(desk.agent.workspace_id), name="New", scope="read")


def _add_webhook(desk: Desk) -> None:
    said = {"display_name": "New", "channel": "webhook", "target": "https://hooks.example.com/new"}
    desk.submit("webhook", "add", workspace=str(desk.agent.workspace_id), **said)


def _add_member(desk: Desk) -> None:
    desk.submit("membership", "add", workspace=str(desk.agent.workspace_id), username="anna", role="editor")


def _add_rule(desk: Desk) -> None:
    said = {"rule_name": "agent.outage", "threshold": "3", "is_enabled": "on"}
    desk.submit("alertrule", "add", workspace=str(desk.agent.workspace_id), **said)


def _add_schedule(desk: Desk) -> None:
    said = {"type": "cron", "expression": "0 0 9 * * *", "payload": '{"input": "Hello"}'}
    desk.submit("schedule", "add", agent=desk.agent.pk, **said)


def _add_task(desk: Desk) -> None:
    task, every = "workers.tasks.prune_history", str(desk.rows["intervalschedule"].pk)
    desk.submit("periodictask", "add", name="prune", task=task, regtask=task, interval=every)


def _change_task(desk: Desk) -> None:
    desk.submit("periodictask", "change", description="Every three hours")


def _switch_off(desk: Desk) -> None:
    PeriodicTask.objects.update(enabled=False)


def _run_task(desk: Desk) -> None:
    current_app.loader.import_default_modules()
    desk.choose("periodictask", "run_tasks")


def _version(desk: Desk) -> None:
    new = {"versions-TOTAL_FORMS": "1", "versions-0-tag": "v1", "versions-0-activate": "on"}
    desk.submit("agent", "change", **new)


def _set_password(desk: Desk) -> None:
    address = reverse("admin:auth_user_password_change", args=(desk.rows["user"].pk,))
    form = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD, "usable_password": "true"}
    assert desk.client.post(address, form).status_code == 302


def _change_own_password(desk: Desk) -> None:
    form = {"old_password": PASSWORD, "new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD}
    assert desk.client.post(reverse("admin:password_change"), form).status_code == 302


def _log_in(desk: Desk) -> None:
    form = {"username": "operator", "password": PASSWORD}
    assert Client().post(reverse("admin:login"), form).status_code == 302


def _fill_in(model: str, act: Act) -> Use:
    """The page that pauses."""

    def do(desk: Desk) -> None:
        address = desk.address(model, "pause")
        assert desk.client.get(address).status_code == 200
        said = {"note": "The provider is down", "until": "2126-06-01T09:00"}
        assert desk.client.post(address, said).status_code == 302

    return Use(do, {act})


def _call_once(desk: Desk) -> None:
    assert desk.client.post(desk.address("agent", "call"), {"input": "Hello"}).status_code == 302


def _stop_everything(desk: Desk) -> None:
    address = reverse("admin:schedules_workspace_everything")
    assert desk.client.post(address, {"note": "", "until": ""}).status_code == 302


def _release_everything(desk: Desk) -> None:
    make_hold()
    assert desk.client.post(reverse("admin:schedules_workspace_release")).status_code == 302


def _pause_by_filter(desk: Desk) -> None:
    address = reverse("admin:schedules_schedule_bulk", args=("pause",))
    asked = f"{address}?agent={desk.agent.pk}"
    assert desk.client.post(asked, {"note": "moving", "until": ""}).status_code == 302


def _run_again_by_filter(desk: Desk) -> None:
    _end_run(desk)
    address = reverse("admin:schedules_run_bulk", args=("retry",))
    assert desk.client.post(f"{address}?schedule={desk.schedule.pk}", {"note": ""}).status_code == 302


USES: Final[dict[str, Use]] = {
    "agent add": Use(_add_agent, {("create", "agent")}),
    "agent change": _submit("agent", "change", "update", max_attempts="9"),
    "agent inline VersionInline": Use(_version, {("set_version", "agent")}),
    "schedule add": Use(_add_schedule, {("create", "schedule")}),
    "schedule change": _submit("schedule", "change", "update", display_name="Evening"),
    **_both("schedule", "run-now", ("run_now", "schedule")),
    **_both("schedule", "pause", ("update", "schedule")),
    **_both("schedule", "resume", ("update", "schedule"), before=_pause),
    "schedule page schedules_schedule_pause": _fill_in("schedule", ("update", "schedule")),
    "schedule page schedules_schedule_bulk": Use(_pause_by_filter, {("update", "schedule")}),
    "run page schedules_run_bulk": Use(_run_again_by_filter, {("run_again", "run")}),
    "agent page schedules_agent_call": Use(_call_once, {("create", "schedule")}),
    "agent page schedules_agent_pause": _fill_in("agent", ("hold", "hold")),
    "workspace page schedules_workspace_pause": _fill_in("workspace", ("hold", "hold")),
    "workspace page schedules_workspace_everything": Use(_stop_everything, {("hold", "hold")}),
    "workspace page schedules_workspace_release": Use(_release_everything, {("release", "hold")}),
    **_both("agent", "release", ("release", "hold"), before=lambda desk: make_hold(desk.agent)),
    **_both(
        "workspace", "release", ("release", "hold"), before=lambda desk: make_hold(desk.rows["workspace"])
    ),
    **_both("run", "cancel", ("cancel", "run")),
    **_both("run", "retry", ("run_again", "run"), before=_end_run),
    "apikey add": Use(_add_key, {("create", "apikey")}),
    "apikey button rotate": _press("apikey", "rotate", {("create", "apikey"), ("update", "apikey")}),
    **_both("apikey", "revoke", ("revoke", "apikey")),
    "webhook add": Use(_add_webhook, {("create", "webhook")}),
    "webhook change": _submit("webhook", "change", "update", display_name="Other"),
    "webhook button rotate": _press("webhook", "rotate", {("update", "webhook")}),
    **_both("webhook", "test", ("test", "webhook")),
    **_both("delivery", "replay", ("replay", "delivery")),
    "membership add": Use(_add_member, {("create", "membership")}),
    "membership change": _submit("membership", "change", "update", role="operator"),
    **_both("incident", "acknowledge", ("acknowledge", "incident")),
    "alertrule add": Use(_add_rule, {("update", "alertrule")}),
    "alertrule change": _submit("alertrule", "change", "update", threshold="700"),
    "workspace add": _submit("workspace", "add", "create", name="New"),
    "workspace change": _submit("workspace", "change", "update", name="Other"),
    "user add": _submit("user", "add", "create", username="new", password1=PASSWORD, password2=PASSWORD),
    "user change": _submit("user", "change", "update", is_staff="on"),
    "user page auth_user_password_change": Use(_set_password, {("update", "user")}),
    "group add": _submit("group", "add", "create", name="New"),
    "group change": _submit("group", "change", "update", name="Other"),
    "periodictask add": Use(_add_task, {("create", "periodictask")}),
    "periodictask change": Use(_change_task, {("update", "periodictask")}),
    "periodictask action enable_tasks": _choose(
        "periodictask", "enable_tasks", ("update", "periodictask"), before=_switch_off
    ),
    "periodictask action disable_tasks": _choose("periodictask", "disable_tasks", ("update", "periodictask")),
    "periodictask action run_tasks": Use(_run_task, {("run_now", "periodictask")}),
    "intervalschedule add": _submit("intervalschedule", "add", "create", every="5", period="minutes"),
    "intervalschedule change": _submit("intervalschedule", "change", "update", every="7"),
    "crontabschedule add": _submit("crontabschedule", "add", "create", minute="11"),
    "crontabschedule change": _submit("crontabschedule", "change", "update", minute="13"),
    **_deletions("agent", "schedule", "workspace", "user", "group", "periodictask"),
    **_deletions("intervalschedule", "crontabschedule", "membership", "alertrule"),
    **_deletions("intervalschedule", "crontabschedule", "membership", "webhook"),
    "site password_change": Use(_change_own_password, {("update", "user")}),
    "site login": Use(_log_in, {("log_in", "user")}),
}
