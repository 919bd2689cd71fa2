"""Agent Schedules as a site: two beats, two workers and the web server, set up and used as its users do it."""

import base64
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

import httpx2
import psycopg

from orqsite.embedded.ports import LOOPBACK
from tests.proofs.chaos import alerting
from tests.proofs.chaos.clock import ServiceClock
from tests.proofs.chaos.history import End, Excused
from tests.proofs.chaos.person import HttpPerson
from tests.proofs.chaos.plan import ALL_AGENTS
from tests.proofs.chaos.site import Planned, Surroundings
from tests.proofs.chaos.witness import ROOT

PYTHON = sys.executable
CELERY = (PYTHON, "-m", "celery", "-A", "orqsite", "-q")
WORKER = (*CELERY, "worker", "--without-gossip", "--without-mingle")
WORKSPACE = "chaos"

SHORT_LEASE = {"ORQ_LEASE_SECONDS": "5", "ORQ_HEARTBEAT_SECONDS": "1"}
"""For runs of less than a minute: what a killed worker held comes back within them."""

FAST_CATCH_UP = {"ORQ_CATCH_UP_PER_SECOND": "100"}
"""For clocks that jump by hours: everything that comes due is late, again and again."""

SOON_BELIEVED = {"ORQ_CLOCK_ACCEPT_SECONDS": "1"}
"""For clocks that leap and stay ahead: the load waits for that time, and not for minutes."""

AGENT_CAUSED = ("agent_", "invalid_response", "response_too_large")
"""A failed run's reason begins so when the agent was the cause."""

_OPEN = """
SELECT (SELECT count(*) FROM schedules_run WHERE state IN ('pending', 'running'))
     + (SELECT count(*) FROM schedules_nextfire WHERE fire_time <= clock_timestamp())
"""
_EXCUSED = """
SELECT schedule.payload ->> 'input', coalesce(run.fire_time, run.created_at + interval '10 seconds'), run.reason
FROM schedules_run run JOIN schedules_schedule schedule ON schedule.id = run.schedule_id
WHERE run.state = 'discarded'
UNION ALL
SELECT schedule.payload ->> 'input', fire_time, missed.reason
FROM schedules_missedfiring missed
CROSS JOIN LATERAL generate_series(missed.first_fire_time, missed.last_fire_time, interval '1 hour') fire_time
JOIN schedules_schedule schedule ON schedule.id = missed.schedule_id
"""
_RUNS = """
SELECT CASE WHEN fire_time IS NULL THEN id ELSE concat_ws(
    '-', schedule_id, generation, to_char(fire_time AT TIME ZONE 'UTC', 'YYYYMMDD"T"HH24MISSUS"Z"')
) END, state, reason
FROM schedules_run WHERE state IN ('succeeded', 'failed')
"""
"""Runs by what an agent knows them by: their Idempotency-Key."""
_TALLIED = """
SELECT coalesce((SELECT sum(run_count) FROM schedules_hourtally WHERE state <> 'missed'), 0)
     + coalesce((SELECT sum(run_count) FROM schedules_tallydelta WHERE state <> 'missed'), 0),
    (SELECT count(*) FROM schedules_run WHERE state NOT IN ('pending', 'running'))
"""
_ENDS = "SELECT state, reason, count(*), min(id) FROM schedules_run GROUP BY state, reason ORDER BY 1, 2"


ENCRYPTION_KEY = base64.urlsafe_b64encode(b"one key of all the processes ...").decode()


@dataclass
class Product:
    """The `Site` of this project; `settings` are environment variables on top of the defaults."""

    around: Surroundings
    settings: Mapping[str, str] = field(default_factory=dict)
    has_clock: bool = False
    """Whether its clock can be stepped."""
    name: str = "Agent Schedules"

    def environment(self) -> Mapping[str, str]:
        return {
            "DATABASE_URL": self.around.database_url,
            "REDIS_URL": self.around.redis_url,
            "ORQ_DATA_DIR": str(self.around.folder / "data"),
            "ORQ_ENCRYPTION_KEYS": ENCRYPTION_KEY,
            "ORQ_BOOTSTRAP": "off",
            "ORQ_RATE_PER_KEY": "0",
            "ORQ_RATE_TRIGGER_PER_SCHEDULE": "0",
            "PYTHONDONTWRITEBYTECODE": "1",
            **self.settings,
        }

    def programs(self) -> Mapping[str, Sequence[str]]:
        bind = ("--bind", f"{LOOPBACK}:{self.around.web_port}", "--threads", "8", "--no-control-socket")
        return {
            "web": (PYTHON, "-m", "gunicorn", "orqsite.wsgi", *bind),
            "beat-1": (*CELERY, "beat"),
            "beat-2": (*CELERY, "beat"),
            "worker-1": (*WORKER, "-n", "worker-1@%h"),
            "worker-2": (*WORKER, "-n", "worker-2@%h"),
        }

    def prepare(self) -> None:
        self.manage("migrate", "--verbosity", "0")
        self.token = self.manage("create_api_key", f"--workspace={WORKSPACE}")
        if self.has_clock:
            ServiceClock(self.around.direct_database_url).install()

    def is_ready(self) -> bool:
        logs = [self.around.folder / f"worker-{number}.log" for number in (1, 2)]
        if not all(log.exists() and " ready" in log.read_text() for log in logs):
            return False
        try:
            ready = httpx2.get(f"http://{LOOPBACK}:{self.around.web_port}/readyz", trust_env=False, timeout=5)
        except httpx2.TransportError:
            return False
        return (
            ready.status_code == 200
            and "process.registered" in (self.around.folder / "beat-1.log").read_text()
        )

    def load(self, planned: Sequence[Planned]) -> float:
        standard_input = {
            "agents": dict.fromkeys(ALL_AGENTS, self.around.agent_url),
            "planned": list(map(asdict, planned)),
        }
        return float(
            self._run(
                "-m", "tests.proofs.chaos.bulk", standard_input=json.dumps(standard_input)
            ).splitlines()[-1]
        )

    @property
    def ready_url(self) -> str:
        return f"http://{LOOPBACK}:{self.around.web_port}/readyz"

    def person(self) -> HttpPerson:
        return HttpPerson(f"http://{LOOPBACK}:{self.around.web_port}", self.token)

    def open_count(self) -> int:
        return int(self._rows(_OPEN)[0][0])

    def excused(self) -> list[Excused]:
        return [Excused(subject, at.timestamp(), why) for subject, at, why in self._rows(_EXCUSED)]

    def ends(self) -> dict[str, End]:
        return {
            run_id: End.SUCCEEDED if state == "succeeded" else End.REFUSED
            for run_id, state, reason in self._rows(_RUNS)
            if _is_fine(state, reason)
        }

    def problems(self) -> list[str]:
        problems_found = [
            f"{count} run(s) {state} ({reason or 'no reason'}), e.g. {example}"
            for state, reason, count, example in self._rows(_ENDS)
            if not _is_fine(state, reason)
        ]
        line, is_clean = self.audit
        counted, ended = self.tallied
        if counted != ended or not counted:
            problems_found.append(f"tallies: {counted} runs counted, {ended} ended")
        if not self.has_clock:  # a clock that is stepped says little about what came before what
            problems_found += alerting.problems(self._rows)
        return problems_found if is_clean else [*problems_found, f"audit: {line}"]

    def closing_lines(self) -> list[tuple[str, str]]:
        ends = [
            f"{count} {state}{f' ({reason})' if reason else ''}"
            for state, reason, count, _ in self._rows(_ENDS)
        ]
        counted = f"{self.tallied[0]} runs counted, folded or not"
        return [
            ("runs in its ledger", ", ".join(ends)),
            ("tallies", counted),
            ("incidents", alerting.counts(self._rows)),
            ("audit", self.audit[0]),
        ]

    @cached_property
    def tallied(self) -> tuple[int, int]:
        """How many ended runs the tallies count, and how many there are; the audit compares them in every column."""
        [(counted, ended)] = self._rows(_TALLIED)
        return int(counted), int(ended)

    @cached_property
    def audit(self) -> tuple[str, bool]:
        """What `manage.py audit` says, and whether it is content; asked once, at the end."""
        done = self._process("manage.py", "audit")
        return " | ".join(done.stdout.strip().splitlines()[:20]) or done.stderr.strip(), done.returncode == 0

    def manage(self, *arguments: str) -> str:
        """A management command's output."""
        return self._run("manage.py", *arguments)

    def _run(self, *arguments: str, standard_input: str = "") -> str:
        done = self._process(*arguments, standard_input=standard_input)
        assert done.returncode == 0, f"{arguments}: {done.stderr}"
        return done.stdout.strip()

    def _process(self, *arguments: str, standard_input: str = "") -> subprocess.CompletedProcess[str]:
        """A program of the site's, on a line that no fault touches."""
        env = {**self.environment(), "DATABASE_URL": self.around.direct_database_url, "PATH": "/usr/bin:/bin"}
        return subprocess.run(
            [PYTHON, *arguments],
            env=env,
            cwd=ROOT,
            input=standard_input,
            check=False,
            capture_output=True,
            text=True,
        )

    def _rows(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.around.direct_database_url, autocommit=True) as connection:
            return connection.execute(query.encode()).fetchall()


def _is_fine(state: str, reason: str) -> bool:
    """Ended, and as somebody wanted it: the agent failed it, or a person took it back."""
    if state == "failed":
        return reason.startswith(AGENT_CAUSED)
    return state in ("succeeded", "discarded")
