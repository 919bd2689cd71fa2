"""What the responses runtime sends, in the dialect of each server."""

from typing import Any

import pytest

from tests.agent_server import AgentServer
from tests.workers.runtimes.factories import make_call, make_endpoint, never
from workers.runtimes import CallFailed, PayloadRefused, runtime_for

SECRET = {"secret": True, "value": "supersecret1"}
ORQ, OPENAI = "/v3/router/responses", "/v1/responses"


def body_sent(
    agent: AgentServer, path: str = OPENAI, *, settings: dict[str, Any] | None = None, **call: Any
) -> Any:
    endpoint = make_endpoint(agent.url, path=path, **settings or {})
    runtime_for("responses").call(make_call(**{"variables": {}, "input": "Hi", **call}), endpoint, never)
    return agent.calls()[-1]["body"]


def check(dialect: str, **payload: Any) -> None:
    runtime_for("responses").check({"input": "Hi", **payload}, dialect)


def refusal_of(dialect: str, **payload: Any) -> PayloadRefused:
    with pytest.raises(PayloadRefused) as refused:
        check(dialect, **payload)
    return refused.value


@pytest.mark.parametrize("path", [ORQ, OPENAI])
def test_the_model_receives_the_input_with_its_variables_filled_in(agent: AgentServer, path: str) -> None:
    text = "Write the morning briefing for {{region}}"

    body = body_sent(agent, path, input=text, variables={"region": "EMEA"})

    assert body["input"] == "Write the morning briefing for EMEA"


@pytest.mark.parametrize("path", [ORQ, OPENAI])
def test_texts_of_items_are_filled_in_and_nothing_else_of_them(agent: AgentServer, path: str) -> None:
    items = [
        {"role": "user", "content": "first {{name}}"},
        {
            "role": "user",
            "content": [
                {"type": "input_text", "text": "{{name}}"},
                {"type": "input_image", "image_url": "{{name}}"},
            ],
        },
        {"type": "function_call_output", "call_id": "{{name}}", "output": "{{name}}"},
    ]

    body = body_sent(agent, path, input=items, variables={"name": "Ada"})

    assert body["input"] == [
        {"role": "user", "content": "first Ada"},
        {
            "role": "user",
            "content": [
                {"type": "input_text", "text": "Ada"},
                {"type": "input_image", "image_url": "{{name}}"},
            ],
        },
        {"type": "function_call_output", "call_id": "{{name}}", "output": "{{name}}"},
    ]


def test_the_platform_gets_variables_as_they_were_given_secrets_still_marked(agent: AgentServer) -> None:
    variables = {"name": "Ada", "n": [1, None], "tok": SECRET}

    body = body_sent(
        agent, ORQ, input="Hi {{name}}, use {{tok}}", variables=variables, memory_entity_id="user-7"
    )

    assert body == {
        "model": "agent/digest",
        "input": "Hi Ada, use {{tok}}",
        "variables": variables,
        "memory": {"entity_id": "user-7"},
    }


def test_other_servers_get_neither_variables_nor_memory(agent: AgentServer) -> None:
    body = body_sent(
        agent, input="Hi {{name}}", variables={"name": "Ada", "tok": SECRET}, memory_entity_id="user-7"
    )

    assert body == {"model": "agent/digest", "input": "Hi Ada"}


@pytest.mark.parametrize(
    ("path", "dialect", "has_variables"),
    [
        (ORQ, "", True),
        (f"/base{ORQ}/?a=b", "", True),
        (OPENAI, "", False),
        ("/anything", "", False),
        (OPENAI, "orq", True),
        (ORQ, "openai", False),
    ],
)
def test_the_dialect_is_told_by_the_path_unless_the_agent_names_one(
    agent: AgentServer, path: str, dialect: str, has_variables: bool
) -> None:
    body = body_sent(agent, path, settings={"dialect": dialect}, variables={"name": "Ada"})

    assert ("variables" in body) == has_variables


@pytest.mark.parametrize("path", [ORQ, OPENAI])
def test_metadata_goes_out_as_strings(agent: AgentServer, path: str) -> None:
    body = body_sent(
        agent, path, metadata={"source": "briefing", "n": 3, "deep": {"a": [True]}, "none": None}
    )

    assert body["metadata"] == {"source": "briefing", "n": "3", "deep": '{"a": [true]}', "none": "null"}


@pytest.mark.parametrize("path", [ORQ, OPENAI])
def test_what_is_empty_is_left_out(agent: AgentServer, path: str) -> None:
    assert set(body_sent(agent, path, variables={}, metadata={})) == {"model", "input"}


@pytest.mark.parametrize(
    ("model", "tag", "sent"),
    [
        ("", None, "agent/digest"),
        ("", "v2", "agent/digest@v2"),
        ("gpt-5-mini", None, "gpt-5-mini"),
        ("gpt-5-mini", "v2", "gpt-5-mini"),
        ("briefing-{tag}", "v2", "briefing-v2"),
    ],
)
def test_the_model_is_the_agents_setting_or_its_key_and_tag(
    agent: AgentServer, model: str, tag: str | None, sent: str
) -> None:
    assert body_sent(agent, settings={"model": model}, agent_tag=tag)["model"] == sent


def test_an_agents_own_body_is_merged_under_ours(agent: AgentServer) -> None:
    extra = {"instructions": "Be brief", "reasoning": {"effort": "low"}, "model": "theirs", "input": "theirs"}

    body = body_sent(agent, settings={"extra_body": extra})

    assert body == {
        "instructions": "Be brief",
        "reasoning": {"effort": "low"},
        "model": "agent/digest",
        "input": "Hi",
    }


def test_background_and_stream_are_asked_for(agent: AgentServer) -> None:
    body = body_sent(agent, settings={"background": True, "stream": True})

    assert (body["background"], body["stream"]) == (True, True)
    assert "text/event-stream" in agent.calls()[-1]["headers"]["accept"]


def test_the_run_has_a_key_of_its_own_for_all_attempts(agent: AgentServer) -> None:
    for attempt in (1, 2):
        body_sent(agent, attempt=attempt, idempotency_key="sched-3-20261128T060000000000Z")

    headers = [call["headers"] for call in agent.calls()]
    assert {each["idempotency-key"] for each in headers} == {"sched-3-20261128T060000000000Z"}
    assert [each["x-run-attempt"] for each in headers] == ["1", "2"]


def test_the_trace_goes_along(agent: AgentServer) -> None:
    body_sent(agent, trace_headers={"traceparent": "00-" + "a" * 32 + "-" + "b" * 16 + "-01"})

    assert agent.calls()[-1]["headers"]["traceparent"].startswith("00-aaaa")


@pytest.mark.parametrize("text", ["{{tok}}", "Use {{ tok }} please"])
def test_a_secret_in_the_input_is_refused_where_nobody_could_fill_it_in(
    agent: AgentServer, text: str
) -> None:
    variables = {"tok": SECRET, "name": "Ada"}
    items = [{"role": "user", "content": [{"type": "input_text", "text": text}]}]

    for value in (text, items):
        refused = refusal_of("openai", input=value, variables=variables)
        assert refused.param == "payload.input"
        assert "'tok'" in str(refused)
        assert "supersecret1" not in str(refused)
        check("orq", input=value, variables=variables)
    check("openai", input="Hi {{name}} {{other}}", variables=variables)

    with pytest.raises(CallFailed) as failed:  # saved before the agent was changed
        body_sent(agent, input=text, variables=variables)
    assert (failed.value.code, failed.value.is_retryable) == ("invalid_endpoint", False)
    assert agent.calls() == []


@pytest.mark.parametrize(
    "value", ["{{tok}}", "a {{ tok }} b", ["{{tok}}"], {"a": {"b": "{{tok}}"}}, {"{{tok}}": 1}]
)
def test_a_value_that_the_platform_would_fill_a_secret_into_is_refused(value: Any) -> None:
    refused = refusal_of("orq", variables={"sly": value, "tok": SECRET})

    assert refused.param == "payload.variables"
    assert "'sly'" in str(refused)
    assert "'tok'" in str(refused)
    check("orq", variables={"sly": value, "tok": "no secret"})
    check("openai", variables={"sly": value, "tok": SECRET})


def test_openais_limits_of_metadata_are_named_when_they_are_passed() -> None:
    check("openai", metadata={f"key-{n}": "x" * 512 for n in range(16)} | {})
    check("openai", metadata={"k" * 64: {"a": 1}})

    assert "at most 16" in str(refusal_of("openai", metadata={f"key-{n}": "x" for n in range(17)}))
    assert "512" in str(refusal_of("openai", metadata={"a": "x" * 600}))
    assert "512" in str(refusal_of("openai", metadata={"a": ["x" * 509]})), "as JSON"
    assert "64" in str(refusal_of("openai", metadata={"k" * 65: "x"}))
    assert refusal_of("openai", metadata={"a": "x" * 600}).param == "payload.metadata"


def test_the_platform_has_no_such_limits() -> None:
    check("orq", metadata={f"key-{n}": "x" * 600 for n in range(17)})


@pytest.mark.parametrize("dialect", ["orq", "openai"])
def test_an_input_that_its_variables_blow_up_is_refused(agent: AgentServer, dialect: str) -> None:
    bomb: dict[str, Any] = {"input": "{{big}}" * 1000, "variables": {"big": "x" * 10_000}}

    assert refusal_of(dialect, **bomb).param == "payload.input"
    with pytest.raises(CallFailed) as failed:
        body_sent(agent, settings={"dialect": dialect}, **bomb)
    assert failed.value.code == "invalid_endpoint"
