"""The a2a runtime at servers that others wrote: the SDKs for Python and JavaScript, FastA2A, LangGraph."""

import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from tests.proofs.agents.calling_a2a import VERSION_1
from tests.proofs.agents.langgraph_server import LangGraph
from tests.proofs.agents.program import Program, answer
from tests.waiting import wait_for
from tests.workers.runtimes.factories import after, make_call, make_endpoint, never
from workers.runtimes import Answer, CallAborted, CallFailed, runtime_for

pytestmark = [pytest.mark.processes, pytest.mark.agents]

V1, V03 = "a2a-1.0", "a2a-0.3"

At = Callable[..., Answer]

SERVERS = [
    pytest.param(("a2a", V1), id="Python, 1.0"),
    pytest.param(("a2a_also_0_3", V1), id="Python beside 0.3, 1.0"),
    pytest.param(("a2a_also_0_3", V03), id="Python, 0.3"),
    pytest.param(("a2a_js", V1), id="JavaScript, 1.0"),
    pytest.param(("a2a_js", V03), id="JavaScript, 0.3"),
]


def call(url: str, text: str, *, dialect: str, path: str = "", **changes: Any) -> Answer:
    """The answer to a text; what is no setting of the call is one of the endpoint."""
    own = {
        name: changes.pop(name)
        for name in ("memory_entity_id", "metadata", "idempotency_key")
        if name in changes
    }
    endpoint = make_endpoint(
        url, path=path, credential=None, dialect=dialect, **{"read": 20, "total": 30, **changes}
    )
    return runtime_for("a2a").call(make_call(input=text, variables={"who": "Ada"}, **own), endpoint, never)


@pytest.fixture
def at(request: pytest.FixtureRequest) -> tuple[Program, At]:
    """One of the SDKs' servers, and how it is called."""
    name, dialect = request.param
    program: Program = request.getfixturevalue(name)
    return program, lambda text, **changes: call(program.url, text, dialect=dialect, **changes)


sdks = pytest.mark.parametrize("at", SERVERS, indirect=True)


@sdks
def test_the_agent_hears_the_text_and_its_artifact_is_the_answer(at: tuple[Program, At]) -> None:
    _, ask = at

    given = ask("hi {{who}}", memory_entity_id="ctx-1", metadata={"team": "a"}, background=False)

    assert given.output_text.endswith("hi Ada")
    assert given.response_id


@sdks
def test_a_message_is_an_answer_too(at: tuple[Program, At]) -> None:
    _, ask = at

    assert ask("say hello").output_text == "hello"


@sdks
def test_work_in_the_background_is_followed(at: tuple[Program, At]) -> None:
    _, ask = at

    assert "work" in ask("work 1", background=True).output_text


@sdks
@pytest.mark.parametrize(("order", "code"), [("reject", "agent_refused"), ("ask", "agent_awaits_input")])
def test_other_ends_are_told_in_the_agents_words(at: tuple[Program, At], order: str, code: str) -> None:
    _, ask = at

    with pytest.raises(CallFailed) as failed:
        ask(order)

    assert failed.value.code == code
    assert failed.value.answer
    assert failed.value.message.endswith(f": {failed.value.answer.output_text}")


@sdks
def test_work_that_is_given_up_is_cancelled(at: tuple[Program, At]) -> None:
    program, ask = at
    started = time.monotonic()

    with pytest.raises(CallFailed) as failed:
        ask("work 20", background=True, total=2)

    assert time.monotonic() - started < 3
    assert failed.value.code == "agent_timeout"
    task_id = failed.value.response_id
    wait_for(lambda: _state(program, task_id) == "TASK_STATE_CANCELED", 5, "the task to be cancelled")


def _state(program: Program, task_id: str | None) -> Any:
    with program.client(**VERSION_1) as http:
        asked = {"jsonrpc": "2.0", "id": "1", "method": "GetTask", "params": {"id": task_id}}
        return answer(http.post("/", json=asked))["result"]["status"]["state"]


def test_what_the_agent_hears_is_all_that_was_sent(a2a: Program) -> None:
    own: dict[str, Any] = {
        "memory_entity_id": "ctx-1",
        "metadata": {"team": "a"},
        "idempotency_key": "key-1",
    }

    given = call(a2a.url, "status done", dialect=V1, **own)

    assert given.output_text == "done", "a status without an artifact is the answer"
    with a2a.client() as http:
        heard = answer(http.get("/_received"))[-1]
    assert (heard["messageId"], heard["contextId"], heard["metadata"]) == ("key-1", "ctx-1", {"team": "a"})


@pytest.mark.parametrize(
    ("order", "code", "words"),
    [("fail", "agent_failed", "The tool broke."), ("sign-in", "agent_awaits_approval", "Sign in first.")],
)
def test_failures_and_log_ins_are_told(a2a: Program, order: str, code: str, words: str) -> None:
    with pytest.raises(CallFailed, match=words) as failed:
        call(a2a.url, order, dialect=V1)

    assert failed.value.code == code


def test_artifacts_stand_apart_and_keep_their_data(a2a: Program) -> None:
    given = call(a2a.url, "parts", dialect=V1)

    assert given.output_text == "firstsecond\n\nthird"
    assert given.output[0]["content"][2] == {"type": "data", "data": {"sum": 3.0}}


def test_a_server_without_0_3_is_named_as_one_of_1_0(a2a: Program) -> None:
    with pytest.raises(CallFailed, match=r"needs the dialect a2a-1\.0") as failed:
        call(a2a.url, "echo hi", dialect=V03)

    assert failed.value.code == "invalid_endpoint"


def test_fasta2a_is_polled(fasta2a: Program) -> None:
    assert call(fasta2a.url, "hello", dialect=V1).output_text == "heard: hello"


@pytest.mark.parametrize("dialect", [V1, V03])
def test_langgraph_answers_and_remembers(langgraph: LangGraph, dialect: str) -> None:
    thread = str(uuid.uuid4())

    given = [
        call(
            langgraph.program.url,
            text,
            dialect=dialect,
            path=langgraph.path,
            memory_entity_id=thread,
            idempotency_key=f"{thread}-{text}",
        ).output_text
        for text in ("first", "second")
    ]

    assert given == ["heard: first", "heard: second"]


@pytest.mark.parametrize("dialect", [V1, V03])
@pytest.mark.parametrize(
    ("order", "code", "words"),
    [
        ("fail", "agent_failed", "Error executing assistant: RuntimeError"),
        ("ask", "agent_awaits_input", "Which region?"),
    ],
)
def test_langgraph_fails_and_asks(
    langgraph: LangGraph, dialect: str, order: str, code: str, words: str
) -> None:
    with pytest.raises(CallFailed) as failed:
        call(langgraph.program.url, order, dialect=dialect, path=langgraph.path)

    assert failed.value.code == code
    assert failed.value.message.endswith(words)


def test_an_aborted_call_leaves_langgraph_within_a_second(langgraph: LangGraph) -> None:
    endpoint = make_endpoint(
        langgraph.program.url, path=langgraph.path, credential=None, dialect=V03, read=20
    )
    started = time.monotonic()

    with pytest.raises(CallAborted):
        runtime_for("a2a").call(make_call(input="wait 10"), endpoint, after(1))

    assert time.monotonic() - started < 2
