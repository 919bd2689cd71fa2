"""list-agents, create-agent, retrieve-agent, update-agent, delete-agent."""

from base64 import b64encode
from typing import Any

import pytest

from schedules import agents, retiring
from schedules.agents.secret_settings import opened_headers
from schedules.database.clock import database_now
from schedules.models import Agent, Run, RunState, Schedule, Scope
from schedules.runs import claiming
from schedules.runs.claiming import NotClaimed
from schedules.secrets.sealing import unseal
from tests.api.caller import (
    Caller,
    assert_error,
    document,
    everything,
    run_path,
    schedule_path,
    schedules_path,
)
from tests.api.outsiders import assert_only_for_its_workspace
from tests.certificates import self_signed
from tests.factories import NOON, make_agent, make_run, make_schedule, make_token
from workers.heartbeat import heartbeat

URL = "https://agents.example.org"
NEW: dict[str, Any] = {"key": "briefing", "base_url": URL}
SIGNING = [f"whsec_{b64encode(bytes([number]) * 24).decode()}" for number in (1, 2)]
SECRETS: dict[str, Any] = {
    "credential": "Bearer cr3d3ntial",
    "extra_headers": {"X-Key": {"secret": True, "value": "h3ad3r"}, "X-Team": "growth"},
    "signing_secrets": SIGNING,
}


@pytest.fixture
def admin(agent: Agent) -> Caller:
    """May write agents in the agent's workspace."""
    return Caller(make_token(agent.workspace, Scope.ADMIN))


def path_of(agent: Agent) -> str:
    """Where an agent is."""
    return f"/v3/agents/{agent.key}"


def made(admin: Caller, **settings: Any) -> Agent:
    """An agent as a client makes it."""
    shown = document(admin.post("/v3/agents", NEW | settings), 201)
    return Agent.objects.get(id=shown["_id"])


def test_an_agent_is_made_with_the_defaults_of_its_runtime(admin: Caller) -> None:
    shown = document(admin.post("/v3/agents", NEW), 201)

    assert (shown["key"], shown["runtime"], shown["base_url"]) == ("briefing", "responses", URL)
    assert (shown["path"], shown["dialect"], shown["model"]) == ("/v3/router/responses", "", "")
    assert (shown["max_attempts"], shown["max_silent_attempts"]) == (5, 1)
    assert (shown["connect_timeout_seconds"], shown["read_timeout_seconds"]) == (5.0, 300.0)
    assert document(admin.get("/v3/agents/briefing")) == shown


def test_a_limit_of_calls_in_flight_is_set_and_given_up_again(admin: Caller, agent: Agent) -> None:
    assert document(admin.patch(path_of(agent), {"max_in_flight": 0}))["max_in_flight"] == 0

    assert "max_in_flight" not in document(admin.patch(path_of(agent), {"max_in_flight": None}))
    agent.refresh_from_db()
    assert agent.max_in_flight is None


def test_every_setting_that_is_sent_comes_back(admin: Caller) -> None:
    settings = {
        "path": "/v1/responses",
        "dialect": "openai",
        "model": "gpt-5-{tag}",
        "provider": "openai",
        "credential_header": "X-Api-Key",
        "extra_body": {"instructions": "Be brief", "tools": [{"type": "web_search"}]},
        "extra_headers": {"X-Team": "growth"},
        "background": True,
        "stream": True,
        "connect_timeout_seconds": 2.5,
        "read_timeout_seconds": 60.0,
        "total_timeout_seconds": 120.0,
        "max_in_flight": 7,
        "input_price": 2.5,
        "output_price": 0.0,
        "max_response_bytes": 5_000_000,
        "max_attempts": 3,
        "max_silent_attempts": 2,
        "retry_base_seconds": 1.0,
        "retry_cap_seconds": 30.0,
        "active_tag": "v3",
    }

    shown = document(admin.post("/v3/agents", NEW | settings), 201)

    assert shown.items() >= settings.items()
    assert document(admin.patch("/v3/agents/briefing", {"max_attempts": 4})) == shown | {
        "max_attempts": 4,
        "updated": document(admin.get("/v3/agents/briefing"))["updated"],
    }


def test_secrets_go_in_and_never_come_out(admin: Caller) -> None:
    agent = made(admin, **SECRETS)

    for response in (admin.get(path_of(agent)), admin.get("/v3/agents"), admin.patch(path_of(agent), {})):
        shown = response.content.decode()
        for secret in ("cr3d3ntial", "h3ad3r", *SIGNING, agent.sealed_credential):
            assert secret not in shown
    shown = document(admin.get(path_of(agent)))
    assert (shown["has_credential"], shown["signing_secret_count"]) == (True, 2)
    assert shown["extra_headers"] == {"X-Key": {"secret": True, "value": "********"}, "X-Team": "growth"}
    assert unseal(agent.sealed_credential) == "Bearer cr3d3ntial"
    assert list(map(unseal, agent.sealed_signing_secrets)) == SIGNING


def test_a_mask_sent_back_keeps_the_headers_secret(admin: Caller) -> None:
    agent = made(admin, **SECRETS)
    headers = document(admin.get(path_of(agent)))["extra_headers"]

    document(admin.patch(path_of(agent), {"extra_headers": headers | {"X-Team": "sales"}}))

    agent.refresh_from_db()
    assert opened_headers(agent.extra_headers) == {"X-Key": "h3ad3r", "X-Team": "sales"}


def test_null_removes_a_credential(admin: Caller) -> None:
    agent = made(admin, **SECRETS)

    shown = document(admin.patch(path_of(agent), {"credential": None, "signing_secrets": []}))

    assert (shown["has_credential"], shown["signing_secret_count"]) == (False, 0)


@pytest.mark.parametrize(
    "base_url", ["https://other.example.org", "http://agents.example.org", f"{URL}:8443"]
)
def test_another_origin_needs_every_stored_secret_anew(admin: Caller, base_url: str) -> None:
    agent = made(admin, **SECRETS)
    headers = document(admin.get(path_of(agent)))["extra_headers"]
    anew = SECRETS | {"base_url": base_url}

    for missing in SECRETS:
        body = {name: value for name, value in anew.items() if name != missing}
        assert_error(admin.patch(path_of(agent), body), 400, "invalid_request_body", missing)
    masked = admin.patch(path_of(agent), anew | {"extra_headers": headers})
    assert_error(masked, 400, "invalid_request_body", "extra_headers")
    assert Agent.objects.get(id=agent.id).base_url == URL

    shown = document(admin.patch(path_of(agent), anew))
    assert (shown["base_url"], shown["has_credential"]) == (base_url, True)


def test_another_path_on_the_same_server_keeps_the_secrets(admin: Caller) -> None:
    agent = made(admin, **SECRETS)

    shown = document(admin.patch(path_of(agent), {"base_url": f"{URL}:443/here", "path": "/v1/responses"}))

    assert shown["has_credential"]


REFUSED = [
    ({"key": "9lives"}, "key"),
    ({"runtime": "magic"}, "runtime"),
    ({"base_url": "ftp://host"}, "base_url"),
    ({"base_url": ""}, "base_url"),
    ({"base_url": "http://169.254.169.254"}, "base_url"),
    ({"path": "v1"}, "path"),
    ({"dialect": "latin"}, "dialect"),
    ({"model": "x" * 256}, "model"),
    ({"model": "two\nlines"}, "model"),
    ({"credential": "Bearer ä"}, "credential"),
    ({"credential": 5}, "credential"),
    ({"credential": "x", "credential_header": ""}, "credential_header"),
    ({"credential_header": "Content-Length"}, "credential_header"),
    ({"extra_body": {"model": "x"}}, "extra_body"),
    ({"extra_body": {"input": "x"}}, "extra_body"),
    ({"extra_body": {"background": True}}, "extra_body"),
    ({"extra_body": {"stream": True}}, "extra_body"),
    ({"extra_body": []}, "extra_body"),
    ({"extra_headers": {"Host": "x"}}, "extra_headers"),
    ({"extra_headers": {"Authorization": "x"}}, "extra_headers"),
    ({"extra_headers": {"Cookie": "x"}}, "extra_headers"),
    ({"extra_headers": {"Transfer-Encoding": "x"}}, "extra_headers"),
    ({"extra_headers": {"webhook-id": "x"}}, "extra_headers"),
    ({"extra_headers": {"traceparent": "x"}}, "extra_headers"),
    ({"extra_headers": {"Idempotency-Key": "x"}}, "extra_headers"),
    ({"extra_headers": {"X-A": "1", "x-a": "2"}}, "extra_headers"),
    ({"extra_headers": {"X-A": 1}}, "extra_headers"),
    ({"extra_headers": {"X-A": {"secret": True, "value": "abc"}}}, "extra_headers"),
    ({"extra_headers": {"X-A": {"secret": True, "value": "********"}}}, "extra_headers"),
    ({"extra_headers": {"X-A": {"secret": True, "sealed": "gAAAA"}}}, "extra_headers"),
    ({"background": 1}, "background"),
    ({"read_timeout_seconds": 0}, "read_timeout_seconds"),
    ({"read_timeout_seconds": "5"}, "read_timeout_seconds"),
    ({"total_timeout_seconds": 1e300}, "total_timeout_seconds"),
    ({"total_timeout_seconds": 86401}, "total_timeout_seconds"),
    ({"max_attempts": 0}, "max_attempts"),
    ({"max_silent_attempts": 101}, "max_silent_attempts"),
    ({"max_response_bytes": True}, "max_response_bytes"),
    ({"max_in_flight": -1}, "max_in_flight"),
    ({"max_in_flight": "7"}, "max_in_flight"),
    ({"input_price": -1}, "input_price"),
    ({"input_price": "2.5"}, "input_price"),
    ({"output_price": True}, "output_price"),
    ({"output_price": 1e9}, "output_price"),
    ({"ca_pem": "nothing"}, "ca_pem"),
    ({"client_key_pem": "nothing"}, "client_key_pem"),
    ({"signing_secrets": ["whsec_c2hvcnQ="]}, "signing_secrets"),
    ({"signing_secrets": [*SIGNING, SIGNING[0]]}, "signing_secrets"),
    ({"signing_secrets": "whsec_"}, "signing_secrets"),
    ({"active_tag": ""}, "active_tag"),
    ({"colour": "red"}, "colour"),
]


@pytest.mark.parametrize(("settings", "param"), REFUSED, ids=lambda value: str(value)[:40])
def test_a_setting_that_cannot_be_is_refused_and_named(
    admin: Caller, settings: dict[str, Any], param: str
) -> None:
    agents_before = list(Agent.objects.values())

    response = admin.post("/v3/agents", NEW | settings)

    assert_error(response, 400, "invalid_request_body", param)
    assert list(Agent.objects.values()) == agents_before


@pytest.mark.parametrize(
    ("settings", "param"), [row for row in REFUSED if row[1] not in ("key", "active_tag")], ids=str
)
def test_a_refused_change_changes_nothing(admin: Caller, settings: dict[str, Any], param: str) -> None:
    agent = made(admin)
    before = Agent.objects.values().get(id=agent.id)

    response = admin.patch(path_of(agent), {"provider": "changed"} | settings)

    assert_error(response, 400, "invalid_request_body", param)
    assert Agent.objects.values().get(id=agent.id) == before


def test_certificates_and_their_key_go_in_together(admin: Caller) -> None:
    certificate, key = self_signed()
    _, other_key = self_signed()
    both = {"client_certificate_pem": certificate, "client_key_pem": key}

    for body, param in (
        ({"client_certificate_pem": certificate}, "client_key_pem"),
        ({"client_key_pem": key}, "client_certificate_pem"),
        (both | {"client_key_pem": other_key}, "client_key_pem"),
    ):
        assert_error(admin.post("/v3/agents", NEW | body), 400, "invalid_request_body", param)
    shown = document(admin.post("/v3/agents", NEW | both | {"ca_pem": certificate}), 201)

    assert (shown["ca_pem"], shown["client_certificate_pem"]) == (certificate, certificate)
    assert shown["has_client_key"]
    assert key not in str(shown)
    assert unseal(Agent.objects.get(key="briefing").sealed_client_key) == key


def test_a_key_is_used_once_in_a_workspace(admin: Caller, agent: Agent) -> None:
    assert_error(admin.post("/v3/agents", NEW | {"key": agent.key}), 409, "agent_exists")


def test_a_repeated_create_makes_one_agent(admin: Caller) -> None:
    raw = b'{"key": "once", "runtime": "echo"}'
    first, again = (
        admin.send("POST", "/v3/agents", raw, "application/json", **{"Idempotency-Key": "k"})
        for _ in range(2)
    )

    assert document(again, 201) == document(first, 201)
    assert Agent.objects.filter(key="once").count() == 1


@pytest.mark.parametrize("scope", [Scope.READ, Scope.TRIGGER, Scope.WRITE])
def test_only_an_admin_key_writes_agents(agent: Agent, scope: Scope) -> None:
    caller = Caller(make_token(agent.workspace, scope))
    before = Agent.objects.values().get()

    for method, path, body in (
        ("POST", "/v3/agents", NEW),
        ("PATCH", path_of(agent), {"max_attempts": 7}),
        ("DELETE", path_of(agent), None),
    ):
        message = assert_error(caller.call(method, path, body), 403, "insufficient_scope")
        assert "admin" in message
    assert Agent.objects.values().get() == before
    assert document(caller.get(path_of(agent)))["key"] == agent.key


def test_an_outsider_may_not_see_or_write_an_agent(nobody: Caller, elsewhere: Caller, agent: Agent) -> None:
    theirs = make_agent(agent.workspace, key="only_here")

    assert_only_for_its_workspace(
        ("GET", path_of(theirs), None), nobody=nobody, elsewhere=elsewhere, missing="agent_not_found"
    )
    assert [shown["key"] for shown in document(elsewhere.get("/v3/agents"))["agents"]] == [agent.key]


def test_agents_come_newest_first_and_in_pages(admin: Caller, agent: Agent) -> None:
    newer = [make_agent(agent.workspace, key=key).id for key in ("b", "c")]
    newest_first = [*reversed(newer), agent.id]

    everything_at_once = document(admin.get("/v3/agents"))
    page = document(admin.get("/v3/agents?limit=2"))
    rest = document(admin.get(f"/v3/agents?limit=2&after={page['next_after']}"))

    assert [shown["_id"] for shown in everything_at_once["agents"]] == newest_first
    assert [shown["_id"] for shown in (*page["agents"], *rest["agents"])] == newest_first
    assert "next_after" not in rest


def test_the_list_shows_what_retrieve_shows(admin: Caller, agent: Agent) -> None:
    agents.add_version(agent, "v2", activate=True)

    assert document(admin.get("/v3/agents"))["agents"] == [document(admin.get(path_of(agent)))]


def test_another_dialect_is_saved_and_says_how_many_schedules_do_not_fit(
    admin: Caller, agent: Agent, picky: str
) -> None:
    picky_agent = made(admin, runtime=picky)
    make_schedule(picky_agent, payload={"input": "Hi"})
    make_schedule(picky_agent, payload={"input": "Hi", "metadata": {"a": "b"}})

    changed = document(admin.patch(path_of(picky_agent), {"dialect": "strict"}))
    again = document(admin.patch(path_of(picky_agent), {"max_attempts": 4}))

    assert (changed["dialect"], changed["unfit_schedule_count"]) == ("strict", 1)
    assert "unfit_schedule_count" not in again


def test_a_payload_the_runtime_could_never_send_is_refused_at_save(
    admin: Caller, agent: Agent, picky: str
) -> None:
    strict = made(admin, runtime=picky, path="/strict")
    good = {"type": "cron", "expression": "@daily", "payload": {"input": "Hi"}}
    bad = good | {"payload": {"input": "Hi", "metadata": {"a": "b"}}}

    message = assert_error(
        admin.post(schedules_path(strict), bad), 400, "invalid_request_body", "payload.metadata"
    )
    created = document(admin.post(schedules_path(strict), good), 201)
    change = admin.patch(f"{schedules_path(strict)}/{created['_id']}", {"payload": bad["payload"]})

    assert message == "this agent takes no metadata"
    assert_error(change, 400, "invalid_request_body", "payload.metadata")


class TestDeleting:
    """It is gone at once, its schedules end in batches, its history stays."""

    def test_nothing_of_it_is_found(self, admin: Caller, agent: Agent, schedule: Schedule) -> None:
        run = make_run(schedule)

        response = admin.delete(path_of(agent))

        assert (response.status_code, response.content) == (204, b"")
        assert_error(admin.get(path_of(agent)), 404, "agent_not_found")
        assert_error(admin.get(schedules_path(agent)), 404, "agent_not_found")
        assert_error(admin.get(schedule_path(schedule)), 404, "schedule_not_found")
        assert_error(admin.get(run_path(run)), 404, "schedule_not_found")
        assert_error(admin.post(f"{schedule_path(schedule)}/execution"), 404, "schedule_not_found")
        assert_error(admin.delete(path_of(agent)), 404, "agent_not_found")
        assert document(admin.get("/v3/agents")) == {"agents": []}

    def test_no_run_of_it_starts(self, agent: Agent, schedule: Schedule) -> None:
        run = make_run(schedule)
        agents.delete(agent.id, NOON)

        outcome = claiming.claim(run.id, 1, "worker", NOON, heartbeat().lease)

        assert outcome is NotClaimed.DISCARDED
        assert Run.objects.get().reason == "schedule_deleted"

    def test_its_schedules_end_and_their_history_stays(self, agent: Agent) -> None:
        schedules = [make_schedule(agent) for _ in range(3)]
        other = make_schedule(make_agent(agent.workspace, key="other"))
        pending, ended = make_run(schedules[0]), make_run(schedules[1], state=RunState.SUCCEEDED)
        agents.delete(agent.id, NOON)

        assert retiring.retire(database_now()) == 3
        assert retiring.retire(database_now()) == 0

        assert list(Schedule.objects.live()) == [other]
        states = dict(Run.objects.values_list("id", "state"))
        assert states == {pending.id: RunState.DISCARDED, ended.id: RunState.SUCCEEDED}

    def test_its_key_is_free_again(self, admin: Caller, agent: Agent, schedule: Schedule) -> None:
        admin.delete(path_of(agent))

        again = document(admin.post("/v3/agents", NEW | {"key": agent.key}), 201)

        assert again["_id"] != agent.id
        assert document(admin.get(schedules_path(agent))) == {"schedules": []}
        assert_error(admin.get(schedule_path(schedule)), 404, "schedule_not_found")


def test_a_reader_changes_nothing(reader: Caller, agent: Agent) -> None:
    before = everything()

    assert_error(reader.delete(path_of(agent)), 403, "insufficient_scope")

    assert everything() == before
