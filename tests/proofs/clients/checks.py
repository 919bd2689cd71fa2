"""What a client's process printed: run once, then looked up by check."""

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from tests.proofs.clients.environments import ROOT, python_of
from tests.proofs.clients.examples import MASK, SECRET, New
from tests.proofs.clients.journey import Document, Given

CLIENT_SECONDS = 120
"""Far more than a client needs; a loaded machine takes seconds for its import alone."""


@dataclass(frozen=True, slots=True)
class Checks:
    """The lines of one client in one mode, by check, and what was there before it came."""

    given: Given
    lines: dict[str, Document]

    def answer(self, check: str) -> Any:
        """What the client returned."""
        line = self.lines[check]
        assert "answer" in line, line
        return line["answer"]

    def error(self, check: str) -> Document:
        """What the client raised."""
        line = self.lines[check]
        assert "error" in line, line
        error: Document = line["error"]
        return error

    def errors(self) -> list[tuple[str, Document]]:
        """Everything the client raised, each with its operation."""
        return [(line["operation"], line["error"]) for line in self.lines.values() if "error" in line]

    def created(self) -> list[Document]:
        """What every create that was meant to succeed returned."""
        return [self.answer(check) for check in self.lines if check.startswith("create ")]

    def assert_created(self, name: str, new: New) -> None:
        """The example was created as it was sent, its secrets masked."""
        created = self.answer(f"create {name}")
        sent = {field.removesuffix("_"): value for field, value in new.items()}
        assert {field: created.get(field) for field in sent} == sent | {"payload": _masked(new["payload"])}
        assert (created["is_active"], created["generation"], created["trigger_count"]) == (True, 1, 0)
        assert created["created"] == created["updated"]
        assert "last_triggered_at" not in created


def _masked(payload: Document) -> Document:
    masked: Document = json.loads(json.dumps(payload).replace(SECRET, MASK))
    return masked


def run_script(client: str, given: Mapping[str, Given]) -> dict[str, Checks]:
    """Run the client's script in its own environment; its checks by mode. `given`: by mode too."""
    done = subprocess.run(
        [python_of(client), "-m", f"tests.proofs.clients.{client}_script"],
        input=json.dumps({mode: asdict(each) for mode, each in given.items()}),
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=CLIENT_SECONDS,
        check=False,
    )
    assert done.returncode == 0, f"{done.stderr}\n{done.stdout}"
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return {mode: Checks(each, _by_check(lines, mode)) for mode, each in given.items()}


def _by_check(lines: list[Document], mode: str) -> dict[str, Document]:
    lines = [line for line in lines if line["mode"] == mode]
    by_check = {line["check"]: line for line in lines}
    assert len(by_check) == len(lines), "two checks have one name"
    return by_check
