"""The diagram and the tables of a run's life are the code's."""

import ast
import re
from pathlib import Path

import pytest

from schedules.ledger.explaining import Outcome
from schedules.models import FINAL_STATES, TRANSITIONS, DiscardReason, MissedReason, Run, RunState
from schedules.runs import leases, transitions
from schedules.runs.reasons import REASONS
from tests.docs.pages import PAGES, ROOT, blocks, section, tables, text_of

DIAGRAM = section("README.md", "The lifecycle of a run")
RUNS = "docs/runs.md"


def arrows() -> set[tuple[str, str]]:
    """Every arrow of the diagram; `[*]` is the beginning or the end."""
    [diagram] = blocks(DIAGRAM, "mermaid")
    return set(re.findall(r"^ +(\S+) --> (\w+|\[\*\])", diagram, re.MULTILINE))


def test_the_diagram_stands_once() -> None:
    assert sum(text_of(page).count("stateDiagram") for page in PAGES) == 1


def test_its_arrows_between_states_are_the_transitions_there_are() -> None:
    between = {(before, after) for before, after in arrows() if "[*]" not in (before, after)}

    assert between == {(before.value, after.value) for before, after in TRANSITIONS}


def test_a_run_begins_where_the_diagram_begins() -> None:
    begin = {after for before, after in arrows() if before == "[*]"}

    assert begin == {Run._meta.get_field("state").get_default()}


def test_its_ends_are_the_states_a_run_stays_in() -> None:
    assert {before for before, after in arrows() if after == "[*]"} == {state.value for state in FINAL_STATES}


def test_every_state_has_a_sentence() -> None:
    [states] = tables(section(RUNS, "States"))

    assert [name for name, _ in states] == [state.value for state in RunState]
    assert all(meaning.endswith(".") for _, meaning in states)


def test_every_reason_has_a_sentence_under_its_state() -> None:
    [reasons] = tables(section(RUNS, "Reasons"))

    explained = {(state, reason) for reason, state, meaning in reasons if meaning.endswith(".")}
    assert explained == {
        *(("discarded", reason) for reason in DiscardReason.values),
        *(("missed", reason) for reason in MissedReason.values),
        ("cancelled", transitions.CANCELLED_BY_PERSON),
        ("failed", leases.LOST),
        *(("failed", code) for code in failure_codes()),
    }


def test_the_console_filters_by_every_reason_of_a_run() -> None:
    [reasons] = tables(section(RUNS, "Reasons"))

    assert sorted(REASONS) == sorted(reason for reason, state, _ in reasons if state != "missed")


def test_every_outcome_of_explain_has_a_sentence() -> None:
    [outcomes] = tables(section(RUNS, "Why did it run, or not?"))

    assert [name for name, _ in outcomes] == [outcome.value for outcome in Outcome]


@pytest.mark.parametrize(
    ("source", "codes"),
    [
        ('raise CallFailed("agent_failed", message, is_retryable=True)', {"agent_failed"}),
        ('class Gone(CallFailed): ...\nraise Gone("agent_gone", "x")', {"agent_gone"}),
        ('ENDINGS = {"rejected": ("agent_refused", "the agent refused")}', {"agent_refused"}),
        ('names = ("input_tokens", "output_tokens")', set()),
        ('log("agent_failed", "it failed")', set()),
    ],
)
def test_a_code_is_seen_where_it_is_raised_and_in_a_table(source: str, codes: set[str]) -> None:
    assert codes_in([ast.parse(source)]) == codes


def failure_codes() -> set[str]:
    """Every code with which a worker or a runtime fails a call, read from the source."""
    return codes_in([ast.parse(path.read_text()) for path in Path(ROOT, "workers").rglob("*.py")])


def codes_in(trees: list[ast.Module]) -> set[str]:
    """The codes of failures that are raised, and of those that stand in a table, each beside its words."""
    nodes = [node for tree in trees for node in ast.walk(tree)]
    failures = {"CallFailed", *filter(None, map(_name_of_failure, nodes))}
    return {code for node in nodes if (code := _failure_code(node, failures))}


def _name_of_failure(node: ast.AST) -> str | None:
    match node:
        case ast.ClassDef(name=name, bases=[ast.Name(id="CallFailed")]):
            return name
    return None


def _failure_code(node: ast.AST, failures: set[str]) -> str | None:
    match node:
        case ast.Call(func=ast.Name(id=name), args=[ast.Constant(value=str(code)), *_]) if name in failures:
            return code
        case ast.Tuple(elts=[ast.Constant(value=str(code)), ast.Constant(value=str(words))]):
            return code if re.fullmatch(r"[a-z]+(_[a-z]+)+", code) and " " in words else None
    return None
