"""What every runtime promises. A new runtime is held to it as soon as it is registered."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.agent_server import AgentServer, Behaviour
from tests.workers.runtimes.factories import BUSY, after, make_call, make_endpoint, never
from workers.runtimes import AgentCall, Answer, CallAborted, Endpoint, Runtime, runtime_for, runtime_names


@pytest.fixture(params=runtime_names())
def runtime(request: pytest.FixtureRequest) -> Runtime:
    return runtime_for(request.param)


@pytest.fixture
def endpoint(agent: AgentServer) -> Endpoint:
    return make_endpoint(agent.url)


def test_the_answer_holds_the_rendered_input(runtime: Runtime, endpoint: Endpoint) -> None:
    answer = runtime.call(make_call(input="Hi {{name}}", variables={"name": "Ada"}), endpoint, never)

    assert isinstance(answer, Answer)
    assert answer.output_text == "Hi Ada"
    assert answer.output[0]["content"][0]["text"] == "Hi Ada"
    assert answer.response_id


def test_unknown_variables_are_left_alone(runtime: Runtime, endpoint: Endpoint) -> None:
    answer = runtime.call(make_call(input="Hi {{nobody}}", variables={"name": "Ada"}), endpoint, never)

    assert answer.output_text == "Hi {{nobody}}"


def test_a_value_is_never_rendered_again(runtime: Runtime, endpoint: Endpoint) -> None:
    call = make_call(input="{{a}}", variables={"a": "{{b}}", "b": "leaked"})

    assert runtime.call(call, endpoint, never).output_text == "{{b}}"


def test_an_array_of_items_is_answered(runtime: Runtime, endpoint: Endpoint) -> None:
    items: list[Any] = [
        {"type": "message", "role": "user", "content": "first {{name}}"},
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "second {{name}}"}]},
    ]

    answer = runtime.call(make_call(input=items), endpoint, never)

    assert answer.output_text == "first Ada\nsecond Ada"


@pytest.mark.parametrize(
    "text", ["Grüße, 你好 👋🏽", "\u202eright to left", 'quotes " and \\ and \n lines', " "]
)
def test_every_character_comes_back(runtime: Runtime, endpoint: Endpoint, text: str) -> None:
    assert runtime.call(make_call(input=text), endpoint, never).output_text == text


def test_the_same_call_gives_the_same_answer(runtime: Runtime, endpoint: Endpoint) -> None:
    first = runtime.call(make_call(attempt=1), endpoint, never)

    assert runtime.call(make_call(attempt=2), endpoint, never) == first


def test_a_call_changes_nothing_of_what_it_was_given(runtime: Runtime, endpoint: Endpoint) -> None:
    given: dict[str, Any] = {
        "input": [{"content": "{{name}}"}],
        "variables": {"name": "Ada"},
        "metadata": {"n": 1},
    }

    runtime.call(make_call(**given), endpoint, never)

    assert given == {"input": [{"content": "{{name}}"}], "variables": {"name": "Ada"}, "metadata": {"n": 1}}


def test_a_call_that_shall_not_be_made_is_not_made(
    runtime: Runtime, endpoint: Endpoint, agent: AgentServer
) -> None:
    with pytest.raises(CallAborted):
        runtime.call(make_call(), endpoint, lambda: True)

    assert agent.calls() == []


def test_a_call_ends_within_a_second_of_the_wish_to_abort(
    runtime: Runtime, endpoint: Endpoint, agent: AgentServer
) -> None:
    agent.script("digest", Behaviour(fault="hang"))
    started = time.monotonic()

    try:
        runtime.call(make_call(), endpoint, after(0.3))
    except CallAborted:
        assert time.monotonic() - started >= 0.3

    assert time.monotonic() - started < 0.3 + 1 + BUSY


def test_thirty_two_threads_each_get_their_own_answer(runtime: Runtime, endpoint: Endpoint) -> None:
    ready = threading.Barrier(32)

    def ask(number: int) -> list[str]:
        ready.wait()
        calls = [
            make_call(run_id=f"run-{number}-{n}", input=f"{number}/{n} for {{{{name}}}}") for n in range(5)
        ]
        return [_answered(runtime, call, endpoint) for call in calls]

    with ThreadPoolExecutor(32) as threads:
        answers = list(threads.map(ask, range(32)))

    assert answers == [[f"{number}/{n} for Ada" for n in range(5)] for number in range(32)]


def _answered(runtime: Runtime, call: AgentCall, endpoint: Endpoint) -> str:
    return runtime.call(call, endpoint, never).output_text
