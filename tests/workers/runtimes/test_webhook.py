"""The webhook runtime at a receiver that knows nothing of agents."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from tests.agent_server import Behaviour
from tests.workers.runtimes.drivers.webhook import WebhookDriver
from tests.workers.runtimes.factories import make_call, never
from tests.workers.runtimes.raw_server import speaking
from tests.workers.runtimes.recorder import recording
from workers.runtimes import AgentCall, Answer, CallFailed, PayloadRefused, runtime_for
from workers.runtimes.base import Firing

runtime = runtime_for("webhook")

FIRING = Firing(
    schedule_id="01KPN29WWKSK0VDPJNTKZPVNRA",
    display_name="Morning briefing",
    generation=3,
    trigger="cadence",
    fire_time=datetime(2026, 11, 28, 9, tzinfo=UTC),
    due_at=datetime(2026, 11, 28, 9, tzinfo=UTC),
)
SECRET = {"secret": True, "value": "s3cret-of-ours"}


@pytest.fixture
def receiver() -> Iterator[WebhookDriver]:
    with WebhookDriver() as driver:
        yield driver


def deliver(receiver: WebhookDriver, call: AgentCall | None = None, **settings: Any) -> Answer:
    return runtime.call(call or make_call(firing=FIRING), receiver.endpoint(**settings), never)


def body(receiver: WebhookDriver) -> dict[str, Any]:
    sent: dict[str, Any] = receiver.calls()[-1]["body"]
    return sent


def test_the_whole_firing_is_told(receiver: WebhookDriver) -> None:
    call = make_call(
        agent_tag="v2",
        input="Brief {{name}}, with {{token}}",
        variables={"name": "Ada", "token": SECRET},
        metadata={"team": "a", "n": 1},
        memory_entity_id="user-1",
        firing=FIRING,
    )

    deliver(receiver, call)

    assert body(receiver) == {
        "type": "schedule.fired",
        "timestamp": "2026-11-28T09:00:00Z",
        "data": {
            "run_id": "01KPN29WWKSK0VDPJNTKZPVNRB",
            "schedule_id": "01KPN29WWKSK0VDPJNTKZPVNRA",
            "display_name": "Morning briefing",
            "agent_key": "digest",
            "agent_tag": "v2",
            "generation": 3,
            "trigger": "cadence",
            "fire_time": "2026-11-28T09:00:00Z",
            "input": "Brief Ada, with {{token}}",
            "variables": {"name": "Ada", "token": SECRET},
            "metadata": {"team": "a", "n": 1},
            "memory_entity_id": "user-1",
        },
    }


def test_what_a_run_has_not_is_left_out(receiver: WebhookDriver) -> None:
    zone = timezone(timedelta(hours=2))
    due_at = datetime(2026, 11, 28, 11, 0, 10, 250_000, tzinfo=zone)
    manual = replace(FIRING, display_name=None, trigger="manual", fire_time=None, due_at=due_at)

    deliver(receiver, make_call(firing=manual, variables={}))

    assert body(receiver)["timestamp"] == "2026-11-28T09:00:10.250000Z"
    assert set(body(receiver)["data"]) == {
        "run_id", "schedule_id", "agent_key", "generation", "trigger", "input",
    }  # fmt: skip


def test_every_attempt_is_the_same_message(receiver: WebhookDriver) -> None:
    with recording() as recorder:
        for attempt in (1, 2):
            call = make_call(attempt=attempt, firing=FIRING, idempotency_key="key-1")
            with pytest.raises(CallFailed, match="503"):
                runtime.call(call, receiver.endpoint(base_url=recorder.url), never)

    (_, first, first_body), (_, second, second_body) = recorder.requests
    assert second_body == first_body
    assert first["webhook-id"] == second["webhook-id"] == "key-1"
    assert abs(int(second["webhook-timestamp"]) - datetime.now(UTC).timestamp()) < 60
    assert "webhook-signature" not in second


@pytest.mark.parametrize(
    ("base", "path", "target"),
    [
        ("", "", "/"),
        ("", "/", "/"),
        ("/hooks/abc", "", "/hooks/abc"),
        ("/hooks/abc", "/", "/hooks/abc"),
        ("/hooks/abc/", "", "/hooks/abc/"),
        ("/hooks/abc", "?token=1", "/hooks/abc?token=1"),
        ("/hooks", "/abc?token=1", "/hooks/abc?token=1"),
    ],
)
def test_the_base_url_is_the_whole_address(
    receiver: WebhookDriver, base: str, path: str, target: str
) -> None:
    deliver(receiver, base_url=receiver.server.url + base, path=path)

    assert receiver.calls()[-1]["path"] == target


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_success_is_success(receiver: WebhookDriver, status: int) -> None:
    receiver.script(Behaviour(status=status, body=""))

    answer = deliver(receiver)

    assert (answer.output, answer.output_text) == ([], "")


def test_a_text_is_kept_as_a_message(receiver: WebhookDriver) -> None:
    receiver.script(Behaviour(body="OK", headers={"Content-Type": "text/html"}))

    answer = deliver(receiver)

    assert answer.output_text == "OK"
    assert answer.output == [
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "OK"}]}
    ]


@pytest.mark.parametrize("content_type", ["application/json", "text/plain"])
def test_an_object_is_kept_as_it_is(receiver: WebhookDriver, content_type: str) -> None:
    receiver.script(Behaviour(status=202, body='{"accepted": true}', headers={"Content-Type": content_type}))

    answer = deliver(receiver)

    assert answer.output == {"accepted": True}
    assert answer.output_text == '{"accepted": true}'


@pytest.mark.parametrize(
    "odd",
    [
        '{"a": NaN}',
        '{"a": ' * 200 + "1" + "}" * 200,
        '{"accepted": true',
        "[1, 2]",
        '{"status": "failed", "error": "x"',
    ],
)
def test_an_odd_answer_costs_nothing_but_its_form(receiver: WebhookDriver, odd: str) -> None:
    receiver.script(Behaviour(body=odd))

    assert deliver(receiver).output_text == odd


@pytest.mark.parametrize(
    ("content_type", "body", "text"),
    [
        ("text/plain; charset=latin-1", b"\xe9", "é"),
        ("image/png", b"\x89PNG\xff", ""),
        ("text/plain", b"a\x00b", "a\ufffdb"),
    ],
)
def test_a_text_is_read_in_its_charset_and_what_is_none_is_left_out(
    receiver: WebhookDriver, content_type: str, body: bytes, text: str
) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n"
    with speaking(head.encode() + body, hang_up=True) as url:
        assert deliver(receiver, base_url=url).output_text == text


def test_what_the_receiver_says_of_itself_is_not_judged(receiver: WebhookDriver) -> None:
    receiver.script(Behaviour(body='{"error": "none", "status": "failed"}'))

    assert deliver(receiver).output == {"error": "none", "status": "failed"}


def test_an_answer_that_is_too_large_is_left_out_and_success_stays(receiver: WebhookDriver) -> None:
    receiver.script(Behaviour(body="x" * 2000))

    answer = deliver(receiver, max_response_bytes=1000)

    assert (answer.output, answer.output_text) == ([], "")


def test_an_agents_extra_body_goes_along_under_the_event(receiver: WebhookDriver) -> None:
    deliver(receiver, extra_body={"source": "schedules", "type": "theirs"})

    assert body(receiver)["source"] == "schedules"
    assert body(receiver)["type"] == "schedule.fired"


def test_an_input_that_grows_too_large_is_refused_at_save(receiver: WebhookDriver) -> None:
    payload = {"input": "{{big}}" * 1000, "variables": {"big": "x" * 1001}}

    with pytest.raises(PayloadRefused, match="more than 1,000,000 characters"):
        runtime.check(payload, "")
    with pytest.raises(CallFailed, match="more than 1,000,000 characters"):
        deliver(receiver, make_call(**payload))

    runtime.check({"input": [{"type": "anything"}], "variables": {"token": SECRET}}, "")
    assert receiver.calls() == []


def test_the_body_is_plain_json(receiver: WebhookDriver) -> None:
    with recording() as recorder, pytest.raises(CallFailed):
        runtime.call(make_call(input="Grüße", firing=FIRING), receiver.endpoint(base_url=recorder.url), never)

    _, headers, content = recorder.requests[0]
    assert headers["content-type"] == "application/json"
    assert json.loads(content)["data"]["input"] == "Grüße"
