"""JavaScript's SDK of A2A: the version in the header decides which names it knows."""

from collections.abc import Iterator

import pytest

from tests.proofs.agents.calling_a2a import VERSION_1, Caller, message_03, message_1, status_texts, texts
from tests.proofs.agents.program import Program

pytestmark = [pytest.mark.processes, pytest.mark.agents]


@pytest.fixture
def call(a2a_js: Program) -> Iterator[Caller]:
    """With the version's header."""
    with a2a_js.client(**VERSION_1) as client:
        yield Caller(client)


@pytest.fixture
def call_03(a2a_js: Program) -> Iterator[Caller]:
    with a2a_js.client() as client:
        yield Caller(client)


def test_1_0_is_answered_wrapped(call: Caller) -> None:
    task = call.result("SendMessage", message_1("hello"))["task"]
    message = call.result("SendMessage", message_1("say hi"))["message"]

    assert (task["status"]["state"], texts(task)) == ("TASK_STATE_COMPLETED", ["heard: hello"])
    assert task["artifacts"][0]["parts"] == [{"text": "heard: hello", "mediaType": "text/plain"}]
    assert texts(message) == ["hi"]


def test_0_3_is_answered_bare(call_03: Caller) -> None:
    task = call_03.result("message/send", message_03("hello"))

    assert (task["kind"], task["status"]["state"], texts(task)) == ("task", "completed", ["heard: hello"])


def test_each_version_knows_its_own_names_only(call: Caller, call_03: Caller) -> None:
    assert call_03.code("SendMessage", message_1("hello")) == -32601
    assert call.code("message/send", message_03("hello")) == -32601
    assert call_03.code("SendMessage", message_1("hello"), A2A_Version="2.0") == -32009


@pytest.mark.parametrize(
    ("order", "state"),
    [
        ("ask", "TASK_STATE_INPUT_REQUIRED"),
        ("reject", "TASK_STATE_REJECTED"),
        ("crash", "TASK_STATE_FAILED"),
    ],
)
def test_a_task_that_does_not_complete_says_why(call: Caller, order: str, state: str) -> None:
    task = call.result("SendMessage", message_1(order))["task"]

    assert task["status"]["state"] == state
    assert order in status_texts(task)[0]


def test_a_task_at_work_is_cancelled(call: Caller) -> None:
    at_once = message_1("work 60") | {"configuration": {"returnImmediately": True}}
    task = call.result("SendMessage", at_once)["task"]
    assert task["status"]["state"] == "TASK_STATE_WORKING"

    assert call.result("CancelTask", {"id": task["id"]})["status"]["state"] == "TASK_STATE_CANCELED"
