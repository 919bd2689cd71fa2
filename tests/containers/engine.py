"""A container engine of the tests' own: dockerd in a root and a mount namespace of its own."""

import os
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from orqsite.embedded.children import Child
from tests.containers import bases, roots
from tests.waiting import wait_for

IP_FORWARD: Final = Path("/proc/sys/net/ipv4/ip_forward")
SOCKET: Final = "unix:///share/docker.sock"

_ENTER = """
set -e
mount --make-rprivate /
mount --bind "$1" "$1"
for name in proc sys dev; do mount --rbind /$name "$1/$name"; done
mount -t tmpfs tmpfs "$1/run"
mkdir -p "$1/share" "$1/.old"
mount --bind "$2" "$1/share"
cd "$1"
pivot_root . .old  # runc refuses a plain chroot
cd /
umount -l /.old
exec tini -s -- dockerd --iptables=false --ip6tables=false --ip-masq=false \\
    --host unix:///share/docker.sock --pidfile /run/dockerd.pid
"""


class Engine:
    """Runs until the block ends; its images and containers are gone with it, its roots stay.

    `share`: a folder that the engine's side knows as /share.
    """

    def __init__(self, share: Path) -> None:
        self.share = share

    def __enter__(self) -> Self:
        folder = roots.made()
        self._data = folder / "engine" / "var/lib/docker"
        shutil.rmtree(self._data, ignore_errors=True)
        self._forwarded = IP_FORWARD.read_text()
        self._log = (self.share / "engine.log").open("ab")
        command = ["unshare", "-m", "sh", "-c", _ENTER, "sh", str(folder / "engine"), str(self.share)]
        environment = {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"}
        self._child = Child(command, env=environment, cwd=self.share, output=self._log)
        try:
            wait_for(self._answers, 60, "the container engine")
            client = [str(folder / "engine/usr/bin/docker"), "-H", f"unix://{self.share}/docker.sock"]
            bases.load(folder, client)
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def run(
        self, *command: str, folder: str = "/share", timeout: float = 300
    ) -> "subprocess.CompletedProcess[str]":
        """A command on the engine's side, in one of its folders; its status is the caller's to judge."""
        inside = ["nsenter", "--target", str(self._child.pid), "--mount", "--root", "--wd"]
        environment = {
            "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
            "DOCKER_HOST": SOCKET,
            "HOME": "/root",
        }
        return subprocess.run(
            [*inside, "sh", "-c", 'cd "$0" && exec "$@"', folder, *command],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
            check=False,
        )

    def _answers(self) -> bool:
        assert self._child.is_alive, (self.share / "engine.log").read_text()[-2000:]
        with suppress(OSError, subprocess.TimeoutExpired):
            return self.run("docker", "version", timeout=10).returncode == 0
        return False

    def _stop(self) -> None:
        with suppress(subprocess.TimeoutExpired):
            self.run("sh", "-c", "docker kill $(docker ps -q); kill $(cat /run/dockerd.pid)", timeout=60)
        with suppress(subprocess.TimeoutExpired):
            self._child.process.wait(30)
        self._child.kill()
        self._log.close()
        IP_FORWARD.write_text(self._forwarded)
        shutil.rmtree(self._data, ignore_errors=True)


def why_not() -> str:
    """Why no engine can be had here; empty where one can."""
    if os.getuid() != 0:
        return "A container engine of the tests' own needs root."
    lacking = [
        name for name in ("apt-get", "dpkg-deb", "unshare", "nsenter", "chroot") if not shutil.which(name)
    ]
    return f"This machine lacks {', '.join(lacking)}: the lane needs Debian's." if lacking else ""
