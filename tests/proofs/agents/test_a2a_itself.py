"""The a2a-sdk's server as it comes: what A2A 1.0 looks like, and what it refuses."""

from collections.abc import Iterator

import httpx2
import pytest

from tests.proofs.agents.calling_a2a import VERSION_1, Caller, message_03, message_1, status_texts, texts
from tests.proofs.agents.program import Program, answer
from tests.waiting import wait_for

pytestmark = [pytest.mark.processes, pytest.mark.agents]

AT_ONCE = {"configuration": {"returnImmediately": True}}


@pytest.fixture
def http(a2a: Program) -> Iterator[httpx2.Client]:
    with a2a.client() as client:
        yield client


@pytest.fixture
def call(a2a: Program) -> Iterator[Caller]:
    """With the version's header."""
    with a2a.client(**VERSION_1) as client:
        yield Caller(client)


def test_the_card_names_the_address_and_the_version(a2a: Program, http: httpx2.Client) -> None:
    (interface,) = answer(http.get("/.well-known/agent-card.json"))["supportedInterfaces"]

    assert interface == {"url": f"{a2a.url}/", "protocolBinding": "JSONRPC", "protocolVersion": "1.0"}


def test_a_task_comes_wrapped_with_its_answer_as_an_artifact(call: Caller) -> None:
    result = call.result("SendMessage", message_1("echo hi", contextId="memory-1", metadata={"team": "ops"}))

    task = result["task"]
    assert (task["status"]["state"], texts(task)) == ("TASK_STATE_COMPLETED", ["hi"])
    assert task["contextId"] == "memory-1"
    assert task["artifacts"][0]["parts"] == [{"text": "hi"}]
    (heard,) = task["history"]
    assert (heard["role"], heard["messageId"]) == ("ROLE_USER", "m-echo hi")
    assert heard["metadata"] == {"team": "ops"}


def test_a_message_comes_wrapped_as_well(call: Caller) -> None:
    result = call.result("SendMessage", message_1("say hi"))

    assert list(result) == ["message"]
    assert (result["message"]["role"], texts(result["message"])) == ("ROLE_AGENT", ["hi"])


def test_an_artifact_has_several_parts_of_several_kinds(call: Caller) -> None:
    task = call.result("SendMessage", message_1("parts"))["task"]

    assert texts(task) == ["first", "second", "third"]
    assert task["artifacts"][0]["parts"][2] == {"data": {"sum": 3.0}}
    assert status_texts(task) == ["all done"]


def test_an_answer_may_be_the_message_of_the_state(call: Caller) -> None:
    task = call.result("SendMessage", message_1("status done"))["task"]

    assert "artifacts" not in task
    assert status_texts(task) == ["done"]


@pytest.mark.parametrize(
    ("order", "state", "words"),
    [
        ("ask", "TASK_STATE_INPUT_REQUIRED", "Which region?"),
        ("sign-in", "TASK_STATE_AUTH_REQUIRED", "Sign in first."),
        ("reject", "TASK_STATE_REJECTED", "I do not do that."),
        ("fail", "TASK_STATE_FAILED", "The tool broke."),
    ],
)
def test_a_task_that_does_not_complete_says_why(call: Caller, order: str, state: str, words: str) -> None:
    task = call.result("SendMessage", message_1(order))["task"]

    assert (task["status"]["state"], status_texts(task)) == (state, [words])


def test_a_task_is_polled_until_it_has_ended(call: Caller) -> None:
    task = call.result("SendMessage", message_1("work 0.3") | AT_ONCE)["task"]
    assert task["status"]["state"] in ("TASK_STATE_SUBMITTED", "TASK_STATE_WORKING")

    def has_ended() -> bool:
        state: str = call.result("GetTask", {"id": task["id"]})["status"]["state"]
        return state == "TASK_STATE_COMPLETED"

    wait_for(has_ended, 10, "the task to complete")
    assert texts(call.result("GetTask", {"id": task["id"]})) == ["worked 0.3"]


def test_a_task_is_cancelled_once(call: Caller) -> None:
    task = call.result("SendMessage", message_1("work 60") | AT_ONCE)["task"]

    cancelled = call.result("CancelTask", {"id": task["id"]})

    assert cancelled["status"]["state"] == "TASK_STATE_CANCELED"
    assert call.code("CancelTask", {"id": task["id"]}) == -32002


def test_without_the_version_a_message_is_refused(http: httpx2.Client) -> None:
    call = Caller(http)

    assert call.code("SendMessage", message_1("echo hi")) == -32009
    assert call.code("SendMessage", message_1("echo hi"), A2A_Version="0.3") == -32009


@pytest.mark.parametrize("headers", [{}, {"A2A_Version": "1.0"}])
def test_the_old_method_is_not_found(http: httpx2.Client, headers: dict[str, str]) -> None:
    assert Caller(http).code("message/send", message_03("echo hi"), **headers) == -32601


def test_errors_are_told_by_their_codes(call: Caller) -> None:
    assert call.code("GetTask", {"id": "nope"}) == -32001
    assert call.code("SendMessage", message_1("echo hi", role="user")) == -32602
    assert call.code("SendMessage", message_1("echo hi", messageId="")) == -32602
    assert call.code("SendMessage", message_1("crash")) == -32603


def test_the_same_message_twice_is_two_tasks(call: Caller) -> None:
    first, second = (call.result("SendMessage", message_1("echo once"))["task"]["id"] for _ in range(2))

    assert first != second
