"""What is filled into an input and a model's name before they leave, and what never is."""

from typing import Any

import pytest

from tests.workers.runtimes.factories import make_call, make_endpoint
from workers.runtimes.base import CallFailed, PayloadRefused
from workers.runtimes.filling import filled_input, model_of, refuse_secrets_in_input, sendable

SECRET = {"secret": True, "value": "s3cret-of-ours"}


def test_plain_variables_are_filled_into_a_text() -> None:
    assert (
        filled_input("Hi {{name}}, {{ n }} {{list}}", {"name": "Ada", "n": 1, "list": [2]}) == "Hi Ada, 1 [2]"
    )


def test_only_texts_of_messages_are_filled() -> None:
    items: list[Any] = [
        {"role": "user", "content": "to {{name}}", "id": "{{name}}"},
        {
            "role": "user",
            "content": [
                {"type": "input_text", "text": "for {{name}}"},
                {"type": "input_image", "image_url": "https://host/{{name}}.png"},
                "{{name}}",
            ],
        },
        {"type": "function_call_output", "output": "{{name}}"},
        "{{name}}",
    ]

    filled = filled_input(items, {"name": "Ada"})

    assert filled[0] == {"role": "user", "content": "to Ada", "id": "{{name}}"}
    assert filled[1]["content"][0]["text"] == "for Ada"
    assert filled[1]["content"][1:] == items[1]["content"][1:]
    assert filled[2:] == items[2:]


def test_a_value_is_not_looked_at_again() -> None:
    assert filled_input("{{a}}{{b}}", {"a": "{{b}}", "b": "{{a}}"}) == "{{b}}{{a}}"


def test_a_secret_is_left_as_it_is_written() -> None:
    assert filled_input("Use {{token}}", {"token": SECRET}) == "Use {{token}}"


@pytest.mark.parametrize("value", [None, [], 7, [None], [{"content": None}]])
def test_an_input_without_texts_stays_as_it_is(value: Any) -> None:
    assert filled_input(value, {"name": "Ada"}) == value


def test_an_input_that_would_grow_beyond_bounds_is_refused() -> None:
    items = [{"role": "user", "content": "{{big}}" * 100}] * 10

    with pytest.raises(PayloadRefused, match="more than 1,000,000 characters") as refusal:
        filled_input(items, {"big": "x" * 2000})

    assert refusal.value.param == "payload.input"


@pytest.mark.parametrize(
    "value", ["Use {{ token }}", [{"content": [{"type": "input_text", "text": "{{token}}"}]}]]
)
def test_an_input_that_names_a_secret_is_refused(value: Any) -> None:
    with pytest.raises(PayloadRefused, match="names the secret variable 'token'") as refusal:
        refuse_secrets_in_input(value, {"token": SECRET})

    assert refusal.value.param == "payload.input"
    assert "s3cret" not in str(refusal.value)


def test_a_secret_that_is_not_named_and_a_plain_variable_pass() -> None:
    refuse_secrets_in_input(
        "Hi {{name}} {{nobody}}", {"token": SECRET, "name": "Ada", "o": {"secret": False}}
    )


@pytest.mark.parametrize(
    ("model", "tag", "sent"),
    [
        ("", None, "agent/digest"),
        ("", "v2", "agent/digest@v2"),
        ("gpt-4o", "v2", "gpt-4o"),
        ("briefing:{tag}", "v2", "briefing:v2"),
    ],
)
def test_a_model_is_the_agents_own_or_named_after_it(model: str, tag: str | None, sent: str) -> None:
    assert model_of(make_call(agent_tag=tag), make_endpoint("http://host", model=model)) == sent


def test_a_payload_saved_before_its_agent_was_changed_fails_for_good() -> None:
    with pytest.raises(CallFailed, match="cannot be sent the payload: not this one") as failed, sendable():
        raise PayloadRefused("not this one")

    assert (failed.value.code, failed.value.is_retryable) == ("invalid_endpoint", False)
