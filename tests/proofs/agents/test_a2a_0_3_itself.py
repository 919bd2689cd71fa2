"""The a2a-sdk's server with its layer for A2A 0.3: other names, states in other letters, nothing wrapped."""

from collections.abc import Iterator

import pytest

from tests.proofs.agents.calling_a2a import VERSION_1, Caller, message_03, message_1, status_texts, texts
from tests.proofs.agents.program import Program
from tests.waiting import wait_for

pytestmark = [pytest.mark.processes, pytest.mark.agents]


@pytest.fixture
def call(a2a_also_0_3: Program) -> Iterator[Caller]:
    with a2a_also_0_3.client() as client:
        yield Caller(client)


def test_the_result_is_the_task_itself(call: Caller) -> None:
    task = call.result("message/send", message_03("echo hi", contextId="memory-1"))

    assert (task["kind"], task["status"]["state"], task["contextId"]) == ("task", "completed", "memory-1")
    assert task["artifacts"][0]["parts"] == [{"kind": "text", "text": "hi"}]
    assert task["history"][0]["role"] == "user"


def test_the_result_is_the_message_itself(call: Caller) -> None:
    message = call.result("message/send", message_03("say hi"))

    assert (message["kind"], message["role"], texts(message)) == ("message", "agent", ["hi"])


@pytest.mark.parametrize(
    ("order", "state"), [("ask", "input-required"), ("sign-in", "auth-required"), ("reject", "rejected")]
)
def test_states_have_hyphens(call: Caller, order: str, state: str) -> None:
    task = call.result("message/send", message_03(order))

    assert task["status"]["state"] == state
    assert status_texts(task)


def test_a_task_is_polled_until_it_has_ended(call: Caller) -> None:
    at_once = message_03("work 0.3") | {"configuration": {"blocking": False}}
    task = call.result("message/send", at_once)
    assert task["status"]["state"] in ("submitted", "working")

    def has_ended() -> bool:
        state: str = call.result("tasks/get", {"id": task["id"]})["status"]["state"]
        return state == "completed"

    wait_for(has_ended, 10, "the task to complete")


def test_a_task_is_cancelled(call: Caller) -> None:
    at_once = message_03("work 60") | {"configuration": {"blocking": False}}
    task = call.result("message/send", at_once)

    assert call.result("tasks/cancel", {"id": task["id"]})["status"]["state"] == "canceled"


def test_errors_are_told_by_their_codes(call: Caller) -> None:
    assert call.code("tasks/get", {"id": "nope"}) == -32001
    assert call.code("message/send", message_1("echo hi")) == -32600
    assert call.code("message/send", message_03("crash")) == -32603


def test_1_0_goes_on_beside_it(call: Caller) -> None:
    result = call.result("SendMessage", message_1("echo hi"), A2A_Version=VERSION_1["A2A-Version"])

    assert texts(result["task"]) == ["hi"]
    assert call.code("SendMessage", message_1("echo hi")) == -32009
