"""The witness: the agents' server in a process of its own, whose append-only log says what really happened."""

import json
import subprocess
import sys
from collections.abc import Container, Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx2

from orqsite.embedded.children import Child
from orqsite.embedded.ports import LOOPBACK
from tests.proofs.chaos.history import Start

ROOT = Path(__file__).resolve().parents[3]


Entry = dict[str, Any]
"""A line of the log."""


class Witness:
    """Answers as every agent, is never hurt, and forgets nothing."""

    def __init__(self, folder: Path) -> None:
        self._log = folder / "calls.jsonl"
        self._child: Child | None = None
        self.url = ""

    def start(self) -> None:
        """Start the server and learn its address."""
        command = [sys.executable, "-m", "tests.agent_server", "--port", "0", "--log", str(self._log)]
        command += ["--answers"]
        self._child = Child(command, cwd=ROOT, output=subprocess.PIPE)
        assert self._child.process.stdout is not None
        self.url = f"http://{LOOPBACK}:{int(self._child.process.stdout.readline())}"

    def stop(self) -> None:
        """Stop the server; its log stays."""
        if self._child is not None:
            self._child.kill()
            assert self._child.process.stdout is not None
            self._child.process.stdout.close()

    def script(self, agent: str, *behaviours: dict[str, Any]) -> None:
        """What the agent does with its next calls; the last behaviour stays."""
        instructions = {"agent": agent, "behaviours": behaviours}
        httpx2.post(f"{self.url}/_script", json=instructions, trust_env=False, timeout=10).raise_for_status()

    def starts(self) -> list[Start]:
        """Every call so far, oldest first.

        A caller that dies between head and body of its request leaves one without a subject: another attempt of the
        run names it.
        """
        entries = list(self._entries())
        answered = {_attempt(entry) for entry in entries if entry.get("event") == "answered"}
        starts = [_start(entry, answered) for entry in entries if _is_call(entry)]
        subjects = {start.run_id: start.subject for start in starts if start.subject}
        return [replace(start, subject=subjects.get(start.run_id, start.subject)) for start in starts]

    def _entries(self) -> Iterator[Entry]:
        if self._log.exists():
            for line in self._log.read_text(encoding="utf-8").splitlines(keepends=True):
                if line.endswith("\n"):  # else it is being written
                    yield json.loads(line)


def _is_call(entry: Entry) -> bool:
    return entry.get("method") == "POST" and entry["path"].startswith("/v3/")


def _attempt(entry: Entry) -> tuple[str, str]:
    return entry["run_id"], entry["attempt"]


def _start(entry: Entry, answered: Container[tuple[str, str]]) -> Start:
    body, headers = entry["body"], entry["headers"]
    run_id, attempt = headers["idempotency-key"], headers["x-run-attempt"]
    return Start(
        subject=body.get("input", ""),
        run_id=run_id,
        attempt=int(attempt),
        at=entry["time"],
        is_answered=(run_id, attempt) in answered,
        digest=_digest(body),
        words=body.get("metadata", {}).get("words", ""),
    )


def _digest(body: Entry) -> str:
    return sha256(json.dumps(body, sort_keys=True).encode()).hexdigest() if body else ""
