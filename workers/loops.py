"""The loops a process lives by: when each last went round, and an end to the process when one stands still.

A beat whose tick never returns, or a worker that no longer takes messages, looks alive from outside and is never
restarted. So its own watchdog ends it, and whoever supervises it starts it again.

A loop that waits for the database or the broker does not stand still: starting again would not end an outage. Nor
does time count in which the whole process was stopped.
"""

import os
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from types import FrameType
from typing import Final

import structlog

log = structlog.get_logger(__name__)

LOOK_SECONDS: Final = 1.0
EXIT_CODE: Final = 70
"""EX_SOFTWARE of sysexits.h."""

_OUTSIDE: Final = ("psycopg", "django.db.backends.", "redis.", "kombu.connection", "kombu.utils.functional")
"""Modules that talk to the database or the broker, or wait until it can be reached again."""


@dataclass(slots=True)
class _Loop:
    """One loop; `rest_seconds`: how long it may sleep between two rounds."""

    rest_seconds: float
    thread: int = 0
    round_count: int = 0
    went_round_at: float = field(default_factory=time.monotonic)
    seen_count: int = -1
    stood_seconds: float = 0.0


_loops: dict[str, _Loop] = {}


def went_round(name: str, rest_seconds: float = 0.0) -> None:
    """The loop says at each round that it goes on; from its first round on it is watched."""
    loop = _loops.get(name) or _loops.setdefault(name, _Loop(rest_seconds))
    loop.thread = threading.get_ident()
    loop.round_count += 1
    loop.went_round_at = time.monotonic()


def ends(name: str) -> None:
    """The loop is about to end in order."""
    _loops.pop(name, None)


def idle() -> timedelta:
    """How long ago the slowest loop went round."""
    now = time.monotonic()
    return timedelta(seconds=max((now - loop.went_round_at for loop in list(_loops.values())), default=0.0))


def watch(patience_seconds: float) -> threading.Thread:
    """Start the watchdog: a loop that stands still for longer than this ends the process."""
    watchdog = threading.Thread(target=_watch, args=(patience_seconds,), name="watchdog", daemon=True)
    watchdog.start()
    return watchdog


def _watch(patience_seconds: float) -> None:
    looked_at = time.monotonic()
    while True:
        time.sleep(LOOK_SECONDS)
        now = time.monotonic()
        # Of a long sleep the process itself was stopped: the loops had no chance to go round.
        count_stillness(min(now - looked_at, 2 * LOOK_SECONDS))
        looked_at = now
        for name, loop in list(_loops.items()):
            if loop.stood_seconds > patience_seconds + loop.rest_seconds:
                _end_process(name, loop)


def count_stillness(elapsed_seconds: float) -> None:
    """Add the time since the last look to every loop that has not gone round in it."""
    frames = sys._current_frames()  # noqa: SLF001 - the only way to see where a thread is
    for loop in list(_loops.values()):
        if loop.round_count != loop.seen_count or _waits_outside(frames.get(loop.thread)):
            loop.seen_count, loop.stood_seconds = loop.round_count, 0.0
        else:
            loop.stood_seconds += elapsed_seconds


def _waits_outside(frame: FrameType | None) -> bool:
    return any(module.startswith(_OUTSIDE) for module in _modules(frame))


def _modules(frame: FrameType | None) -> Iterator[str]:
    """The modules of what a thread is doing, the innermost first."""
    while frame is not None:
        yield str(frame.f_globals.get("__name__", ""))
        frame = frame.f_back


def _end_process(name: str, loop: _Loop) -> None:
    """At once and without cleaning up: whatever holds the loop may hold that up, and the log, as well."""
    said = threading.Thread(target=_say, args=(name, loop), daemon=True)
    said.start()
    said.join(2)
    os._exit(EXIT_CODE)


def _say(name: str, loop: _Loop) -> None:
    frame = sys._current_frames().get(loop.thread)  # noqa: SLF001 - as above
    place = f"{frame.f_code.co_filename}:{frame.f_lineno} {frame.f_code.co_qualname}" if frame else "ended"
    log.error("process.stalled", loop=name, seconds=round(loop.stood_seconds), place=place)
