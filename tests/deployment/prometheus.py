"""A real Prometheus: Debian's package, unpacked into a folder and never installed, or what is on the path."""

import json
import os
import shutil
import subprocess
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from orqsite.embedded.children import Child
from orqsite.embedded.ports import LOOPBACK, free_port
from tests.waiting import wait_for

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / "deploy/prometheus"
JOB = "agent-schedules"


@dataclass(frozen=True, slots=True)
class Programs:
    """Where the two are."""

    prometheus: str
    promtool: str


def programs(folder: Path) -> Programs:
    """Those on the path, else those of Debian's package."""
    names = ("prometheus", "promtool")
    found = [shutil.which(name) for name in names]
    if all(found):
        return Programs(*map(str, found))
    package = folder / "package"
    package.mkdir()
    _run("apt-get", "download", "prometheus", cwd=package)
    [archive] = package.glob("*.deb")
    _run("dpkg-deb", "-x", str(archive), str(folder), cwd=package)
    return Programs(*(str(folder / "usr/bin" / name) for name in names))


def _run(name: str, *arguments: str, cwd: Path) -> None:
    program = shutil.which(name)
    assert program, f"install prometheus, or {name}, which fetches it"
    subprocess.run([program, *arguments], cwd=cwd, check=True, capture_output=True)


class Prometheus:
    """One that scrapes the service every second, with the shipped rules."""

    def __init__(self, program: str, folder: Path, target: str, token: str) -> None:
        self._program, self._folder = program, folder
        self.port = free_port()
        (folder / "metrics_token").write_text(token)
        shutil.copy(RULES / "rules.yml", folder)
        shipped = (RULES / "prometheus.yml").read_text()
        assert '"web:8000"' in shipped
        (folder / "prometheus.yml").write_text(
            shipped.replace('"web:8000"', f'"{target}"').replace("_interval: 15s", "_interval: 1s")
        )

    def start(self, stack: ExitStack) -> None:
        """Returns when it answers."""
        command = [
            self._program,
            f"--config.file={self._folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={self._folder / 'data'}",
            f"--web.listen-address={LOOPBACK}:{self.port}",
        ]
        log = stack.enter_context((self._folder / "prometheus.log").open("ab"))
        stack.callback(Child(command, env=os.environ, cwd=self._folder, output=log).kill)
        wait_for(self._is_ready, 30, "Prometheus")

    def _is_ready(self) -> bool:
        try:
            return self._get("/-/ready").status_code == 200
        except httpx2.TransportError:
            return False

    def _get(self, path: str, **parameters: str) -> httpx2.Response:
        return httpx2.get(
            f"http://{LOOPBACK}:{self.port}{path}", params=parameters, trust_env=False, timeout=20
        )

    def series(self, expression: str) -> list[Any]:
        """What the expression gives now; an error of Prometheus fails the test."""
        answer = self._get("/api/v1/query", query=expression).json()
        assert answer["status"] == "success", (expression, answer)
        result: list[Any] = answer["data"]["result"]
        return result

    def value(self, expression: str) -> float | None:
        """Of an expression with one series."""
        found = self.series(expression)
        return float(found[0]["value"][1]) if found else None

    def targets(self) -> list[Any]:
        """What it scrapes, and how that goes."""
        active: list[Any] = self._get("/api/v1/targets").json()["data"]["activeTargets"]
        return active

    def rules(self) -> list[Any]:
        """The shipped alerts, as it has evaluated them."""
        groups = self._get("/api/v1/rules").json()["data"]["groups"]
        return [rule for group in groups for rule in group["rules"]]


def dashboard_expressions() -> list[str]:
    """Every expression of every dashboard, its variables filled in."""
    texts = [path.read_text() for path in sorted((ROOT / "deploy/grafana").glob("*.json"))]
    panels = [panel for text in texts for panel in json.loads(text)["panels"]]
    expressions = [target["expr"] for panel in panels for target in panel["targets"]]
    return [each.replace("$job", ".+").replace("$__rate_interval", "1m") for each in expressions]
