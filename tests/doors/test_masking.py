"""Rows 6 and 7: an agent tells what it was told, to a reader who may not see it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from schedules import agents
from schedules.database.clock import database_now
from schedules.models import Agent, Run, Scope
from tests.agent_server import AgentServer, Behaviour
from tests.api.caller import Caller, run_path
from tests.certificates import self_signed
from tests.factories import make_agent, make_run, make_schedule, make_token
from workers.tasks import execute_run

pytestmark = pytest.mark.django_db(transaction=True)

TOKEN = "hunter2-S3cr3t-Tok3n"


@pytest.fixture
def server() -> Iterator[AgentServer]:
    with AgentServer() as running:
        yield running


@pytest.fixture
def agent(server: AgentServer) -> Agent:
    return make_agent(runtime="responses", base_url=server.url, max_attempts=1)


def read(agent: Agent, **schedule: Any) -> str:
    """What a read key is answered about a run of such a schedule, once it has run."""
    run = make_run(make_schedule(agent, **schedule), not_before=database_now())
    execute_run(run.id, run.generation)
    assert Run.objects.get(id=run.id).finished_at is not None
    answer = Caller(make_token(agent.workspace, scope=Scope.READ)).get(run_path(run))
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_a_key_of_several_lines_is_masked_in_the_text_and_in_a_tool_s_arguments(
    server: AgentServer, agent: Agent
) -> None:
    _, pem = self_signed()
    agents.set_credential(agent, "Bearer unrelated")
    told = json.dumps({"key": pem})
    text = {"type": "message", "content": [{"type": "output_text", "text": told}]}
    tool = {"type": "function_call", "call_id": "call_1", "name": "save", "arguments": told}
    server.script(agent.key, Behaviour(merge={"output": [text, tool]}))

    document = read(agent, payload={"input": "{{pem}}", "variables": {"pem": {"secret": True, "value": pem}}})

    lines = [line for line in pem.splitlines() if len(line) > 20]
    assert len(lines) > 2
    assert [line for line in lines if line in document] == []
    assert "********" in document
    [kept] = [json.dumps(run.output) for run in Run.objects.all()]
    assert "function_call" in kept
    assert [line for line in lines if line in kept] == []


def test_no_number_of_other_secrets_uncovers_one(server: AgentServer, agent: Agent) -> None:
    tilde = "~" * 60
    others = {f"v{number}": {"secret": True, "value": chr(200 + number) + tilde} for number in range(94)}
    variables = {"token": {"secret": True, "value": TOKEN}, **others}
    text = {"type": "message", "content": [{"type": "output_text", "text": TOKEN + tilde}]}
    server.script(agent.key, Behaviour(merge={"output": [text]}))

    document = read(agent, payload={"input": "{{token}}" + tilde, "variables": variables})

    assert TOKEN[:6] not in document
    assert "Tok3n" not in document
