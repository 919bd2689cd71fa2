"""What nobody reads of a JSON text is cut out before it costs anything."""

import contextlib
import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.runtimes.json_pruning import DEEPEST, TooCostly, pruned

PLENTY = 10**9

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


def everything(path: list[str], name: str) -> bool:
    return True


def only(*names: str) -> Any:
    return lambda path, name: (*path, name)[0] in names


@given(JSON, st.sampled_from([None, 2]), st.booleans())
def test_what_is_read_whole_stays_as_it_is(value: Any, indent: int | None, is_ascii: bool) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=is_ascii)

    assert pruned(text, everything, PLENTY) == text


@given(st.dictionaries(st.sampled_from(["kept", "cut", "also cut"]), JSON))
def test_arrays_and_objects_that_are_not_read_become_null(value: dict[str, Any]) -> None:
    expected = {
        name: None if name != "kept" and isinstance(inner, list | dict) else inner
        for name, inner in value.items()
    }

    assert json.loads(pruned(json.dumps(value), only("kept"), PLENTY)) == expected


def test_the_way_to_each_value_is_told_by_names() -> None:
    asked = []

    def is_read(path: list[str], name: str) -> bool:
        asked.append([*path, name])
        return True

    pruned('{"a": [{"b": {}}, {"c": [[]]}], "d": {}}', is_read, PLENTY)

    assert asked == [
        ["a"],
        ["a", "a"],
        ["a", "a", "b"],
        ["a", "a"],
        ["a", "a", "c"],
        ["a", "a", "c", "c"],
        ["d"],
    ]


def test_numbers_that_json_has_not_become_null() -> None:
    text = '{"a": NaN, "b": [-Infinity, Infinity, "NaN", ' + "9" * 5000 + '], "NaN": 1}'

    assert json.loads(pruned(text, everything, PLENTY)) == {
        "a": None,
        "b": [None, None, "NaN", None],
        "NaN": 1,
    }


@pytest.mark.parametrize("depth", [DEEPEST + 1, 80_000])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_what_is_too_deep_becomes_null(depth: int, opening: str, closing: str) -> None:
    value = json.loads(pruned(opening * depth + "1" + closing * depth, everything, PLENTY))

    for _ in range(DEEPEST):
        (value,) = value if isinstance(value, list) else value.values()
    assert value is None


def test_what_is_cut_out_costs_nothing_and_what_is_kept_does() -> None:
    crowd = "[" + "[]," * 1000 + "0]"

    assert json.loads(pruned(f'{{"cut": {crowd}, "kept": [1]}}', only("kept"), 1000)) == {
        "cut": None,
        "kept": [1],
    }
    with pytest.raises(TooCostly):
        pruned(f'{{"cut": 1, "kept": {crowd}}}', only("kept"), 1000)


def test_signs_inside_of_strings_cost_nothing() -> None:
    text = json.dumps(["1," * 1000, '{"[\\"' * 1000])

    assert pruned(text, everything, 1000) == text


@pytest.mark.parametrize("text", ["[", "]", '{"a": [}', "[[", '{"a": {', '["a', '{"cut": [', '{"cut": ["]}'])
def test_brackets_that_do_not_match_are_told_here_or_by_the_parser(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - json's and ours have no common words
        json.loads(pruned(text, only("a"), PLENTY))


@pytest.mark.parametrize(
    "piece", ["[", "{", '{"a":', '"', "\\", '\\"', "[],", '"a",', '{"a":1},', "1,", " ", "a"]
)
@pytest.mark.parametrize("start", ["", '"', '{"cut":[', '{"cut":"', '{"a":['])
def test_hostile_text_costs_linear_time(start: str, piece: str) -> None:
    text = start + piece * (300_000 // len(piece))

    started = time.process_time()
    with contextlib.suppress(ValueError):
        pruned(text, only("a"), PLENTY)

    assert time.process_time() - started < 3, "quadratic work would take minutes"
