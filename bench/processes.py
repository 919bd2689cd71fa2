"""Processes a benchmark starts: real beats and workers, ours and the peers', each from its own environment."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from orqsite.embedded.children import Child

ROOT = Path(__file__).resolve().parent.parent
CELERY = ("-m", "celery", "-A", "orqsite", "-q")


@contextmanager
def process(
    log: Path,
    *arguments: str,
    python: str = sys.executable,
    cwd: Path = ROOT,
    env: Mapping[str, str] | None = None,
) -> Iterator[Child]:
    """A Python process with this command line while the block lasts; its output goes to `log`."""
    with log.open("ab") as output:
        child = Child(
            [python, *arguments],
            env={**os.environ, "ORQ_BOOTSTRAP": "off", **(env or {})},
            cwd=cwd,
            output=output,
        )
        try:
            yield child
        finally:
            child.kill()
