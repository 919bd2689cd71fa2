"""Makes the environment `.venv` with the locked packages and continues inside it.

Standard library only, and nothing of this project is imported: none of it can be before this has run.
A stamp in `.venv`, written last, says what is installed; an environment without one is made anew, so that an
interrupted start heals itself.
"""

import fcntl
import hashlib
import os
import pwd
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COVERING = {"run": ("run", "dev"), "dev": ("dev",)}  # what is installed for development also runs the service
EXTRA = "ORQ_EXTRA_REQUIREMENTS"
DOT_SECONDS = 3.0
OUTPUT_LINES = 12


class BootstrapFailed(Exception):
    """The environment could not be made; the message says why and how to mend it."""


class Bootstrap:
    """The environment of the project in `root`: what it should have, what it has, how to make it so."""

    def __init__(self, root: Path = ROOT, extra: str = "") -> None:
        """`extra`: a requirements file of the operator's own (a runtime, say), installed beside what is locked."""
        self.root = root
        self.extra = Path(extra).resolve() if extra else None
        self.venv = root / ".venv"
        self.python = self.venv / "bin" / "python"
        self.stamp = self.venv / "agent-schedules-stamp"
        self._lock = -1

    def is_current(self, kind: str) -> bool:
        """Whether the environment holds exactly the locked packages of `kind`, or of a kind that covers it."""
        return self._is_runnable() and self._read_stamp() in {self.expected(each) for each in COVERING[kind]}

    def expected(self, kind: str) -> str:
        """What the stamp says when the packages of `kind` are installed."""
        locked = hashlib.sha256(self._requirements(kind).read_bytes())
        if self.extra is not None:
            locked.update(self._extra_text())
        return f"{kind} {locked.hexdigest()}"

    def _extra_text(self) -> bytes:
        try:
            return self.extra.read_bytes() if self.extra else b""
        except OSError as error:
            raise BootstrapFailed(f"{EXTRA}: cannot read {self.extra} ({error.strerror})") from None

    def make(self, kind: str) -> None:
        """Install what `kind` needs; BootstrapFailed with one sentence and the tool's last words."""
        with self._alone():
            self._require_own()
            if self.is_current(kind):  # somebody else made it while we waited
                return
            started = time.monotonic()
            has = self._read_stamp() if self._is_runnable() else ""
            kind = "dev" if has.startswith("dev ") else kind
            say(f"Preparing {self.venv} (only the first time, or when the locked packages changed)\n")
            self.stamp.unlink(missing_ok=True)
            if not has:
                self._create()
            self._sync(kind)
            self.stamp.write_text(self.expected(kind))
            say(f"  ready after {time.monotonic() - started:.0f} s\n\n")

    def _require_own(self) -> None:
        """What another user prepared cannot be mended by this one, nor be run where its Python is out of reach."""
        if self.is_ours():
            return
        raise BootstrapFailed(
            f"{self.venv} was made by another user ({_owner(self.venv)}), and this one ({_user()}) can neither run "
            "the Python in it nor replace it. Prepare it with a Python that everybody may run, such as "
            "/usr/bin/python3, or give the folder to the user who runs the service."
        )

    def is_ours(self) -> bool:
        """Whether this user may make the environment anew."""
        place = self.venv if self.venv.is_dir() else self.root
        return os.access(place, os.W_OK | os.X_OK) and os.access(self.root, os.W_OK)

    def _is_runnable(self) -> bool:
        return os.access(self.python, os.X_OK)

    def _read_stamp(self) -> str:
        try:
            return self.stamp.read_text()
        except OSError:
            return ""

    def _requirements(self, kind: str) -> Path:
        return self.root / "requirements" / f"{kind}.txt"

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the lock of this project's bootstrap: one on the folder itself, which leaves no file behind."""
        self._lock = os.open(self.root, os.O_RDONLY)
        try:
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say("Another command is preparing the environment; waiting for it …\n")
                fcntl.flock(self._lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(self._lock)

    def _create(self) -> None:
        if find_spec("venv") is None or find_spec("ensurepip") is None:
            version = f"{sys.version_info.major}.{sys.version_info.minor}"
            raise BootstrapFailed(
                f"This Python ({sys.executable}) comes without the venv module. On Debian and Ubuntu: "
                f"sudo apt install python{version}-venv. Then run the same command again."
            )
        if self.venv.is_symlink() or self.venv.is_file():
            self.venv.unlink()
        shutil.rmtree(self.venv, ignore_errors=True)
        base = getattr(sys, "_base_executable", sys.executable)
        self._step("a Python environment", [base, "-m", "venv", str(self.venv)])
        pip = [
            str(self.python),
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--no-input",
            "--require-hashes",
            "--only-binary=:all:",
            "--requirement",
        ]
        self._step("the installer (uv)", [*pip, str(self._requirements("installer"))])

    def _sync(self, kind: str) -> None:
        locked = self._requirements(kind)
        count = sum(line[:1].isalnum() for line in locked.read_text().splitlines())
        # Compiled now, on all cores, and not by each of the processes that `up` and the tests start.
        uv = [
            str(self.venv / "bin" / "uv"),
            "pip",
            "sync",
            "--quiet",
            "--require-hashes",
            "--no-build",
            "--compile-bytecode",
        ]
        self._step(f"{count} packages", [*uv, "--python", str(self.python), str(locked)])
        if self.extra is not None:
            self._install_extra(locked)

    def _install_extra(self, locked: Path) -> None:
        """What the operator adds may not change a locked package: the service would not be the tested one."""
        uv = [str(self.venv / "bin" / "uv"), "pip", "install", "--quiet", "--compile-bytecode"]
        options = ["--python", str(self.python), "--constraint", str(locked)]
        self._step(f"the packages of {self.extra}", [*uv, *options, "--requirement", str(self.extra)])

    def _step(self, what: str, command: Sequence[str]) -> None:
        """Run one step with a line that says what it does and how long it took."""
        say(f"  {what} ")
        started = time.monotonic()
        with tempfile.TemporaryFile() as output:
            status = self._run(command, output.fileno())
            output.seek(0)
            last_words = output.read().decode(errors="replace").strip().splitlines()[-OUTPUT_LINES:]
        say(f" {'failed' if status else 'done'} ({time.monotonic() - started:.1f} s)\n")
        if status:
            raise BootstrapFailed(
                f"Preparing the environment failed at {what}. {_guess(last_words)} "
                "The last words were:\n" + "\n".join(f"    {line}" for line in last_words)
            )

    def _run(self, command: Sequence[str], output: int) -> int:
        with tempfile.TemporaryDirectory(prefix="agent-schedules-") as folder:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=tool_environment(os.environ) | cache_folders(os.environ, Path(folder)),
                # The tool holds the lock too: should we be killed, nobody starts beside it.
                pass_fds=(self._lock,),
            )
            return _waited(process)


def _waited(process: "subprocess.Popen[bytes]") -> int:
    while True:
        try:
            return process.wait(DOT_SECONDS)
        except subprocess.TimeoutExpired:
            say(".")


def _guess(last_words: Sequence[str]) -> str:
    """What is probably wrong, by the tool's words."""
    text = "\n".join(last_words)
    if "No space left" in text or "os error 28" in text:
        return "The disk is full."
    if "ermission denied" in text:
        return "A folder may not be written."
    return "Is the network, or your package index, reachable?"


def _owner(path: Path) -> str:
    try:
        return path.owner() if path.exists() else path.parent.owner()
    except (KeyError, OSError):
        return "unknown"


def _user() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def cache_folders(environment: "os._Environ[str] | dict[str, str]", spare: Path) -> dict[str, str]:
    """Where pip and uv may keep what they fetch: a spare folder for a user without a home, as services have."""
    home = Path(
        environment.get("XDG_CACHE_HOME") or Path(environment.get("HOME") or "/nonexistent") / ".cache"
    )
    while not home.exists() and home != home.parent:
        home = home.parent
    if os.access(home, os.W_OK | os.X_OK):
        return {}
    spares = {"UV_CACHE_DIR": str(spare / "uv"), "PIP_CACHE_DIR": str(spare / "pip")}
    return {name: folder for name, folder in spares.items() if not environment.get(name)}


def tool_environment(environment: "os._Environ[str] | dict[str, str]") -> dict[str, str]:
    """The environment of pip and uv: the user's own, so that proxies, certificates and mirrors count."""
    mirror = {"UV_DEFAULT_INDEX": environment["PIP_INDEX_URL"]} if environment.get("PIP_INDEX_URL") else {}
    fixed = {"UV_PYTHON_DOWNLOADS": "never", "PIP_USER": "0"}
    kept = {name: value for name, value in environment.items() if name != "VIRTUAL_ENV"}
    return mirror | kept | fixed


def say(text: str) -> None:
    """Show progress at once, on standard error: a command's output stays its own."""
    sys.stderr.write(text)
    sys.stderr.flush()


def enter(kind: str) -> None:
    """Return inside an environment with the packages of `kind` ("run" or "dev"); make it first when needed.

    Replaces this process by the same command under the environment's Python, unless it runs there already.
    ORQ_BOOTSTRAP=off takes the Python as it is (an image whose packages are installed).
    """
    if os.environ.get("ORQ_BOOTSTRAP") == "off":
        return
    bootstrap = Bootstrap(extra=os.environ.get(EXTRA, ""))
    try:
        if _is_inside(bootstrap.venv) and bootstrap.is_current(kind):
            return
        if not bootstrap.is_current(kind):
            bootstrap.make(kind)
    except BootstrapFailed as failure:
        sys.exit(str(failure))
    except OSError as error:
        sys.exit(f"The environment {bootstrap.venv} cannot be prepared: {error.strerror} ({error.filename}).")
    except KeyboardInterrupt:
        say("\nStopped; the next start begins again.\n")
        sys.exit(130)
    try:
        os.execv(bootstrap.python, [str(bootstrap.python), *sys.argv])  # noqa: S606  (a list, no shell)
    except OSError as error:
        sys.exit(
            f"{bootstrap.python} cannot be run ({error.strerror}); delete {bootstrap.venv} and start again."
        )


def _is_inside(venv: Path) -> bool:
    """Whether we run in `venv`. One whose base Python was replaced by another version is empty: not runnable."""
    if Path(sys.prefix) != venv:
        return False
    if not Path(sysconfig.get_path("purelib")).is_dir():
        shutil.rmtree(venv)
    return True
