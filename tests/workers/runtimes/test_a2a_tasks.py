"""What a task says of itself, in the words of 1.0, of 0.3, and of servers that mix them."""

from typing import Any

import pytest

from workers.runtimes.a2a_tasks import PENDING, Task, answer_of_task, task_of
from workers.runtimes.base import CallFailed


def task(state: str, *, words: list[dict[str, Any]] | None = None, **members: Any) -> dict[str, Any]:
    status: dict[str, Any] = {"state": state}
    if words is not None:
        status["message"] = {"messageId": "m", "role": "ROLE_AGENT", "parts": words}
    return {"id": "task-1", "contextId": "ctx", "status": status, **members}


def read(result: Any) -> Task:
    read_task = task_of(result)
    assert read_task
    return read_task


def failure(result: Any) -> CallFailed:
    with pytest.raises(CallFailed) as failed:
        answer_of_task(read(result), str)
    assert not failed.value.is_retryable, "the agent did its work"
    return failed.value


@pytest.mark.parametrize(
    "result",
    [
        pytest.param(
            {"task": task("TASK_STATE_COMPLETED", artifacts=[{"parts": [{"text": "hi"}]}])}, id="1.0"
        ),
        pytest.param(
            task("TASK_STATE_COMPLETED", artifacts=[{"parts": [{"text": "hi"}]}]), id="1.0, GetTask"
        ),
        pytest.param(
            {"kind": "task", **task("completed", artifacts=[{"parts": [{"kind": "text", "text": "hi"}]}])},
            id="0.3",
        ),
        pytest.param({"task": task("completed", artifacts=[{"parts": [{"text": "hi"}]}])}, id="FastA2A"),
        pytest.param(task("completed", words=[{"text": "hi"}]), id="only in its status"),
        pytest.param(
            task(
                "completed",
                history=[
                    {"role": "ROLE_AGENT", "parts": [{"text": "earlier"}]},
                    {"role": "ROLE_AGENT", "parts": [{"text": "hi"}]},
                    {"role": "ROLE_USER", "parts": [{"text": "thanks"}]},
                ],
            ),
            id="only in its history",
        ),
    ],
)
def test_a_completed_task_is_the_answer(result: Any) -> None:
    answer = answer_of_task(read(result), str)

    assert answer.output_text == "hi"
    assert answer.response_id == "task-1"
    assert answer.output == [
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "hi"}]}
    ]


@pytest.mark.parametrize(
    "result",
    [
        {"message": {"messageId": "m-1", "role": "ROLE_AGENT", "parts": [{"text": "hi"}]}},
        {"kind": "message", "messageId": "m-1", "role": "agent", "parts": [{"kind": "text", "text": "hi"}]},
    ],
)
def test_a_message_in_place_of_a_task_is_the_answer(result: Any) -> None:
    answer = answer_of_task(read(result), str)

    assert (answer.output_text, answer.response_id) == ("hi", "m-1")


def test_artifacts_stand_apart_and_their_parts_together() -> None:
    artifacts = [
        {"parts": [{"text": "first "}, {"text": "one"}]},
        {"parts": []},
        {"parts": [{"text": "second"}]},
    ]

    answer = answer_of_task(read(task("completed", artifacts=artifacts)), str)

    assert answer.output_text == "first one\n\nsecond"
    assert len(answer.output) == 2


def test_the_artifacts_count_and_not_what_the_status_says() -> None:
    result = task("completed", words=[{"text": "Task completed"}], artifacts=[{"parts": [{"text": "hi"}]}])

    assert answer_of_task(read(result), str).output_text == "hi"


def test_data_and_files_are_kept_as_they_come() -> None:
    parts = [
        {"data": {"n": 1}},
        {"kind": "file", "file": {"uri": "https://host/f"}},
        {"raw": "aGk=", "mediaType": "a/b"},
    ]

    answer = answer_of_task(read(task("completed", artifacts=[{"parts": parts}])), str)

    assert answer.output_text == ""
    assert answer.output[0]["content"] == [
        {"type": "data", "data": {"n": 1}},
        {"type": "file", "kind": "file", "file": {"uri": "https://host/f"}},
        {"type": "file", "raw": "aGk=", "mediaType": "a/b"},
    ]


@pytest.mark.parametrize("state", ["TASK_STATE_SUBMITTED", "TASK_STATE_WORKING", "submitted", "working"])
def test_a_task_at_work_is_pending(state: str) -> None:
    assert read(task(state)).state in PENDING


@pytest.mark.parametrize(
    ("state", "code"),
    [
        ("TASK_STATE_FAILED", "agent_failed"),
        ("failed", "agent_failed"),
        ("TASK_STATE_CANCELED", "agent_failed"),
        ("canceled", "agent_failed"),
        ("TASK_STATE_REJECTED", "agent_refused"),
        ("rejected", "agent_refused"),
        ("TASK_STATE_INPUT_REQUIRED", "agent_awaits_input"),
        ("input-required", "agent_awaits_input"),
        ("TASK_STATE_AUTH_REQUIRED", "agent_awaits_approval"),
        ("auth-required", "agent_awaits_approval"),
    ],
)
def test_every_other_end_is_a_failure_with_its_reason_and_the_agents_words(state: str, code: str) -> None:
    failed = failure(task(state, words=[{"text": "Not today."}]))

    assert failed.code == code
    assert failed.message.endswith(": Not today.")
    assert failed.answer
    assert failed.answer.output_text == "Not today."


def test_a_question_put_as_data_is_quoted() -> None:
    interrupt = {
        "name": "Interrupt",
        "parts": [{"kind": "data", "data": {"id": 7, "value": "Which region?"}}],
    }

    failed = failure(task("input-required", artifacts=[interrupt]))

    assert failed.message.endswith(": Which region?")


@pytest.mark.parametrize("state", ["TASK_STATE_UNSPECIFIED", "unknown", "", None, 7, {}])
def test_a_state_nobody_knows_is_no_success(state: Any) -> None:
    assert failure({"id": "t", "status": {"state": state}}).code == "invalid_response"


@pytest.mark.parametrize("result", [None, [], "done", {}, {"task": 5}, {"status": "completed"}, {"id": "t"}])
def test_what_is_neither_task_nor_message_is_not_taken_for_one(result: Any) -> None:
    assert task_of(result) is None


@pytest.mark.parametrize("odd", [5, [5], [{"parts": 5}], [{"parts": [5]}], [{"parts": [{"text": 5}]}]])
def test_odd_artifacts_cost_nothing_but_themselves(odd: Any) -> None:
    assert answer_of_task(read(task("completed", artifacts=odd)), str).output_text == ""
