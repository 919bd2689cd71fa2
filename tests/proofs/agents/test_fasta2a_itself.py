"""FastA2A: every answer is a submitted task that has to be polled."""

from collections.abc import Iterator

import httpx2
import pytest

from tests.proofs.agents.calling_a2a import Caller, Document, message_03, message_1, texts
from tests.proofs.agents.program import Program
from tests.waiting import wait_for

pytestmark = [pytest.mark.processes, pytest.mark.agents]


@pytest.fixture
def http(fasta2a: Program) -> Iterator[httpx2.Client]:
    with fasta2a.client() as client:
        yield client


@pytest.fixture
def call(http: httpx2.Client) -> Caller:
    return Caller(http)


def _ended(call: Caller, task_id: str) -> Document:
    def look() -> Document | None:
        task = call.result("GetTask", {"id": task_id})
        return None if task["status"]["state"] in ("TASK_STATE_SUBMITTED", "TASK_STATE_WORKING") else task

    ended = wait_for(look, 10, "the task to end")
    assert ended
    return ended


def test_a_message_is_submitted_and_then_polled(call: Caller) -> None:
    task = call.result("SendMessage", message_1("hello", contextId="memory-1"))["task"]
    assert (task["status"]["state"], task["contextId"]) == ("TASK_STATE_SUBMITTED", "memory-1")

    ended = _ended(call, task["id"])

    assert (ended["status"]["state"], texts(ended)) == ("TASK_STATE_COMPLETED", ["heard: hello"])


@pytest.mark.parametrize(
    ("order", "state"),
    [
        ("ask", "TASK_STATE_INPUT_REQUIRED"),
        ("reject", "TASK_STATE_REJECTED"),
        ("crash", "TASK_STATE_FAILED"),
    ],
)
def test_no_state_has_words(call: Caller, order: str, state: str) -> None:
    task = call.result("SendMessage", message_1(order))["task"]

    status = _ended(call, task["id"])["status"]

    assert (status["state"], "message" in status) == (state, False)


def test_the_old_names_get_old_states_in_the_new_wrapper(call: Caller) -> None:
    result = call.result("message/send", message_03("hello"))

    assert result["task"]["status"]["state"] == "submitted"
    assert result["task"]["history"][0]["parts"] == [{"text": "hello"}]


def test_a_task_at_work_is_cancelled(call: Caller) -> None:
    task = call.result("SendMessage", message_1("work 2"))["task"]

    at_once = call.result("CancelTask", {"id": task["id"]})

    # It answers before the agent knows of it.
    assert at_once["status"]["state"] in ("TASK_STATE_SUBMITTED", "TASK_STATE_WORKING", "TASK_STATE_CANCELED")
    assert _ended(call, task["id"])["status"]["state"] == "TASK_STATE_CANCELED"


def test_what_it_does_not_understand_is_no_json(http: httpx2.Client, call: Caller) -> None:
    assert call.code("GetTask", {"id": "nope"}) == -32001

    refused = http.post("/", json={"jsonrpc": "2.0", "id": "7", "method": "Nope", "params": {}})

    assert (refused.status_code, refused.text) == (500, "Internal Server Error")
