"""Agents on A2A's SDKs: Python's (1.0 alone, or 0.3 as well), JavaScript's, and FastA2A."""

from contextlib import AbstractContextManager
from pathlib import Path

from tests.proofs.agents.environments import PROGRAMS, python_of, script_of
from tests.proofs.agents.program import Program

CARD = "/.well-known/agent-card.json"


def a2a_server(folder: Path) -> AbstractContextManager[Program]:
    """The a2a-sdk as it comes: A2A 1.0 and nothing else."""
    return _python_server("a2a", folder)


def a2a_server_also_0_3(folder: Path) -> AbstractContextManager[Program]:
    """The a2a-sdk with its layer for callers that still speak 0.3."""
    return _python_server("a2a", folder, "--also-0.3")


def fasta2a_server(folder: Path) -> AbstractContextManager[Program]:
    """FastA2A, whose answers are always polled."""
    return _python_server("fasta2a", folder)


def a2a_js_server(folder: Path) -> AbstractContextManager[Program]:
    """JavaScript's SDK, speaking the version that the header names."""
    script = str(script_of("a2a_js"))
    return Program("a2a_js", lambda port: ["node", script, str(port)], folder, ready_path=CARD)


def _python_server(name: str, folder: Path, *options: str) -> Program:
    python, script = str(python_of(name)), str(PROGRAMS / f"{name}_program.py")
    return Program(name, lambda port: [python, script, str(port), *options], folder, ready_path=CARD)
