"""What every runtime promises. A new runtime is held to it as soon as it is registered and has a driver."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.agent_server import Behaviour
from tests.workers.runtimes.drivers import Driver, driver_for
from tests.workers.runtimes.factories import BUSY, CREDENTIAL, after, make_call, never
from workers.runtimes import (
    AgentCall,
    CallAborted,
    CallFailed,
    Endpoint,
    Needs,
    Runtime,
    runtime_for,
    runtimes,
)

CALLERS = [runtime.name for runtime in runtimes() if runtime.needs.has_address]
"""Those that call a server."""

ENDLESS = ("response_too_large", "invalid_response", "agent_unreachable")
"""How an answer without an end is a failure; a receiver of webhooks has accepted all the same."""


@pytest.fixture(params=[runtime.name for runtime in runtimes()])
def runtime(request: pytest.FixtureRequest) -> Runtime:
    return runtime_for(request.param)


@pytest.fixture
def driver(runtime: Runtime) -> Iterator[Driver]:
    with driver_for(runtime.name) as driver:
        yield driver


def answered(runtime: Runtime, call: AgentCall, endpoint: Endpoint) -> str:
    return runtime.call(call, endpoint, never).output_text


def failure(runtime: Runtime, endpoint: Endpoint) -> CallFailed:
    with pytest.raises(CallFailed) as failed:
        runtime.call(make_call(), endpoint, never)
    return failed.value


def test_it_says_what_it_needs(runtime: Runtime) -> None:
    assert isinstance(runtime.needs, Needs)
    assert runtime.needs.label
    assert runtime.needs.dialect_for(runtime.needs.default_path) in (*runtime.needs.dialects, "")


def test_the_answer_holds_the_rendered_input(runtime: Runtime, driver: Driver) -> None:
    call = make_call(input="Hi {{name}}", variables={"name": "Ada"})

    answer = runtime.call(call, driver.endpoint(), never)

    assert answer.output_text == "Hi Ada"
    assert answer.output[0]["content"][0]["text"] == "Hi Ada"


def test_unknown_variables_are_left_alone(runtime: Runtime, driver: Driver) -> None:
    call = make_call(input="Hi {{nobody}}", variables={"name": "Ada"})

    assert answered(runtime, call, driver.endpoint()) == "Hi {{nobody}}"


def test_a_value_is_never_rendered_again(runtime: Runtime, driver: Driver) -> None:
    call = make_call(input="{{a}}", variables={"a": "{{b}}", "b": "leaked"})

    assert answered(runtime, call, driver.endpoint()) == "{{b}}"


def test_an_array_of_items_is_answered(runtime: Runtime, driver: Driver) -> None:
    items: list[Any] = [
        {"type": "message", "role": "user", "content": "first {{name}}"},
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "second {{name}}"}]},
    ]

    assert answered(runtime, make_call(input=items), driver.endpoint()) == "first Ada\nsecond Ada"


@pytest.mark.parametrize(
    "text", ["Grüße, 你好 👋🏽", "\u202eright to left", 'quotes " and \\ and \n lines', " "]
)
def test_every_character_comes_back(runtime: Runtime, driver: Driver, text: str) -> None:
    assert answered(runtime, make_call(input=text), driver.endpoint()) == text


def test_the_same_call_gives_the_same_answer(runtime: Runtime, driver: Driver) -> None:
    first = runtime.call(make_call(attempt=1), driver.endpoint(), never)
    second = runtime.call(make_call(attempt=2), driver.endpoint(), never)

    assert (second.output, second.output_text) == (first.output, first.output_text)


def test_a_call_changes_nothing_of_what_it_was_given(runtime: Runtime, driver: Driver) -> None:
    given: dict[str, Any] = {
        "input": [{"role": "user", "content": "{{name}}"}],
        "variables": {"name": "Ada"},
        "metadata": {"n": 1},
    }

    runtime.call(make_call(**given), driver.endpoint(), never)

    assert given == {
        "input": [{"role": "user", "content": "{{name}}"}],
        "variables": {"name": "Ada"},
        "metadata": {"n": 1},
    }


def test_what_was_not_refused_at_save_can_be_sent(runtime: Runtime, driver: Driver) -> None:
    payload = {"input": "Hi {{name}}", "variables": {"name": "Ada"}, "metadata": {"n": "1"}}
    for dialect in runtime.needs.dialects or ("",):
        runtime.check(payload, dialect)

        assert answered(runtime, make_call(**payload), driver.endpoint(dialect=dialect)) == "Hi Ada"


def test_a_secret_is_not_filled_in(runtime: Runtime, driver: Driver) -> None:
    secret = {"secret": True, "value": "s3cret-of-ours"}
    call = make_call(input="Use {{token}}", variables={"token": secret})

    try:
        outcome = answered(runtime, call, driver.endpoint())
    except CallFailed as failed:
        outcome = failed.code

    assert outcome in ("Use {{token}}", "invalid_endpoint")


def test_a_call_that_shall_not_be_made_is_not_made(runtime: Runtime, driver: Driver) -> None:
    with pytest.raises(CallAborted):
        runtime.call(make_call(), driver.endpoint(), lambda: True)

    assert driver.calls() == []


def test_a_call_ends_within_a_second_of_the_wish_to_abort(runtime: Runtime, driver: Driver) -> None:
    driver.script(Behaviour(fault="hang"))
    started = time.monotonic()

    try:
        runtime.call(make_call(), driver.endpoint(), after(0.3))
    except CallAborted:
        assert time.monotonic() - started >= 0.3

    assert time.monotonic() - started < 0.3 + 1 + BUSY


def test_thirty_two_threads_each_get_their_own_answer(runtime: Runtime, driver: Driver) -> None:
    ready, endpoint = threading.Barrier(32), driver.endpoint()

    def ask(number: int) -> list[str]:
        ready.wait()
        calls = [
            make_call(run_id=f"run-{number}-{n}", input=f"{number}/{n} for {{{{name}}}}") for n in range(5)
        ]
        return [answered(runtime, call, endpoint) for call in calls]

    with ThreadPoolExecutor(32) as threads:
        answers = list(threads.map(ask, range(32)))

    assert answers == [[f"{number}/{n} for Ada" for n in range(5)] for number in range(32)]


@pytest.mark.parametrize("runtime", CALLERS, indirect=True)
@pytest.mark.parametrize(
    ("status", "is_retryable"),
    [
        (400, False),
        (401, False),
        (404, False),
        (409, False),
        (408, True),
        (429, True),
        (500, True),
        (503, True),
    ],
)
def test_an_http_error_is_a_failure_that_may_pass_or_not(
    runtime: Runtime, driver: Driver, status: int, is_retryable: bool
) -> None:
    driver.script(Behaviour(status=status, error={"message": "Not today"}))

    failed = failure(runtime, driver.endpoint())

    assert (failed.code, failed.is_retryable) == ("agent_http_error", is_retryable)
    assert failed.message == f"the agent answered HTTP {status}: Not today"
    assert len(driver.calls()) == 1, "one attempt is one request"


@pytest.mark.parametrize("runtime", CALLERS, indirect=True)
def test_the_agent_says_when_it_wants_to_be_asked_again(runtime: Runtime, driver: Driver) -> None:
    driver.script(Behaviour(status=429, headers={"Retry-After": "7200"}))

    failed = failure(runtime, driver.endpoint())

    assert failed.retry_after
    assert failed.retry_after.total_seconds() == 7200


@pytest.mark.parametrize("runtime", CALLERS, indirect=True)
def test_redirects_are_not_followed(runtime: Runtime, driver: Driver) -> None:
    driver.script(Behaviour(status=302, headers={"Location": "/elsewhere"}))

    failed = failure(runtime, driver.endpoint())

    assert (failed.code, failed.is_retryable) == ("redirect_refused", False)


@pytest.mark.parametrize("runtime", CALLERS, indirect=True)
@pytest.mark.parametrize("fault", ["close", "reset", "garbage", "truncated"])
def test_a_broken_connection_may_pass(runtime: Runtime, driver: Driver, fault: str) -> None:
    driver.script(Behaviour(fault=fault))

    failed = failure(runtime, driver.endpoint())

    assert (failed.code, failed.is_retryable, failed.is_silent) == ("agent_unreachable", True, False)


@pytest.mark.parametrize("runtime", CALLERS, indirect=True)
@pytest.mark.parametrize(("read", "total"), [(0.5, 10.0), (10.0, 0.5)])
def test_silence_ends_the_call_and_is_told_apart(
    runtime: Runtime, driver: Driver, read: float, total: float
) -> None:
    driver.script(Behaviour(fault="hang"))
    started = time.monotonic()

    failed = failure(runtime, driver.endpoint(read=read, total=total))

    assert (failed.code, failed.is_silent) == ("agent_timeout", True)
    assert time.monotonic() - started < 1.5


@pytest.mark.parametrize("runtime", CALLERS, indirect=True)
@pytest.mark.parametrize("fault", ["oversize", "oversize_chunked", "tiny_chunks", "gzip_bomb", "huge_head"])
def test_an_endless_answer_is_neither_read_nor_kept(runtime: Runtime, driver: Driver, fault: str) -> None:
    driver.script(Behaviour(fault=fault))
    kept = None
    try:
        kept = runtime.call(make_call(), driver.endpoint(max_response_bytes=1000), never)
    except CallFailed as failed:
        code = failed.code

    assert (kept.output, kept.output_text) == ([], "") if kept else code in ENDLESS


@pytest.mark.parametrize("runtime", CALLERS, indirect=True)
def test_no_secret_comes_back_in_a_message(runtime: Runtime, driver: Driver) -> None:
    driver.script(Behaviour(status=400, error={"message": f"bad key {CREDENTIAL}"}))

    failed = failure(runtime, driver.endpoint())

    assert CREDENTIAL.split()[1] not in failed.message
    assert "bad key" in failed.message


@pytest.mark.parametrize("runtime", CALLERS, indirect=True)
@pytest.mark.parametrize("url", ["http://", "ftp://host", "http://user:pass@host", "no url"])
def test_an_address_that_cannot_be_called_is_a_final_failure(
    runtime: Runtime, driver: Driver, url: str
) -> None:
    failed = failure(runtime, driver.endpoint(base_url=url))

    assert (failed.code, failed.is_retryable) == ("invalid_endpoint", False)
