"""What an input says as messages, and what is refused because nobody else could read it."""

from typing import Any

import pytest

from workers.runtimes.base import PayloadRefused
from workers.runtimes.input_items import Image, Message, messages_of, refuse_images


def test_a_string_is_one_message_of_the_user() -> None:
    assert messages_of("Good morning") == [Message("user", ("Good morning",))]


def test_messages_keep_their_roles_and_parts_in_order() -> None:
    items: list[Any] = [
        {"type": "message", "role": "system", "content": "Be brief."},
        {"role": "assistant", "content": [{"type": "output_text", "text": "Yes?"}]},
        {
            "role": "user",
            "content": [
                {"type": "input_text", "text": "What is this?"},
                {"type": "input_image", "image_url": "https://host/a.png", "detail": "low"},
                {"type": "text", "text": "Really?"},
            ],
        },
    ]

    assert messages_of(items) == [
        Message("system", ("Be brief.",)),
        Message("assistant", ("Yes?",)),
        Message("user", ("What is this?", Image("https://host/a.png", "low"), "Really?")),
    ]


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ([], "must hold a text or a message"),
        (None, "must hold a text or a message"),
        (
            [{"type": "function_call_output", "output": "x"}],
            r"input\[0\] is not a message: function_call_output",
        ),
        ([{"role": "user", "content": "x"}, {"type": "item_reference"}], r"input\[1\] is not a message"),
        ([{"role": "tool", "content": "x"}], r"input\[0\] has none of the roles user, .*: tool"),
        ([{"content": "x"}], r"input\[0\] has none of the roles .*: null"),
        ([{"role": "user"}], r"input\[0\] has no content: null"),
        ([{"role": "user", "content": []}], r"input\[0\] has no content"),
        ([{"role": "user", "content": [{"type": "input_file", "file_id": "f"}]}], "part .*: input_file"),
        ([{"role": "user", "content": [{"type": "input_image", "file_id": "f"}]}], "part .*: input_image"),
        ([{"role": "user", "content": ["words"]}], "part .*: words"),
    ],
)
def test_what_is_no_message_is_refused_with_its_place(value: Any, why: str) -> None:
    with pytest.raises(PayloadRefused, match=why) as refusal:
        messages_of(value)

    assert refusal.value.param == "payload.input"


def test_a_long_thing_is_not_quoted_whole() -> None:
    with pytest.raises(PayloadRefused) as refusal:
        messages_of([{"role": "x" * 10_000, "content": "x"}])

    assert len(str(refusal.value)) < 200


def test_an_image_is_refused_where_only_text_can_be_sent() -> None:
    messages = messages_of([{"role": "user", "content": [{"type": "input_image", "image_url": "data:x"}]}])

    with pytest.raises(PayloadRefused, match="has an image"):
        refuse_images(messages)
    refuse_images(messages_of("words"))
