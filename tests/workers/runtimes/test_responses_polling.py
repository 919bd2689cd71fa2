"""An agent that works in the background is asked until it is done."""

import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any
from urllib.parse import quote, unquote

import pytest

from tests.agent_server import AgentServer, Behaviour, long_id
from tests.workers.runtimes.factories import BUSY, CREDENTIAL, after, make_call, make_endpoint, never
from workers.runtimes import Answer, CallAborted, CallFailed, polling, runtime_for

WORKING = Behaviour(outcome="in_progress")


@pytest.fixture
def _quick_polls(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests in which the length of the intervals does not matter."""
    monkeypatch.setattr(polling, "FIRST_POLL_SECONDS", 0.05)


def ask(agent: AgentServer, behaviour: Behaviour, **endpoint: Any) -> Answer:
    agent.script("digest", behaviour)
    call = make_call(run_id="01RUN")
    return runtime_for("responses").call(call, make_endpoint(agent.url, **endpoint), never)


@pytest.mark.usefixtures("_quick_polls")
@pytest.mark.parametrize("outcome", ["queued", "in_progress"])
def test_the_answer_is_fetched_once_it_is_there(agent: AgentServer, outcome: str) -> None:
    answer = ask(agent, Behaviour(outcome=outcome))

    assert answer.output_text == "Good morning, Ada"
    assert len(agent.calls()) == 1
    (poll,) = agent.calls(method="GET")
    assert poll["path"] == f"/v3/router/responses/{quote(long_id('01RUN'), safe='')}"
    assert poll["headers"]["authorization"] == CREDENTIAL
    assert "idempotency-key" not in poll["headers"]


def test_it_is_asked_again_in_growing_intervals(agent: AgentServer) -> None:
    ask(agent, Behaviour(outcome="queued", polls=(WORKING,)))

    times = [entry["time"] for entry in agent.entries()]
    waits = [later - earlier for earlier, later in pairwise(times)]
    assert waits == pytest.approx([0.5, 1.0], abs=0.4)


@pytest.mark.usefixtures("_quick_polls")
def test_a_query_of_the_path_is_kept(agent: AgentServer) -> None:
    ask(agent, Behaviour(outcome="queued"), path="/v1/responses/?api-version=2")

    assert (
        agent.calls(method="GET")[0]["path"]
        == f"/v1/responses/{quote(long_id('01RUN'), safe='')}?api-version=2"
    )


@pytest.mark.usefixtures("_quick_polls")
def test_a_poll_that_fails_is_asked_again(agent: AgentServer) -> None:
    troubles = [
        Behaviour(status=503),
        Behaviour(status=429),
        Behaviour(fault="reset"),
        Behaviour(fault="close"),
    ]
    calls = [make_call(agent_key=f"agent-{n}", run_id=f"run-{n}") for n in range(len(troubles))]
    for call, trouble in zip(calls, troubles, strict=True):
        agent.script(call.agent_key, Behaviour(outcome="queued", polls=(trouble,)))

    with ThreadPoolExecutor(len(calls)) as threads:
        endpoint = make_endpoint(agent.url)
        answers = list(threads.map(lambda call: runtime_for("responses").call(call, endpoint, never), calls))

    assert [answer.output_text for answer in answers] == ["Good morning, Ada"] * 4
    assert len(agent.calls(method="GET")) == 8
    assert len(agent.calls()) == 4, "the work itself is never started again"


@pytest.mark.usefixtures("_quick_polls")
def test_a_poll_waits_as_long_as_the_agent_wishes(agent: AgentServer) -> None:
    busy = Behaviour(status=429, headers={"Retry-After": "2"})

    ask(agent, Behaviour(outcome="queued", polls=(busy,)))

    first, second = (entry["time"] for entry in agent.calls(method="GET"))
    assert second - first >= 2


@pytest.mark.usefixtures("_quick_polls")
def test_work_that_is_not_found_right_after_it_was_queued_is_asked_for_once_more(agent: AgentServer) -> None:
    answer = ask(agent, Behaviour(outcome="queued", polls=(Behaviour(status=404),)))

    assert answer.output_text == "Good morning, Ada"
    assert len(agent.calls(method="GET")) == 2


@pytest.mark.usefixtures("_quick_polls")
@pytest.mark.parametrize("statuses", [(403,), (404, 404), (404, 410)])
def test_a_poll_that_is_refused_ends_the_call(agent: AgentServer, statuses: tuple[int, ...]) -> None:
    polls = tuple(Behaviour(status=status) for status in statuses)

    with pytest.raises(CallFailed) as failed:
        ask(agent, Behaviour(outcome="queued", polls=polls))

    assert (failed.value.code, failed.value.is_retryable) == ("agent_http_error", False)
    assert failed.value.response_id == long_id("01RUN")


@pytest.mark.usefixtures("_quick_polls")
@pytest.mark.parametrize(
    ("outcome", "code"),
    [("failed", "agent_failed"), ("cancelled", "agent_failed"), ("incomplete", "agent_incomplete")],
)
def test_an_agent_that_fails_in_the_background_has_failed(
    agent: AgentServer, outcome: str, code: str
) -> None:
    with pytest.raises(CallFailed) as failed:
        ask(agent, Behaviour(outcome="queued", polls=(Behaviour(outcome=outcome),)))

    assert (failed.value.code, failed.value.response_id) == (code, long_id("01RUN"))


def test_polling_ends_with_the_total_time(agent: AgentServer) -> None:
    started = time.monotonic()

    with pytest.raises(CallFailed) as failed:
        ask(agent, Behaviour(outcome="queued", polls=(Behaviour(status=503),) * 9), total=1)

    assert 1 <= time.monotonic() - started < 2 + BUSY
    assert (failed.value.code, failed.value.is_retryable) == ("agent_timeout", True)
    assert failed.value.response_id == long_id("01RUN")
    assert failed.value.message == "no complete answer within 1 s (before that: the agent answered HTTP 503)"


def test_polling_ends_with_the_wish_to_abort(agent: AgentServer) -> None:
    agent.script("digest", Behaviour(outcome="queued", polls=(WORKING,) * 9))
    started = time.monotonic()

    with pytest.raises(CallAborted):
        runtime_for("responses").call(make_call(), make_endpoint(agent.url), after(0.8))

    assert 0.8 <= time.monotonic() - started < 1.8 + BUSY


@pytest.mark.usefixtures("_quick_polls")
@pytest.mark.parametrize("response_id", [None, "", 7, ".", "..", "x" * 2001])
def test_an_id_that_names_nothing_is_never_asked_for(agent: AgentServer, response_id: Any) -> None:
    with pytest.raises(CallFailed) as failed:
        ask(agent, Behaviour(outcome="queued", merge={"id": response_id}))

    assert failed.value.code == "invalid_response"
    assert agent.calls(method="GET") == []


@pytest.mark.usefixtures("_quick_polls")
@pytest.mark.parametrize(
    "response_id",
    [
        "resp_agent/graph.5cf6",
        "../../admin",
        "...",
        ".hidden",
        "a?b#c",
        "a b%2F",
        "ü 你好",
        "resp_" + "A" * 467 + "=",
        "x" * 2000,
    ],
)
def test_any_other_id_is_asked_for_percent_encoded(agent: AgentServer, response_id: str) -> None:
    with pytest.raises(CallFailed) as failed:
        ask(agent, Behaviour(outcome="queued", merge={"id": response_id}))

    assert "HTTP 404" in failed.value.message, "the server of these tests knows its own ids only"
    assert failed.value.response_id == response_id
    path = agent.calls(method="GET")[0]["path"]
    encoded = path.removeprefix("/v3/router/responses/")
    assert unquote(encoded) == response_id
    assert not set("/?# ").intersection(encoded)


@pytest.mark.usefixtures("_quick_polls")
def test_work_goes_by_the_first_id_however_often_it_is_renamed(agent: AgentServer) -> None:
    answer = ask(agent, Behaviour(outcome="queued", polls=(WORKING, WORKING)))

    polls = agent.calls(method="GET")
    assert {poll["path"] for poll in polls} == {f"/v3/router/responses/{quote(long_id('01RUN'), safe='')}"}
    assert len(polls) == 3
    assert answer.response_id == long_id("01RUN")


@pytest.mark.usefixtures("_quick_polls")
def test_a_gateways_error_about_a_question_is_no_end_of_the_work(agent: AgentServer) -> None:
    busy = Behaviour(body='{"error": {"code": 429, "message": "Rate limit exceeded"}}')

    answer = ask(agent, Behaviour(outcome="queued", polls=(busy,)))

    assert answer.output_text == "Good morning, Ada"
    assert len(agent.calls()) == 1


def cancellations(agent: AgentServer) -> list[str]:
    return [entry["path"] for entry in agent.entries() if entry.get("event") == "cancel"]


@pytest.mark.usefixtures("_quick_polls")
@pytest.mark.parametrize(("path", "count"), [("/v1/responses", 1), ("/v3/router/responses", 0)])
def test_work_that_is_given_up_is_cancelled_once_where_the_dialect_can(
    agent: AgentServer, path: str, count: int
) -> None:
    started = time.monotonic()

    with pytest.raises(CallFailed) as failed:
        ask(agent, Behaviour(outcome="queued", polls=(WORKING,) * 99), path=path, total=0.5)

    assert time.monotonic() - started < 1.5
    assert (failed.value.code, failed.value.is_silent) == ("agent_timeout", True)
    assert cancellations(agent) == [f"{path}/{quote(long_id('01RUN'), safe='')}/cancel"] * count


@pytest.mark.usefixtures("_quick_polls")
@pytest.mark.parametrize("is_cancelled", [True, False])
def test_after_an_abort_work_is_cancelled_only_when_the_run_is_over(
    agent: AgentServer, is_cancelled: bool
) -> None:
    agent.script("digest", Behaviour(outcome="queued", polls=(WORKING,) * 99))
    call = make_call(is_cancelled=lambda: is_cancelled)

    with pytest.raises(CallAborted):
        runtime_for("responses").call(call, make_endpoint(agent.url, path="/v1/responses"), after(0.3))

    assert len(cancellations(agent)) == is_cancelled


@pytest.mark.usefixtures("_quick_polls")
@pytest.mark.parametrize(("background", "outcome"), [(True, "queued"), (False, "in_progress")])
def test_an_aborted_call_says_by_which_name_its_work_goes_on(
    agent: AgentServer, background: bool, outcome: str
) -> None:
    agent.script("digest", Behaviour(outcome=outcome, polls=(WORKING,) * 99))

    endpoint = make_endpoint(agent.url, background=background)
    with pytest.raises(CallAborted) as aborted:
        runtime_for("responses").call(make_call(run_id="01RUN"), endpoint, after(0.3))

    assert aborted.value.response_id == long_id("01RUN")


@pytest.mark.usefixtures("_quick_polls")
def test_work_that_was_handed_over_is_asked_for(agent: AgentServer) -> None:
    first = ask(agent, Behaviour(outcome="queued"))
    assert first.response_id

    again = runtime_for("responses").call(
        make_call(response_id=first.response_id), make_endpoint(agent.url), never
    )

    assert (again.response_id, again.output_text) == (first.response_id, first.output_text)
    assert len(agent.calls()) == 1


@pytest.mark.usefixtures("_quick_polls")
@pytest.mark.parametrize("path", ["/v1/responses", "/v3/router/responses"])
def test_work_that_was_handed_over_and_is_unknown_is_begun_anew(agent: AgentServer, path: str) -> None:
    agent.script("digest", Behaviour())

    answer = runtime_for("responses").call(
        make_call(run_id="01RUN", response_id="resp_gone"), make_endpoint(agent.url, path=path), never
    )

    assert answer.response_id == long_id("01RUN")
    assert (len(agent.calls()), len(agent.calls(method="GET"))) == (1, 2)
    assert cancellations(agent) == []


def test_the_model_and_every_reply_but_the_cancellations_are_observed(agent: AgentServer) -> None:
    observed: list[tuple[str, str | int]] = []
    agent.script("digest", Behaviour(status=202, outcome="queued", polls=(WORKING,)))
    call = make_call(observe=lambda name, value: observed.append((name, value)))

    with pytest.raises(CallFailed, match="agent_timeout"):
        runtime_for("responses").call(call, make_endpoint(agent.url, path="/v1/responses", total=1.2), never)

    assert len(cancellations(agent)) == 1
    assert observed == [("model", "agent/digest"), ("http_status", 202), ("http_status", 200)]
