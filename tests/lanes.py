"""The long lanes beside the gate, each one option of `manage.py test`: for nights, and for the README's figures.

--processes                                                        real processes: what takes long or measures time
--sqlite                                                           all behavior again, on SQLite
--chaos [--seconds N] [--seed S] [--rate R] [--clock] [--stock]    real processes under seeded faults
--recovery                                                         each single fault, until back at work
--model [N]                                                        the state machine, N examples (2,000)
--mutants [WORD …]                                                 every broken rule must be noticed
--writers [SECONDS]                                                six writers on one SQLite file (60 s)
--herd                                                             10,000 due at once, drained to the last
--clocks                                                           clocks that leap, under real processes (needs cc)
--agents                                                           agent servers that others wrote
--openapi                                                          Redocly and Spectral on /openapi.json (needs Node)
--proxy                                                            the proxy's file in a real nginx (nginx)
--metrics                                                          a real Prometheus scrapes a real service
--alerts                                                           who is told what by real processes
--servers                                                          RabbitMQ, Redis with TLS, PgBouncer, nginx (Debian)
--kubernetes                                                       deploy/kubernetes against Kubernetes' schemas
--console                                                          stories of operators in a real browser
--containers                                                       image and Compose in a real engine (root, Debian)
--newer                                                            the console's tests with Python 3.12 or newer
--advisories                                                       known vulnerabilities of the locked packages
"""

import os
import secrets
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Final

from tests import newer_python, on_sqlite, pytest_runs, with_processes
from tests.pytest_runs import Run

ROOT: Final = Path(__file__).resolve().parent.parent
MODEL_PROCESSES: Final = 2


def lane(arguments: Sequence[str]) -> Callable[[], int] | None:
    """What the first argument names, ready to run with the others; None: it names no lane."""
    if not arguments or arguments[0] not in LANES:
        return None
    return lambda: LANES[arguments[0]](list(arguments[1:]))


def _processes(arguments: list[str]) -> int:
    """What the gate leaves out of them; the last with nothing beside it."""
    return _each(arguments, with_processes.LONG, with_processes.ALONE)


def _sqlite(arguments: list[str]) -> int:
    return _each(arguments, on_sqlite.ALL)


def _each(arguments: list[str], *runs: Run) -> int:
    """One after the other, with these arguments of pytest; all run, even when an earlier one failed."""
    outcomes = [pytest_runs.one(replace(run, options=(*run.options, *arguments))) for run in runs]
    return int(not all(outcome.is_passed for outcome in outcomes))


def _chaos(arguments: list[str]) -> int:
    return _run([sys.executable, "-m", "tests.proofs.chaos", *arguments])


def _recovery(arguments: list[str]) -> int:
    return _chaos(["recovery", *arguments])


def _model(arguments: list[str]) -> int:
    """The examples are shared out among processes; each must reach every event of importance by itself."""
    examples, first_seed = int(arguments[0]) if arguments else 2000, secrets.randbelow(2**32)
    shares = [(examples + place) // MODEL_PROCESSES for place in range(MODEL_PROCESSES)]
    with ExitStack() as running:
        processes = [
            running.enter_context(_explore(share, first_seed + place))
            for place, share in enumerate(shares)
            if share
        ]
        return int(any(_ended(process) for process in processes))


def _explore(examples: int, seed: int) -> "subprocess.Popen[bytes]":
    print(f"{examples} examples, seed {seed}", flush=True)
    command = ["-m", "pytest", "tests/proofs/model/test_model.py", "-s", f"--hypothesis-seed={seed}"]
    return _started([sys.executable, *command], {"ORQ_TEST_EXAMPLES": str(examples)})


def _mutants(arguments: list[str]) -> int:
    return _run([sys.executable, "-m", "tests.proofs.mutants", *arguments])


def _writers(arguments: list[str]) -> int:
    seconds = arguments[0] if arguments else "60"
    return _pytest(["tests/processes/test_sqlite_writers.py", "-s"], {"ORQ_TEST_SECONDS": seconds})


def _herd(arguments: list[str]) -> int:
    return _pytest(["tests/processes/test_herd.py", "-s", *arguments], {"ORQ_TEST_DRAINED": "10000"})


def _clocks(arguments: list[str]) -> int:
    return _pytest(["tests/processes/test_clocks.py", "-s", *arguments], {"ORQ_TEST_NIGHT": "1"})


def _agents(arguments: list[str]) -> int:
    """Their environments are made first when they are not there, which needs the package registries."""
    return _pytest(["tests/proofs/agents", *arguments], {"ORQ_TEST_AGENTS": "1"})


def _openapi(arguments: list[str]) -> int:
    return _pytest(["tests/proofs/openapi", *arguments], {"ORQ_TEST_NODE": "1"})


def _proxy(arguments: list[str]) -> int:
    return _pytest(["tests/deployment/test_proxy.py", *arguments], {"ORQ_TEST_NGINX": "1"})


def _metrics(arguments: list[str]) -> int:
    return _pytest(["tests/deployment/test_prometheus.py", *arguments], {"ORQ_TEST_PROMETHEUS": "1"})


def _alerts(arguments: list[str]) -> int:
    return _pytest(["tests/processes/test_incidents.py", "-s", *arguments], {"ORQ_TEST_ALERTS": "1"})


def _servers(arguments: list[str]) -> int:
    """They are taken out of Debian's packages, and neither installed nor left behind."""
    return _pytest(["tests/foreign_servers", *arguments], {"ORQ_TEST_DEBIAN": "1"})


def _kubernetes(arguments: list[str]) -> int:
    """The validator's environment is made first when it is not there, which needs the package registry."""
    return _pytest(["tests/deployment/test_kubernetes.py", *arguments], {"ORQ_TEST_KUBERNETES": "1"})


def _console(arguments: list[str]) -> int:
    return _pytest(["tests/proofs/console", *arguments], {"ORQ_TEST_CONSOLE": "1"})


def _containers(arguments: list[str]) -> int:
    """The engine's and the images' files are made first when they are not there, which takes minutes."""
    return _pytest(["tests/containers", "-s", *arguments], {"ORQ_TEST_CONTAINERS": "1"})


def _newer_python(arguments: list[str]) -> int:
    """Its environment is made first when it is not there, which needs the package registries."""
    return newer_python.run(arguments)


def _advisories(arguments: list[str]) -> int:
    return _run([sys.executable, "-m", "tests.proofs.advisories", *arguments])


def _pytest(arguments: list[str], env: Mapping[str, str]) -> int:
    return _run([sys.executable, "-m", "pytest", *arguments], env)


def _run(command: Sequence[str], env: Mapping[str, str] | None = None) -> int:
    with _started(command, env) as process:
        return _ended(process)


def _started(command: Sequence[str], env: Mapping[str, str] | None = None) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(command, cwd=ROOT, env=os.environ | (env or {}))


def _ended(process: "subprocess.Popen[bytes]") -> int:
    try:
        return process.wait()
    except KeyboardInterrupt:  # it got it too, and stops what it started
        return process.wait()


LANES: Final[Mapping[str, Callable[[list[str]], int]]] = {
    "--processes": _processes,
    "--sqlite": _sqlite,
    "--chaos": _chaos,
    "--recovery": _recovery,
    "--model": _model,
    "--mutants": _mutants,
    "--writers": _writers,
    "--herd": _herd,
    "--clocks": _clocks,
    "--agents": _agents,
    "--openapi": _openapi,
    "--proxy": _proxy,
    "--metrics": _metrics,
    "--alerts": _alerts,
    "--servers": _servers,
    "--kubernetes": _kubernetes,
    "--console": _console,
    "--containers": _containers,
    "--newer": _newer_python,
    "--advisories": _advisories,
}
