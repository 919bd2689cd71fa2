"""What every runtime's request carries beside its own content, byte for byte."""

import json
from typing import Any

import pytest
from standardwebhooks import Webhook

from tests.workers.runtimes.drivers import driver_for
from tests.workers.runtimes.factories import CREDENTIAL, make_call, never
from tests.workers.runtimes.recorder import Recorder, recording
from tests.workers.runtimes.test_conformance import CALLERS
from tests.workers.runtimes.test_signing import make_secret
from workers.runtimes import CallFailed, runtime_for

KEY = "01KPN29WWKSK0VDPJNTKZPVNRB-3-20261128T090000000000Z"

pytestmark = pytest.mark.parametrize("name", CALLERS)


def sent(
    name: str, recorder: Recorder, attempt: int = 1, **changes: Any
) -> tuple[str, dict[str, str], bytes]:
    """The request of one attempt of the run with the key."""
    with driver_for(name) as driver:
        endpoint = driver.endpoint(base_url=recorder.url, **changes)
    call = make_call(
        attempt=attempt, idempotency_key=KEY, trace_headers={"traceparent": f"00-{'1' * 32}-{'2' * 16}-01"}
    )
    with pytest.raises(CallFailed, match="HTTP 503"):
        runtime_for(name).call(call, endpoint, never)
    return recorder.requests[-1]


def test_a_request_says_whose_it_is_and_which_attempt(name: str) -> None:
    with recording() as recorder:
        _, headers, body = sent(name, recorder, attempt=3)

    assert headers["content-type"] == "application/json"
    assert headers["authorization"] == CREDENTIAL
    assert headers["idempotency-key"] == KEY
    assert headers["x-run-attempt"] == "3"
    assert headers["traceparent"] == f"00-{'1' * 32}-{'2' * 16}-01"
    assert headers["user-agent"].startswith("agent-schedules/")
    assert json.loads(body)


def test_every_attempt_sends_the_same_body_under_the_same_key(name: str) -> None:
    with recording() as recorder:
        _, first, first_body = sent(name, recorder, attempt=1)
        _, second, second_body = sent(name, recorder, attempt=2)

    assert second_body == first_body
    assert second["idempotency-key"] == first["idempotency-key"]


def test_an_agents_own_headers_and_body_go_along(name: str) -> None:
    with recording() as recorder:
        _, headers, body = sent(
            name, recorder, extra_headers={"X-Team": "briefings"}, extra_body={"temperature": 0.5}
        )

    assert headers["x-team"] == "briefings"
    assert headers["idempotency-key"] == KEY
    assert b'"temperature": 0.5' in body


def test_a_signed_request_is_accepted_by_the_receivers_library(name: str) -> None:
    new, old = make_secret(), make_secret()
    with recording() as recorder:
        _, headers, body = sent(name, recorder, signing_secrets=(new, old))

    assert headers["webhook-id"] == KEY
    assert Webhook(new).verify(body, headers)
    assert Webhook(old).verify(body, headers)


def test_without_a_secret_nothing_is_signed(name: str) -> None:
    with recording() as recorder:
        _, headers, _ = sent(name, recorder)

    assert "webhook-signature" not in headers


def test_a_signing_secret_that_is_none_fails_the_call_for_good_and_is_not_repeated(name: str) -> None:
    with driver_for(name) as driver, pytest.raises(CallFailed) as failed:
        runtime_for(name).call(make_call(), driver.endpoint(signing_secrets=("hunter2hunter2",)), never)

    assert (failed.value.code, failed.value.is_retryable) == ("invalid_endpoint", False)
    assert "hunter2" not in str(failed.value)
