"""What is kept of an answer: everything but the secrets, and still readable."""

from datetime import timedelta
from typing import Any

import pytest

from schedules import agents
from schedules.database.clock import database_now
from schedules.runs import claiming
from schedules.runs.claimed import Claimed
from schedules.secrets.masking import MASK
from tests.factories import make_agent, make_run, make_schedule
from workers.masked_answer import masked_answer, masked_failure
from workers.runtimes.base import Answer, CallFailed

pytestmark = pytest.mark.django_db

LEASE = timedelta(seconds=15)


def claimed_with(secret: str, credential: str = "Bearer agent-key") -> Claimed:
    agent = make_agent()
    agents.set_credential(agent, credential)
    variables = {"key": {"secret": True, "value": secret}}
    now = database_now()
    run = make_run(
        make_schedule(agent, now=now, payload={"input": "Hi", "variables": variables}), not_before=now
    )
    claimed = claiming.claim(run.id, run.generation, "worker", None, LEASE)
    assert isinstance(claimed, Claimed)
    return claimed


def answer(**fields: Any) -> Answer:
    empty: dict[str, Any] = {
        "response_id": None,
        "output": [],
        "output_text": "",
        "usage": None,
        "trace_id": None,
        "span_id": None,
    }
    return Answer(**empty | fields)


def test_names_of_the_schema_and_the_responses_id_stay_and_all_else_is_masked() -> None:
    output = [{"type": "text", "text": "a text", "my text": 1}]

    kept = masked_answer(
        answer(
            response_id="resp_text_1", output=output, output_text="a text", usage={"text": 1}, trace_id="text"
        ),
        claimed_with("text"),
    )

    assert kept.response_id == "resp_text_1"
    assert kept.output == [{"type": MASK, "text": f"a {MASK}", f"my {MASK}": 1}]
    assert (kept.output_text, kept.usage, kept.trace_id) == (f"a {MASK}", {"text": 1}, MASK)


@pytest.mark.parametrize("text", ["Bearer agent-key", "agent-key"])
def test_the_agents_credential_is_masked_with_its_scheme_and_without(text: str) -> None:
    assert masked_answer(answer(output_text=f"<{text}>"), claimed_with("s3cr3t")).output_text == f"<{MASK}>"


def test_a_masked_failure_is_the_same_failure_in_all_but_its_words() -> None:
    failure = CallFailed(
        "agent_http_error",
        "not with s3cr3t",
        is_retryable=True,
        retry_after=timedelta(hours=2),
        response_id="resp_1",
        is_silent=True,
        answer=answer(output_text="no"),
        http_status=504,
    )
    assert not {name for name, value in vars(CallFailed("", "")).items() if value == vars(failure)[name]}, (
        "a field that is added to failures is given a value of its own here"
    )

    kept = masked_failure(failure, claimed_with("s3cr3t"))

    assert vars(kept) == vars(failure) | {"message": f"not with {MASK}"}


def test_a_failure_is_masked_with_the_answer_that_came_with_it() -> None:
    failure = CallFailed(
        "agent_refused", "not with s3cr3t", answer=answer(output_text="no: s3cr3t"), response_id="r"
    )

    kept = masked_failure(failure, claimed_with("s3cr3t"))

    assert (kept.code, kept.message, kept.response_id) == ("agent_refused", f"not with {MASK}", "r")
    assert kept.answer is not None
    assert kept.answer.output_text == f"no: {MASK}"
