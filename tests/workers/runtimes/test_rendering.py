"""Rendering fills in variables, once, as text."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.counting import growth
from workers.runtimes.rendering import RenderingTooLarge, render, render_items

VARIABLES: dict[str, Any] = {
    "name": "Ada",
    "empty": "",
    "sly": "{{name}}",
    "count": 3,
    "ratio": 0.5,
    "yes": True,
    "nothing": None,
    "tags": ["a", "ü"],
    "who": {"is": "she"},
    "two words": "2",
    "größe": "XL",
    "a.b": "dotted",
}


@pytest.mark.parametrize(
    ("text", "rendered"),
    [
        ("", ""),
        ("Hello", "Hello"),
        ("{{name}}", "Ada"),
        ("{{ name }} and {{\tname\n}}", "Ada and Ada"),
        ("{{name}}{{name}}", "AdaAda"),
        ("<{{empty}}>", "<>"),
        ("{{count}} {{ratio}} {{yes}} {{nothing}}", "3 0.5 true null"),
        ("{{tags}} {{who}}", '["a", "ü"] {"is": "she"}'),
        ("{{two words}} {{größe}} {{a.b}}", "2 XL dotted"),
        ("👋 {{name}} 你好", "👋 Ada 你好"),
        # A value is never looked at again.
        ("{{sly}}", "{{name}}"),
        # What is no known name stays as it is written, blanks and all.
        ("{{unknown}} {{ unknown }} {{Name}}", "{{unknown}} {{ unknown }} {{Name}}"),
        ("{{}} {{ }} {name} {{name} {name}}", "{{}} {{ }} {name} {{name} {name}}"),
        ("{{who.is}} {{name|upper}} {{1+1}}", "{{who.is}} {{name|upper}} {{1+1}}"),
        ("{{{name}}} {{{{name}}}}", "{Ada} {{Ada}}"),
        ("{{name}} {{na{{name}}me}}", "Ada {{naAdame}}"),
    ],
)
def test_a_text_is_rendered(text: str, rendered: str) -> None:
    assert render(text, VARIABLES) == rendered


LITERALS = st.text(st.characters(exclude_characters="{}"), max_size=20)
NAMES = st.sampled_from(["name", "sly", "empty", "unknown"])


@given(st.lists(st.tuples(LITERALS, NAMES), max_size=8))
def test_every_placeholder_gives_its_value_and_everything_else_stays(parts: list[tuple[str, str]]) -> None:
    text = "".join(f"{literal}{{{{{name}}}}}" for literal, name in parts)

    expected = "".join(literal + VARIABLES.get(name, "{{unknown}}") for literal, name in parts)
    assert render(text, VARIABLES) == expected


@given(st.text(st.sampled_from("{} na")))
def test_without_variables_nothing_changes(text: str) -> None:
    assert render(text, {}) == text


def test_every_string_of_the_items_is_rendered_and_keys_are_not() -> None:
    items = [
        {"role": "user", "content": [{"type": "input_text", "text": "Hi {{name}}"}], "{{name}}": 1},
        "{{count}}",
        {"n": 1.5, "is": None, "deep": [["{{name}}"]]},
    ]

    rendered = render_items(items, VARIABLES)

    assert rendered == [
        {"role": "user", "content": [{"type": "input_text", "text": "Hi Ada"}], "{{name}}": 1},
        "3",
        {"n": 1.5, "is": None, "deep": [["Ada"]]},
    ]
    assert items[1] == "{{count}}", "the input itself is left alone"


@pytest.mark.parametrize("start", ["", "{{"])
@pytest.mark.parametrize("piece", ["{", "{{", "{{a", "{{a}", "{{ ", "}", "{{name", "{{}}", " ", "a ", "a"])
def test_hostile_text_costs_linear_time(start: str, piece: str) -> None:
    def work(size: int) -> None:
        text = start + piece * (size // len(piece))
        assert render(text, VARIABLES) == text

    assert growth(work, 1_000, 16) < 64, (
        "sixteen times the text would be 256 times the work if it were quadratic"
    )


def test_a_rendering_that_blows_up_is_stopped() -> None:
    bomb = "{{big}}" * 20_000

    with pytest.raises(RenderingTooLarge):
        render(bomb, {"big": "x" * 100_000})  # two gigabytes


def test_the_limit_counts_all_strings_of_the_items_together() -> None:
    items = ["{{big}}"] * 3

    assert render_items(items[:2], {"big": "x" * 50}, max_chars=100) == ["x" * 50] * 2
    with pytest.raises(RenderingTooLarge):
        render_items(items, {"big": "x" * 50}, max_chars=100)
