"""LangGraph's server over A2A: 0.3 as it speaks it, and where it differs from the others."""

import uuid
from collections.abc import Iterator

import httpx2
import pytest

from tests.proofs.agents.calling_a2a import Caller, message_03, message_1, status_texts, texts
from tests.proofs.agents.langgraph_server import LangGraph
from tests.proofs.agents.program import answer

pytestmark = [pytest.mark.processes, pytest.mark.agents]


@pytest.fixture
def http(langgraph: LangGraph) -> Iterator[httpx2.Client]:
    with langgraph.program.client() as client:
        yield client


@pytest.fixture
def call(langgraph: LangGraph, http: httpx2.Client) -> Caller:
    return Caller(http, langgraph.path)


def test_a_message_is_answered_with_the_finished_task(call: Caller) -> None:
    task = call.result("message/send", message_03("hello"))

    assert (task["kind"], task["status"]["state"], texts(task)) == ("task", "completed", ["heard: hello"])
    assert task["id"].startswith(f"{task['contextId']}:")


def test_it_always_waits_for_the_end(call: Caller) -> None:
    at_once = message_03("wait 1") | {"configuration": {"blocking": False}}

    assert call.result("message/send", at_once)["status"]["state"] == "completed"


def test_a_context_is_a_uuid_and_brings_its_history(call: Caller) -> None:
    context_id = str(uuid.uuid4())
    call.result("message/send", message_03("first", contextId=context_id))

    task = call.result("message/send", message_03("second", contextId=context_id))

    assert texts(task) == ["heard: second"]
    assert [texts(each)[0] for each in task["history"]] == [
        "first",
        "heard: first",
        "second",
        "heard: second",
    ]
    assert call.code("message/send", message_03("third", contextId="memory-1")) == -32602


def test_a_task_that_is_read_again_has_its_answer_in_the_history_only(call: Caller) -> None:
    task_id = call.result("message/send", message_03("hello"))["id"]

    task = call.result("tasks/get", {"id": task_id})

    assert "artifacts" not in task
    assert status_texts(task) == ["Task completed successfully"]
    assert texts(task["history"][-1]) == ["heard: hello"]


def test_a_failure_and_a_question_are_states(call: Caller) -> None:
    failed = call.result("message/send", message_03("fail"))
    asking = call.result("message/send", message_03("ask"))

    assert (failed["status"]["state"], status_texts(failed)) == (
        "failed",
        ["Error executing assistant: RuntimeError"],
    )
    assert (asking["status"]["state"], status_texts(asking)) == ("input-required", [])
    assert asking["artifacts"][0]["parts"][0]["data"]["value"] == "Which region?"


def test_errors_are_told_by_their_codes(call: Caller, http: httpx2.Client) -> None:
    assert call.code("tasks/get", {"id": "nope"}) == -32001
    assert call.code("message/send", message_03("hello", messageId="")) == -32602
    assert Caller(http, "/a2a/echo").code("message/send", message_03("hello")) == -32602


def test_it_answers_nobody_who_does_not_accept_json(langgraph: LangGraph, http: httpx2.Client) -> None:
    body = {"jsonrpc": "2.0", "id": "7", "method": "message/send", "params": message_03("hello")}

    refused = http.post(langgraph.path, json=body, headers={"Accept": "text/event-stream"})

    assert answer(refused, 400) == {"error": "Accept header must include application/json"}


def test_the_names_of_1_0_get_its_states_and_wrapper(call: Caller) -> None:
    result = call.result("SendMessage", message_1("hello"), A2A_Version="1.0")

    task = result["task"]
    assert (task["status"]["state"], texts(task)) == ("TASK_STATE_COMPLETED", ["heard: hello"])
    assert task["artifacts"][0]["parts"][0]["kind"] == "text"


def test_it_tells_nobody_outside(http: httpx2.Client, langgraph: LangGraph) -> None:
    assert langgraph.program.asked_for() == []
