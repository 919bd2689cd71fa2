"""export_journal: every line as JSON, oldest first, of one workspace or all, in little memory."""

import json
import stat
import tracemalloc
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError

from schedules import editing
from schedules.journal import as_document
from schedules.models import JournalEntry
from tests.commands.conftest import Run
from tests.factories import NOON, make_agent, make_schedule, make_workspace

pytestmark = pytest.mark.django_db


def lines(printed: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in printed.splitlines()]


def written(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def test_every_line_is_a_json_object_oldest_first(run: Run) -> None:
    schedule = make_schedule(display_name="Grüße\n")
    editing.delete(schedule.id, "apk_x", NOON)

    exported = lines(run("export_journal"))

    assert exported == [as_document(line) for line in JournalEntry.objects.order_by("id")]
    assert exported[-1]["verb"] == "delete"
    assert exported[-1]["object_name"] == "Grüße\n"


def test_of_one_workspace_only(run: Run) -> None:
    mine = make_schedule(make_agent(make_workspace("Acme")))
    make_schedule(make_agent())

    exported = lines(run("export_journal", "--workspace", "Acme"))

    assert {line["workspace_id"] for line in exported} == {str(mine.workspace_id)}
    assert len(exported) == 2


def test_of_a_time_only(run: Run) -> None:
    make_schedule()
    first, *_, last = JournalEntry.objects.order_by("at").values_list("at", flat=True)
    newest = JournalEntry.objects.filter(at=last).count()
    whole = JournalEntry.objects.count()

    assert len(lines(run("export_journal", "--since", written(last)))) == newest
    assert len(lines(run("export_journal", "--until", written(last)))) == whole - newest
    assert lines(run("export_journal", "--until", written(first))) == []


def test_into_a_new_file_for_its_owners_eyes_only(run: Run, tmp_path: Path) -> None:
    make_schedule()
    file = tmp_path / "journal.jsonl"

    assert run("export_journal", "--output", str(file)) == ""

    assert len(lines(file.read_text())) == JournalEntry.objects.count()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with pytest.raises(CommandError, match="exists"):
        run("export_journal", "--output", str(file))


def test_a_workspace_that_is_not_there_is_named(run: Run) -> None:
    with pytest.raises(CommandError, match="no workspace 'Nobody'"):
        run("export_journal", "--workspace", "Nobody")


def test_the_memory_it_takes_does_not_grow_with_the_journal(run: Run, tmp_path: Path) -> None:
    _fill(2_000)
    run("export_journal", "--output", str(tmp_path / "warm"))
    few = _peak(run, tmp_path / "few")
    _fill(6_000)

    many = _peak(run, tmp_path / "many")

    assert len((tmp_path / "many").read_text().splitlines()) == 8_000
    assert many < few * 1.5


def _fill(count: int) -> None:
    fields: Any = {
        "actor_kind": "key",
        "verb": "update",
        "object_type": "schedule",
        "changes": {"a": "x" * 500},
    }
    JournalEntry.objects.bulk_create((JournalEntry(**fields) for _ in range(count)), batch_size=1000)


def _peak(run: Run, file: Path) -> int:
    tracemalloc.start()
    try:
        run("export_journal", "--output", str(file))
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
