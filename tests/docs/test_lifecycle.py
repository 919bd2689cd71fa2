"""The diagram and the tables of a run's life are the code's."""

import ast
import re
from pathlib import Path

from schedules.ledger.explaining import Outcome
from schedules.models import FINAL_STATES, TRANSITIONS, DiscardReason, MissedReason, Run, RunState
from schedules.runs import leases, transitions
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


def test_every_outcome_of_explain_has_a_sentence() -> None:
    [outcomes] = tables(section(RUNS, "Why did it run, or not?"))

    assert [name for name, _ in outcomes] == [outcome.value for outcome in Outcome]


def failure_codes() -> set[str]:
    """Every code with which a worker or a runtime fails a call, read from the source."""
    trees = (ast.parse(path.read_text()) for path in Path(ROOT, "workers").rglob("*.py"))
    return {code for tree in trees for node in ast.walk(tree) if (code := _failure_code(node))}


def _failure_code(node: ast.AST) -> str | None:
    match node:
        case ast.Call(func=ast.Name(id="CallFailed"), args=[ast.Constant(value=str(code)), *_]):
            return code
    return None
