"""Schedules whose agents others wrote: the whole service as processes, from an agent's registration to its run."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from tests.processes.databases import migrated_database
from tests.processes.service import Service, document
from tests.proofs.agents.langgraph_server import LangGraph
from tests.proofs.agents.litellm_proxy import ALIAS, MASTER_KEY, LiteLlm
from tests.proofs.agents.program import Program, answer
from tests.proofs.agents.strict_openai import MODEL, StrictOpenAi
from tests.waiting import wait_for

pytestmark = [pytest.mark.processes, pytest.mark.agents, pytest.mark.postgresql]

Document = dict[str, Any]
RESPONSES, CHAT = "/v1/responses", "/v1/chat/completions"
BROKER_DATABASE: Final = 5
"""The other process tests use those before it."""
RUN_SECONDS: Final = 60
PAYLOAD: Final[Document] = {
    "input": "Write the morning briefing for {{region}}",
    "variables": {"region": "EMEA", "tok": {"secret": True, "value": "supersecret1"}},
}
FILLED: Final = "Write the morning briefing for EMEA"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Web, beat and worker on an empty database."""
    folder = tmp_path_factory.mktemp("service")
    redis_url = os.environ["REDIS_URL"].removesuffix("/0") + f"/{BROKER_DATABASE}"
    with Service(folder, migrated_database("postgresql", folder), redis_url) as running:
        yield running


def create_agent(service: Service, key: str, *options: str, api_key: str = "") -> None:
    """Register it as an operator does; the agent's own API key comes from a variable."""
    if api_key:
        service.environment["KEY_OF_THE_AGENT"] = f"Bearer {api_key}"
        options = (*options, "--credential-env=KEY_OF_THE_AGENT")
    service.manage("create_agent", key, "--workspace=processes", *options)


def create_agent_over_rest(service: Service, **settings: Any) -> None:
    """Register it as a program does, with a key that may."""
    with service.client(service.admin_token) as admin:
        document(admin.post("/v3/agents", json=settings), 201)


def run_of_once(service: Service, key: str) -> Document:
    """The document of the run that a schedule without a pinned version, due in a few seconds, comes to."""
    at = datetime.now(UTC) + timedelta(seconds=3)
    once = {"type": "once", "expression": f"@at {at:%Y-%m-%dT%H:%M:%SZ}", "payload": PAYLOAD}
    with service.client(service.token) as client:
        schedules = f"/v3/agents/{key}/schedules"
        runs = f"{schedules}/{document(client.post(schedules, json=once), 201)['_id']}/runs"

        def ended() -> str | None:
            listed = document(client.get(runs), 200)["runs"]
            return listed[0]["_id"] if listed and "finished_at" in listed[0] else None

        run_id = wait_for(ended, RUN_SECONDS, "the run to end")
        found: Document = document(client.get(f"{runs}/{run_id}"), 200)
    return found


def assert_succeeded(run: Document, text: str) -> None:
    """At the first attempt, for the cadence, with this text of the agent's."""
    assert (run["state"], run.get("output_text")) == ("succeeded", text), run
    assert (run["trigger"], run["attempt"]) == ("cadence", 1)
    assert [each["outcome"] for each in run["attempts"]] == ["succeeded"]


def test_a_model_behind_litellms_responses_gets_the_filled_text(service: Service, litellm: LiteLlm) -> None:
    options = (f"--url={litellm.url}", f"--path={RESPONSES}", f"--model={ALIAS}")
    create_agent(service, "litellm-responses", *options, api_key=MASTER_KEY)
    litellm.upstream.forget()

    run = run_of_once(service, "litellm-responses")

    assert_succeeded(run, f"received: {FILLED}")
    (received,) = litellm.upstream.received(path=RESPONSES)
    assert (received.body["model"], received.body["input"]) == (MODEL, FILLED)
    assert b"supersecret1" not in received.raw
    assert run["response_id"]


def test_a_model_behind_litellms_chat_gets_the_filled_text(service: Service, litellm: LiteLlm) -> None:
    options = ("--runtime=chat", f"--url={litellm.url}", f"--model={ALIAS}")
    create_agent(service, "litellm-chat", *options, api_key=MASTER_KEY)
    litellm.upstream.forget()

    run = run_of_once(service, "litellm-chat")

    assert_succeeded(run, f"received: {FILLED}")
    (received,) = litellm.upstream.received(path=CHAT)
    assert received.body["messages"] == [{"role": "user", "content": FILLED}]
    assert b"supersecret1" not in received.raw
    assert run["usage"]["input_tokens"] > 0


def test_an_agent_on_the_a2a_sdk_hears_the_filled_text_once(service: Service, a2a: Program) -> None:
    create_agent(service, "a2a-sdk", "--runtime=a2a", f"--url={a2a.url}")

    run = run_of_once(service, "a2a-sdk")

    assert_succeeded(run, FILLED)
    with a2a.client() as http:
        heard = [each for each in answer(http.get("/_received")) if each["parts"][0]["text"] == FILLED]
    (message,) = heard
    assert message["messageId"].startswith(f"{run['schedule_id']}-1-"), "the key that a repetition keeps"


def test_langgraph_is_called_over_a2a_0_3(service: Service, langgraph: LangGraph) -> None:
    create_agent_over_rest(
        service,
        key="langgraph",
        runtime="a2a",
        dialect="a2a-0.3",
        base_url=langgraph.program.url,
        path=langgraph.path,
    )

    run = run_of_once(service, "langgraph")

    assert_succeeded(run, f"heard: {FILLED}")


def test_a_strict_server_sees_the_version_that_was_made_active(service: Service) -> None:
    with StrictOpenAi("agent/strict@v2") as openai:
        where = (f"--url={openai.url}", f"--path={RESPONSES}")
        create_agent(service, "strict", *where, "--tag=v1", "--activate", api_key=openai.key)
        create_agent(service, "strict", "--tag=v2", "--activate")

        run = run_of_once(service, "strict")

        (received,) = openai.received(path=RESPONSES)
    assert_succeeded(run, f"received: {FILLED}")
    assert run["agent_tag"] == "v2"
    assert received.body == {"model": "agent/strict@v2", "input": FILLED}
