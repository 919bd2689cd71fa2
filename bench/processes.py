"""Processes a benchmark starts: real beats, workers and web servers, ours and the peers'; what each of them costs."""

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx2
import psutil

from orqsite.embedded.children import Child
from orqsite.embedded.ports import LOOPBACK, free_port
from orqsite.embedded.service import WEB_OPTIONS

ROOT = Path(__file__).resolve().parent.parent
CELERY = ("-m", "celery", "-A", "orqsite", "-q")
ALONE = ("--without-mingle", "--without-gossip")
MEBIBYTE = 1024 * 1024


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


@contextmanager
def beat(folder: Path, **settings: str) -> Iterator[Child]:
    """A beat of ours that has made its first tick; `settings` without `ORQ_`."""
    from schedules.models import ProcessRegistration

    env = {f"ORQ_{name.upper()}": value for name, value in settings.items()}
    with process(folder / "beat.log", *CELERY, "beat", "--loglevel", "WARNING", env=env) as child:
        wait_for(ProcessRegistration.objects.filter(pid=child.pid).exists, 30, "the beat's first sign")
        yield child


@contextmanager
def worker(
    folder: Path, threads: int, name: str = "worker", env: Mapping[str, str] | None = None
) -> Iterator[Child]:
    """A worker of ours; the database knows its connections by its name."""
    arguments = (*CELERY, "worker", *ALONE, "--loglevel", "WARNING", "--hostname", f"{name}@bench")
    env = {"ORQ_WORKER_THREADS": str(threads), "PGAPPNAME": name, **(env or {})}
    with process(folder / f"{name}.log", *arguments, env=env) as child:
        yield child


@contextmanager
def web(folder: Path) -> Iterator[str]:
    """The web server as `up` runs it; its URL, once it answers."""
    port = free_port()
    url = f"http://{LOOPBACK}:{port}"
    arguments = ("-m", "gunicorn", "orqsite.wsgi", "--bind", f"{LOOPBACK}:{port}", *WEB_OPTIONS)
    with process(folder / "web.log", *arguments):
        wait_for(lambda: _answers(f"{url}/readyz"), 30, "the web server")
        yield url


def _answers(url: str) -> bool:
    try:
        return httpx2.get(url, timeout=2, trust_env=False).status_code == 200
    except httpx2.HTTPError:
        return False


def wait_for(condition: Callable[[], bool], seconds: float, what: str, pause: float = 0.02) -> None:
    """Return when it is so; AssertionError naming `what` after that many seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s in vain for {what}"
        time.sleep(pause)


def cpu_seconds(child: Child) -> float:
    """Processor time the process has used so far, its threads included."""
    times = psutil.Process(child.pid).cpu_times()
    return float(times.user + times.system)


def memory_mib(child: Child) -> tuple[float, float]:
    """(RSS, PSS): what it has in memory, and that with shared pages counted in parts."""
    memory = psutil.Process(child.pid).memory_full_info()
    return memory.rss / MEBIBYTE, memory.pss / MEBIBYTE
