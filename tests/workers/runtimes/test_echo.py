"""The echo runtime says back what the agent would have been asked."""

from typing import Any

import pytest

from tests.workers.runtimes.factories import make_call, make_endpoint, never
from workers.runtimes import Answer, CallFailed, runtime_for

NOWHERE = make_endpoint("http://127.0.0.1:1")


def echo(**fields: Any) -> Answer:
    return runtime_for("echo").call(make_call(**fields), NOWHERE, never)


def test_it_answers_with_the_rendered_input_as_one_message() -> None:
    answer = echo(run_id="01RUN", input="Hi {{name}}", variables={"name": "Ada"})

    assert answer.output_text == "Hi Ada"
    assert answer.response_id == "echo_01RUN"
    content = [{"type": "output_text", "text": "Hi Ada", "annotations": []}]
    assert answer.output == [
        {"id": "msg_01RUN", "type": "message", "role": "assistant", "status": "completed", "content": content}
    ]


def test_it_invents_no_figures() -> None:
    answer = echo()

    assert (answer.usage, answer.trace_id, answer.span_id) == (None, None, None)


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        (None, ""),
        ("", ""),
        ([], ""),
        (["a", "b"], "a\nb"),
        ([{"role": "user", "content": "a"}, {"role": "user", "content": "{{name}}"}], "a\nAda"),
        ([{"content": [{"type": "input_text", "text": "a"}, {"type": "input_text", "text": "b"}]}], "a\nb"),
        ([{"type": "input_image", "image_url": "x"}], '{"type": "input_image", "image_url": "x"}'),
        ([{"type": "item", "content": None}], '{"type": "item", "content": null}'),
    ],
)
def test_items_are_shown_as_a_reader_sees_them(asked: Any, text: str) -> None:
    assert echo(input=asked).output_text == text


def test_an_input_that_its_variables_blow_up_is_refused() -> None:
    with pytest.raises(CallFailed) as failed:
        echo(input="{{big}}" * 1000, variables={"big": "x" * 10_000})

    assert failed.value.code == "response_too_large"
    assert not failed.value.is_retryable
