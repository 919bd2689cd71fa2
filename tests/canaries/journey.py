"""Everything that can be done with two secrets, each answer kept as evidence."""

import base64
import html
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, quote_plus

from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from schedules import agents
from schedules.database.clock import database_now
from schedules.metrics import exposition
from schedules.models import Agent, JournalEntry, Run, Schedule
from tests.agent_server import AgentServer, Behaviour
from tests.api.caller import Caller, run_path, schedule_path, schedules_path
from tests.canaries.evidence import CREDENTIAL, VARIABLE, Evidence
from tests.console.browser import form_of
from tests.factories import make_agent, make_run, make_token, make_workspace
from workers.tasks import execute_run

SECRET = {"secret": True, "value": VARIABLE}
PAYLOAD = {"input": "use {{token}} and answer", "variables": {"token": SECRET}, "metadata": {"n": 1}}
NEW = {"type": "cron", "expression": "0 0 9 * * *", "payload": PAYLOAD}

TOLD = f"no: {VARIABLE} {CREDENTIAL}"
SPELLINGS: dict[str, Callable[[str], str]] = {
    "JSON": json.dumps,
    "JSON in UTF-8": lambda text: json.dumps(text, ensure_ascii=False),
    "JSON in JSON": lambda text: json.dumps(json.dumps(text)),
    "base 64": lambda text: base64.b64encode(text.encode()).decode(),
    "base 64 one on": lambda text: base64.b64encode(b"x" + text.encode()).decode(),
    "base 64 two on": lambda text: base64.urlsafe_b64encode(b"xy" + text.encode()).decode(),
    "URL": lambda text: quote(text, safe=""),
    "form": quote_plus,
    "HTML": html.escape,
}
"""How a text may be told so that it is still the same text."""


def said(text: str) -> list[dict[str, Any]]:
    """The items of an answer of one message."""
    return [{"type": "message", "content": [{"type": "output_text", "text": text}]}]


def tool_called(arguments: str) -> list[dict[str, Any]]:
    """The items of an answer that asks for a tool."""
    return [{"type": "function_call", "call_id": "call_1", "name": "save", "arguments": arguments}]


SAID = said(TOLD)
REPEATING = {
    **{f"as {name}": Behaviour(merge={"output": said(spell(TOLD))}) for name, spell in SPELLINGS.items()},
    **{
        f"as {name} for a tool": Behaviour(merge={"output": tool_called(json.dumps({"key": spell(TOLD)}))})
        for name, spell in SPELLINGS.items()
    },
    "as text": Behaviour(merge={"output": SAID}),
    "as names": Behaviour(merge={"output": [{VARIABLE: {CREDENTIAL: 1}}], "usage": {VARIABLE: CREDENTIAL}}),
    "as a trace's id": Behaviour(merge={"telemetry": {"trace_id": CREDENTIAL}}),
    "as an error": Behaviour(outcome="failed", error={"code": VARIABLE, "message": TOLD}),
    "as an error with no more to it": Behaviour(outcome="failed", error=TOLD),
    "as a long error": Behaviour(outcome="failed", error={"message": "x" * 490 + TOLD}),
    "as the reason it stopped": Behaviour(
        outcome="incomplete", merge={"incomplete_details": {"reason": TOLD}}
    ),
    "as a status": Behaviour(outcome=TOLD),
    "as an HTTP error": Behaviour(status=500, error={"message": TOLD}),
    "as a refusal": Behaviour(status=400, error=TOLD),
    "as garbage": Behaviour(body=TOLD, headers={"Content-Type": quote(VARIABLE)}),
    "as a place to go to": Behaviour(status=307, headers={"Location": f"http://127.0.0.1/{quote(VARIABLE)}"}),
}
"""How an agent may repeat what it was told."""

CONSOLE_LISTS = ("agent", "apikey", "journalentry", "missedfiring", "run", "schedule", "workspace")
ROW_PAGES: list[tuple[str, Any, list[str]]] = [
    ("agent", Agent, ["change", "history", "delete"]),
    ("journalentry", JournalEntry, ["change"]),
    ("run", Run, ["change", "history"]),
    ("schedule", Schedule, ["change", "history", "delete"]),
]


@dataclass
class Journey:
    """One person who does everything; `api` writes, `browser` is a superuser's."""

    evidence: Evidence
    server: AgentServer
    settings: Settings
    browser: Client

    def __post_init__(self) -> None:
        workspace = make_workspace("canaries")
        self.echo = make_agent(workspace, "echoing")
        self.agent = make_agent(
            workspace, "repeating", runtime="responses", base_url=self.server.url, max_attempts=1
        )
        for agent in (self.echo, self.agent):
            agents.set_credential(agent, f"Bearer {CREDENTIAL}")
        self.api = Caller(make_token(workspace))

    def all(self) -> None:
        """Everything, one after the other."""
        schedules = [self.schedule_over_the_api(agent) for agent in (self.echo, self.agent)]
        self.requests_that_are_refused(schedules[1])
        for schedule in schedules:
            self.run_once(schedule, "plainly")
        for how, behaviour in REPEATING.items():
            self.server.script(self.agent.key, behaviour)
            self.run_once(schedules[1], how)
        self.console_pages()
        self.console_edits(schedules[1])
        self.journal()
        self.metrics()
        for debug in (False, True):
            self.settings.DEBUG = debug
            self.requests_that_break(schedules[1])
        self.settings.DEBUG = False

    def schedule_over_the_api(self, agent: Agent) -> Schedule:
        """Create (twice, with one key), read, edit in three ways, preview, explain, run now."""
        path = schedules_path(agent)
        for _ in range(2):
            self.called("create", "POST", path, NEW, {"Idempotency-Key": f"create-{agent.id}"})
        schedule = Schedule.objects.get(agent=agent)
        own = schedule_path(schedule)
        masked = self.called("retrieve", "GET", own)["payload"]
        for payload in (masked, PAYLOAD, PAYLOAD | {"input": "now {{token}}"}):
            self.called("update", "PATCH", own, {"payload": payload})
        for _ in range(2):
            self.called(
                "trigger", "POST", f"{own}/execution", None, {"Idempotency-Key": f"trigger-{agent.id}"}
            )
        self.called("list", "GET", path)
        self.called("preview", "GET", f"{own}/preview")
        self.called("explain", "GET", f"{own}/explain?at=2026-06-01T09:00:00Z")
        return schedule

    def called(
        self, place: str, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> Any:
        """The answer's document, of a call that succeeds."""
        raw = b"" if body is None else json.dumps(body).encode()
        kind = "application/json" if raw else ""
        response = self.api.send(method, path, raw, kind, **headers or {})
        self.evidence.answer(f"API: {place}", response)
        assert response.status_code < 300, response.content
        return json.loads(response.content)

    def requests_that_are_refused(self, schedule: Schedule) -> None:
        """Bodies with the secret in them that are wrong in many ways."""
        wrong: list[Any] = [
            NEW | {"expression": "never"},
            NEW | {"type": "weekly"},
            NEW | {"agent_tag": "v9"},
            NEW | {"payload": PAYLOAD | {"prompt": VARIABLE}},
            NEW | {"payload": {"input": "Hi", "variables": {"token": SECRET | {"more": VARIABLE}}}},
            NEW | {"payload": {"input": "Hi", "variables": {"token": {"secret": True, "value": [VARIABLE]}}}},
            NEW | {"payload": [VARIABLE]},
        ]
        bodies = [json.dumps(body).encode() for body in wrong]
        bodies += [bodies[0][:-9], bodies[0] + bytes(300_000), bodies[0].replace(b"never", b"\xff")]
        for body in bodies:
            for method, path in (
                ("POST", schedules_path(schedule.agent)),
                ("PATCH", schedule_path(schedule)),
            ):
                response = self.api.send(method, path, body, "application/json")
                assert response.status_code >= 400
                self.evidence.answer("API: refused", response)
        self.evidence.answer(
            "API: 415", self.api.send("POST", schedules_path(schedule.agent), bodies[0], "text/x")
        )

    def run_once(self, schedule: Schedule, how: str) -> None:
        """One run, executed as a worker does, and then asked for."""
        run = make_run(schedule, not_before=database_now())
        execute_run(run.id, run.generation)
        run = Run.objects.get(id=run.id)
        assert run.finished_at is not None
        self.called(f"run ({how})", "GET", run_path(run))
        self.called(f"runs ({how})", "GET", f"{schedule_path(schedule)}/runs")

    def console_pages(self) -> None:
        """Every list, every page that adds, and the page of every row."""
        self.seen("index", reverse("admin:index"))
        for name in CONSOLE_LISTS:
            self.seen(f"{name} list", reverse(f"admin:schedules_{name}_changelist"))
        for name, model, pages in ROW_PAGES:
            for row in model.objects.all():
                for page in pages:
                    self.seen(f"{name} {page}", reverse(f"admin:schedules_{name}_{page}", args=(row.pk,)))

    def journal(self) -> None:
        """Who did all that: over the API and exported."""
        lines = self.called("journal", "GET", "/v3/journal?limit=100")["lines"]
        assert "********" in str(lines)
        exported = io.StringIO()
        call_command("export_journal", stdout=exported)
        self.evidence.add("the exported journal", exported.getvalue())

    def metrics(self) -> None:
        """What Prometheus gets, with every label there is."""
        self.settings.ORQ = self.settings.ORQ.model_copy(
            update={"metrics": "open", "metrics_labels": ["workspace", "agent"]}
        )
        exposition.forget()
        answer = self.evidence.answer("metrics", self.browser.get("/metrics"))
        assert 'agent="repeating"' in answer.content.decode()

    def seen(self, place: str, address: str) -> Any:
        """A page of the console; one that a person may not see is an answer too."""
        return self.evidence.answer(f"console: {place}", self.browser.get(address))

    def console_edits(self, schedule: Schedule) -> None:
        """The same secrets typed into the forms: saved, and for the credential also refused."""
        page = reverse("admin:schedules_schedule_change", args=(schedule.pk,))
        form = form_of(self.browser.get(page), "schedule_form")
        typed = {"payload": json.dumps(PAYLOAD | {"input": "from the console"})}
        asked = self.posted("schedule, what it would do", page, form | typed, 200)
        self.posted("schedule", page, form_of(asked, "confirm_form") | {"confirmed": ""}, 302)
        self.seen("schedule after its edit", page)
        page = reverse("admin:schedules_agent_change", args=(self.agent.pk,))
        form = form_of(self.browser.get(page), "agent_form") | {"credential": f"Bearer {CREDENTIAL}"}
        self.posted("agent", page, form, 302)
        self.posted("agent, refused", page, form | {"base_url": "nonsense"}, 200)
        self.seen("agent after its edit", page)

    def posted(self, place: str, address: str, form: dict[str, str], status: int) -> Any:
        """A form sent back; the answer."""
        response = self.browser.post(address, form)
        assert response.status_code == status
        return self.evidence.answer(f"console: {place}", response)

    def requests_that_break(self, schedule: Schedule) -> None:
        """The same requests while every write of the tables with secrets breaks in an unforeseen way."""
        schedule_page = reverse("admin:schedules_schedule_change", args=(schedule.pk,))
        agent_page = reverse("admin:schedules_agent_change", args=(self.agent.pk,))
        typed = {"payload": json.dumps(PAYLOAD | {"input": f"debug {self.settings.DEBUG}"})}
        schedule_form = form_of(self.browser.get(schedule_page), "schedule_form") | typed
        agent_form = form_of(self.browser.get(agent_page), "agent_form") | {
            "credential": f"Bearer {CREDENTIAL}"
        }
        body = json.dumps(NEW | {"payload": PAYLOAD | {"input": "anew"}}).encode()
        self.browser.raise_request_exception = False
        with connection.execute_wrapper(_breaks_on_write):
            answers: list[Any] = [
                self.api.send("POST", schedules_path(self.agent), body, "application/json"),
                self.api.send("PATCH", schedule_path(schedule), body, "application/json"),
                self.browser.post(schedule_page, schedule_form),
                self.browser.post(agent_page, agent_form),
            ]
        for answer in answers:
            assert answer.status_code == 500
            self.evidence.answer(f"error page, debug {self.settings.DEBUG}", answer)


def _breaks_on_write(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    if sql.startswith(("INSERT", "UPDATE")) and ('"schedules_schedule"' in sql or '"schedules_agent"' in sql):
        raise RuntimeError("the disk is on fire")
    return execute(sql, params, many, context)
