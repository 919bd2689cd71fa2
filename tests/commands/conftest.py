"""Runs a command as an operator does: arguments in, what it prints out."""

from collections.abc import Callable
from io import StringIO

import pytest
from django.core.management import call_command

Run = Callable[..., str]


@pytest.fixture
def run() -> Run:
    """`run("create_agent", "digest", "--workspace", "acme")` gives what the command printed."""

    def run(*words: str) -> str:
        printed = StringIO()
        call_command(*words, stdout=printed)
        return printed.getvalue()

    return run
