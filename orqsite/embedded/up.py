"""`manage.py up`: the whole service on this machine, until Ctrl-C.

1. What can be wrong is looked at first, so that a mistake gives one sentence and leaves nothing running.
2. Broker, database, web, beat and worker start under a supervisor that restarts what dies.
3. The demo is seeded and shown (unless --no-demo); then the programs' lines are shown until a signal comes.
"""

import argparse
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from orqsite.embedded import data_folder, prerequisites
from orqsite.embedded.cannot_start import CannotStart
from orqsite.embedded.service import Service
from orqsite.embedded.terminal import Terminal
from orqsite.environment import SettingInvalid
from schedules.version import VERSION

ROOT = Path(__file__).resolve().parents[2]
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def up(arguments: Sequence[str]) -> int:
    """Run the command with its own arguments and give its exit code; fills in this process's environment."""
    options = _parser().parse_args(arguments)
    folder = Path(os.environ.get("ORQ_DATA_DIR") or ROOT / "var").resolve()
    for number in STOP_SIGNALS:
        signal.signal(number, _interrupt)
    os.umask(0o077)  # whatever is written here is its owner's business only
    try:
        with data_folder.locked(folder):
            data_folder.keep_private(folder)
            prerequisites.require_free_port(options.port)
            _run(options, folder)
    except (CannotStart, SettingInvalid) as reason:
        print(f"Cannot start: {' '.join(str(reason).splitlines())}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"Cannot start: {data_folder.unusable(folder, error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        pass  # stopped before anything ran
    return 0


def _run(options: argparse.Namespace, folder: Path) -> None:
    terminal = Terminal(folder / "logs" / "up.log")
    service = Service(options.port, folder, terminal.write)
    try:
        terminal.say(f"\nAgent Schedules {VERSION}\n")
        _start(service, terminal, has_demo=options.demo)
        if options.demo:
            _show_demo(service.url, folder, terminal)
        terminal.say(f"\nRunning at {service.url}, the console at {service.url}/console/. Ctrl-C stops.\n")
        terminal.show_programs(True)
        threading.Event().wait()
    except KeyboardInterrupt:
        terminal.show_programs(False)
        terminal.say("\nStopping … (Ctrl-C again kills)")
    except CannotStart:
        terminal.say("\n".join(terminal.unshown_lines()))
        raise
    finally:
        _stop(service)
    terminal.say("Stopped.")


def _start(service: Service, terminal: Terminal, *, has_demo: bool) -> None:
    prerequisites.make_encryption_key(Path(os.environ["ORQ_DATA_DIR"]))
    if service.has_own_broker:
        with terminal.step("broker: embedded Valkey"):
            service.start_broker()
    else:
        with terminal.step("broker: the one of REDIS_URL"):
            prerequisites.require_broker()
    with terminal.step("database") as result:
        result.append(prerequisites.require_database())
        service.start_web()  # needs no tables to start: its imports take as long as the migrations
        prerequisites.migrate()
        prerequisites.require_known_keys()
    if has_demo:  # before any beat could fire what the demo tells of
        _seed_demo(terminal)
    with terminal.step("web, beat and worker"):
        service.start_workers()
        service.wait_until_ready()


def _seed_demo(terminal: Terminal) -> None:
    from orqsite.embedded import demo  # models can be imported once Django is set up, not before

    demo.seed(terminal)


def _show_demo(url: str, folder: Path, terminal: Terminal) -> None:
    from orqsite.embedded import demo

    demo.show(url, folder, terminal)


def _stop(service: Service) -> None:
    """Stop in order; another signal meanwhile kills."""
    for number in STOP_SIGNALS:
        # In a thread: a handler must not wait for locks the interrupted code may hold.
        signal.signal(number, lambda *_: threading.Thread(target=service.kill).start())
    service.stop()


def _interrupt(*_: object) -> None:
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)  # until stopping has its own answer to them
    raise KeyboardInterrupt


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="manage.py up", description="Start the whole service on this machine; Ctrl-C stops it."
    )
    parser.add_argument("--port", type=_port, default=8000, help="of the API and the console (default 8000)")
    parser.add_argument("--no-demo", dest="demo", action="store_false", help="no demo workspace, no demo run")
    return parser


def _port(text: str) -> int:
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise argparse.ArgumentTypeError("a port is a number from 1 to 65535")
    return int(text)
