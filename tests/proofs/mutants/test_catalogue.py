"""The catalogue of mutants cannot rot unnoticed: the code it breaks and the tests it names exist."""

import ast
from collections import Counter
from pathlib import Path

import pytest

from tests.proofs.mutants.catalogue import MUTANTS
from tests.proofs.mutants.mutant import ROOT, Mutant


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_the_text_of_each_mutant_occurs_exactly_once_in_its_file(mutant: Mutant) -> None:
    assert mutant.occurrences() == 1


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_is_still_python_and_its_killers_exist(mutant: Mutant) -> None:
    broken = (ROOT / mutant.file).read_text().replace(mutant.old, mutant.new)

    ast.parse(broken)

    assert mutant.old != mutant.new
    for killer in mutant.killers:
        path, *classes_and_test = killer.split("::")
        assert f"def {''.join(classes_and_test[-1:])}" in (ROOT / path).read_text()


def test_no_mutant_is_named_twice() -> None:
    assert [name for name, count in Counter(mutant.name for mutant in MUTANTS).items() if count > 1] == []


def test_applying_a_mutant_changes_that_file_only(tmp_path: Path) -> None:
    mutant = MUTANTS[0]
    copy = tmp_path / mutant.file
    copy.parent.mkdir(parents=True)
    copy.write_text((ROOT / mutant.file).read_text())

    mutant.apply(tmp_path)

    assert mutant.occurrences(tmp_path) == 0
    assert mutant.occurrences() == 1
