"""A RabbitMQ of the tests' own on the loopback address: Debian's, unpacked, with its Erlang."""

import os
import signal
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from kombu import Connection

from orqsite.embedded.children import Child
from orqsite.embedded.ports import LOOPBACK, free_port
from orqsite.embedded.valkey import new_password
from tests.servers.debian import unpacked
from tests.waiting import wait_for

ERLANG: Final = (
    *("asn1", "base", "crypto", "eldap", "ftp", "inets", "mnesia", "os-mon", "parsetools", "public-key"),
    *("runtime-tools", "snmp", "ssl", "syntax-tools", "tftp", "tools", "xmerl"),
)
PACKAGES: Final = ("rabbitmq-server", *(f"erlang-{name}" for name in ERLANG))
USER: Final = "schedules"


class RabbitMQ:
    """A broker that may be stopped and started again on the same port, with its queues on disk."""

    def __init__(self, folder: Path, settings: str = "") -> None:
        """`settings`: lines of its configuration file beside the usual ones."""
        self._root, self._folder = unpacked(*PACKAGES), folder
        self.port, self._password = free_port(), new_password()
        self._names_port, self._distribution_port = free_port(), free_port()
        self._settings = settings
        self._stack = ExitStack()
        self._broker: Child | None = None

    @property
    def url(self) -> str:
        """As BROKER_URL takes it."""
        return f"amqp://{USER}:{self._password}@{LOOPBACK}:{self.port}//"

    def __enter__(self) -> Self:
        self._folder.mkdir(exist_ok=True)
        self._configure()
        names = [str(self._erlang / "bin/epmd"), "-address", LOOPBACK, "-port", str(self._names_port)]
        self._stack.callback(Child(names, env=self._environment(), output=self._log()).kill)
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        self._stack.close()

    def start(self) -> None:
        """Returns when it takes connections."""
        [program] = self._root.glob("usr/lib/rabbitmq/lib/*/sbin/rabbitmq-server")
        command = ["/bin/sh", str(program)]
        self._broker = Child(command, env=self._environment(), cwd=self._folder, output=self._log())
        wait_for(self._answers, 60, "RabbitMQ")

    def kill(self) -> None:
        """As a crash would."""
        if self._broker is not None:
            self._broker.kill()
            self._broker = None

    def freeze(self, *, is_frozen: bool) -> None:
        """Let it say nothing, or go on; its connections stay open."""
        assert self._broker is not None
        os.killpg(self._broker.pid, signal.SIGSTOP if is_frozen else signal.SIGCONT)

    def _answers(self) -> bool:
        try:
            with Connection(self.url, connect_timeout=1) as connection:
                connection.connect()
        except OSError:
            return False
        return True

    @property
    def _erlang(self) -> Path:
        return self._root / "usr/lib/erlang"

    def _log(self) -> int:
        descriptor = os.open(self._folder / "rabbitmq.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._stack.callback(os.close, descriptor)
        return descriptor

    def _configure(self) -> None:
        starter = self._erlang / "bin/erl"
        starter.write_text(starter.read_text().replace("ROOTDIR=/usr/lib/erlang", f"ROOTDIR={self._erlang}"))
        (self._folder / "plugins").write_text("[].\n")
        (self._folder / "rabbitmq.conf").write_text(
            f"listeners.tcp.default = {LOOPBACK}:{self.port}\n"
            f"default_user = {USER}\ndefault_pass = {self._password}\n"
            f"disk_free_limit.absolute = 10MB\nlog.console = true\n{self._settings}\n"
        )

    def _environment(self) -> dict[str, str]:
        [home] = self._root.glob("usr/lib/rabbitmq/lib/*")
        return {
            "PATH": f"{self._erlang / 'bin'}:{os.environ['PATH']}",
            "HOME": str(self._folder),
            "LANG": "C.UTF-8",
            "ERL_EPMD_ADDRESS": LOOPBACK,
            "ERL_EPMD_PORT": str(self._names_port),
            "RABBITMQ_HOME": str(home),
            "RABBITMQ_NODENAME": f"tests{self.port}@localhost",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(self._distribution_port),
            "RABBITMQ_MNESIA_BASE": str(self._folder / "queues"),
            "RABBITMQ_LOG_BASE": str(self._folder),
            "RABBITMQ_CONF_ENV_FILE": os.devnull,
            "RABBITMQ_CONFIG_FILE": str(self._folder / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self._folder / "plugins"),
            "RABBITMQ_PID_FILE": str(self._folder / "pid"),
        }
