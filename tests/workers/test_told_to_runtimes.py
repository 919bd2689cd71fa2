"""What a runtime is told of agent, run and settings, and what of it is masked in its answer."""

from base64 import b64encode
from datetime import timedelta

import pytest
from pydantic import SecretStr
from pytest_django import Settings

from schedules import agents
from schedules.database.clock import database_now
from schedules.models import Agent, RunState
from schedules.runs import transitions
from schedules.secrets.masking import MASK
from tests.agent_server import AgentServer, Behaviour
from tests.certificates import self_signed
from tests.factories import make_agent
from tests.workers.attempts import claimed_run, executed, pending_run, posts
from tests.workers.runtimes.http.proxy_server import proxying
from workers import execution
from workers.tracing import NotTraced

CERTIFICATE, KEY = self_signed()
NEWEST, OLDER = (f"whsec_{b64encode(bytes([number]) * 24).decode()}" for number in (1, 2))

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_runtime_is_told_every_setting_of_the_agent_in_clear(agent: Agent, settings: Settings) -> None:
    settings.ORQ = settings.ORQ.model_copy(
        update={"agent_proxy": SecretStr("http://me:pr0xy-key@proxy:3128")}
    )
    changes: agents.AgentChanges = {
        "dialect": "openai",
        "model": "gpt-5",
        "credential": "Bearer agent-key",
        "extra_body": {"instructions": "Be brief"},
        "extra_headers": {"X-Key": {"secret": True, "value": "h3ad3r"}, "X-Team": "growth"},
        "background": True,
        "stream": True,
        "read_timeout": timedelta(seconds=7),
        "max_response_bytes": 12_345,
        "ca_pem": CERTIFICATE,
        "client_certificate_pem": CERTIFICATE,
        "client_key_pem": KEY,
        "signing_secrets": [NEWEST, OLDER],
    }
    agents.update(agent.id, changes, may_change_origin=True)

    endpoint = execution._endpoint(claimed_run(agent).agent)

    assert (endpoint.dialect, endpoint.model) == ("openai", "gpt-5")
    assert (endpoint.credential_header, endpoint.credential) == ("Authorization", "Bearer agent-key")
    assert endpoint.extra_body == {"instructions": "Be brief"}
    assert endpoint.extra_headers == {"X-Key": "h3ad3r", "X-Team": "growth"}
    assert (endpoint.background, endpoint.stream) == (True, True)
    assert (endpoint.read_timeout, endpoint.max_response_bytes) == (timedelta(seconds=7), 12_345)
    assert endpoint.signing_secrets == (NEWEST, OLDER)
    assert (endpoint.ca_pem, endpoint.client_pem) == (CERTIFICATE, f"{CERTIFICATE.rstrip()}\n{KEY}")
    assert endpoint.proxy == "http://me:pr0xy-key@proxy:3128"
    for secret in ("agent-key", "h3ad3r", NEWEST, KEY, "pr0xy-key"):
        assert secret not in repr(endpoint)


@pytest.mark.parametrize("setting", ["its URL", "environment"])
def test_a_run_reaches_an_agent_that_only_the_proxy_can_resolve(
    server: AgentServer, settings: Settings, monkeypatch: pytest.MonkeyPatch, setting: str
) -> None:
    hidden = server.url.replace("127.0.0.1", "agents.internal")
    with proxying(hosts={"agents.internal": "127.0.0.1"}) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", "")
        given = proxy.url if setting == "its URL" else setting
        settings.ORQ = settings.ORQ.model_copy(update={"agent_proxy": SecretStr(given)})

        done = executed(pending_run(make_agent(runtime="responses", base_url=hidden)))

    assert (done.state, done.output_text) == (RunState.SUCCEEDED, "Hello")
    assert proxy.heads[0].startswith(f"POST {hidden}/v3/router/responses HTTP/1.1")
    assert len(posts(server)) == 1


def test_a_proxy_of_the_environment_is_not_used_unless_that_is_asked_for(
    server: AgentServer, agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    with proxying() as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", "")

        done = executed(pending_run(agent))

    assert (done.state, len(posts(server)), proxy.heads) == (RunState.SUCCEEDED, 1, [])


def test_a_runtime_is_told_what_asked_for_the_run(agent: Agent) -> None:
    secret = {"secret": True, "value": "s3cr3t"}
    claimed = claimed_run(agent, display_name="Briefing", payload={"input": "Hi", "variables": {"k": secret}})

    with NotTraced().call() as traced:
        call = execution._agent_call(claimed, traced, lambda: False)

    assert call.variables == {"k": secret}
    assert "s3cr3t" not in repr(call)
    assert (call.idempotency_key, call.is_cancelled()) == (claimed.run_id, False)
    assert call.firing is not None
    assert (call.firing.schedule_id, call.firing.display_name) == (claimed.schedule_id, "Briefing")
    assert (call.firing.trigger, call.firing.generation, call.firing.fire_time) == ("manual", 1, None)
    transitions.cancel(claimed.run_id, database_now())
    assert call.is_cancelled()


def test_secrets_of_the_agents_settings_are_masked_in_what_it_says(server: AgentServer, agent: Agent) -> None:
    changes: agents.AgentChanges = {
        "extra_headers": {"X-Key": {"secret": True, "value": "Token h3ad3r"}},
        "signing_secrets": [NEWEST],
    }
    agents.update(agent.id, changes, may_change_origin=True)
    words = f"I was sent h3ad3r and {NEWEST}"
    server.script("digest", Behaviour(outcome="failed", error={"code": "x", "message": words}))

    done = executed(pending_run(agent))

    assert f"I was sent {MASK} and {MASK}" in done.error_message
