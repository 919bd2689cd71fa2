"""Debian's PgBouncer in transaction mode, in front of a PostgreSQL."""

import os
import pwd
import tempfile
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit

import psycopg

from orqsite.embedded.children import Child
from orqsite.embedded.ports import LOOPBACK, free_port
from tests.authority import Identity
from tests.servers.debian import unpacked, with_libraries
from tests.waiting import wait_for

PACKAGES: Final = ("pgbouncer", "libc-ares2", "libevent-2.1-7")
POOL_SIZE: Final = 4


class PgBouncer:
    """Its settings are the package's own but for what a deployment must say: who, where, and the mode."""

    def __init__(self, server_url: str, identity: Identity | None = None) -> None:
        """`server_url`: of a database, with the role that comes through. With an `identity` it speaks TLS only."""
        self._identity = identity
        self._root = unpacked(*PACKAGES)
        self._server = urlsplit(server_url)
        self.port = free_port()
        self._stack = ExitStack()

    @property
    def url(self) -> str:
        """The database, through the pooler."""
        return self._server._replace(netloc=f"{self._server.netloc.rsplit(':', 1)[0]}:{self.port}").geturl()

    def __enter__(self) -> Self:
        folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory()))
        file = self._configured(folder)
        for path in (folder, *folder.iterdir()):  # it refuses to be root
            os.chown(path, *self._user[1:])
        user, _, group = self._user
        log = self._stack.enter_context((folder / "log").open("ab"))
        command = [str(self._root / "usr/sbin/pgbouncer"), str(file)]
        child = Child(command, env=with_libraries(self._root), output=log, user=user, group=group)
        self._stack.callback(child.kill)
        wait_for(lambda: self._answers(), 20, "PgBouncer")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def _user(self) -> tuple[str, int, int]:
        entry = pwd.getpwnam("nobody") if os.getuid() == 0 else pwd.getpwuid(os.getuid())
        return entry.pw_name, entry.pw_uid, entry.pw_gid

    def _configured(self, folder: Path) -> Path:
        server, file = self._server, folder / "pgbouncer.ini"
        (folder / "users.txt").write_text(f'"{server.username}" "{server.password}"\n')
        file.write_text(
            f"[databases]\n* = host={server.hostname} port={server.port}\n[pgbouncer]\n"
            f"listen_addr = {LOOPBACK}\nlisten_port = {self.port}\nunix_socket_dir =\n"
            f"auth_type = scram-sha-256\nauth_file = {folder / 'users.txt'}\n"
            f"pool_mode = transaction\ndefault_pool_size = {POOL_SIZE}\n{self._tls(folder)}"
        )
        return file

    def _tls(self, folder: Path) -> str:
        if self._identity is None:
            return ""
        identity = folder / "identity.pem"
        identity.write_text(self._identity.pem)
        return f"client_tls_sslmode = require\nclient_tls_key_file = {identity}\nclient_tls_cert_file = {identity}\n"

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True
