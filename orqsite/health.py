"""/healthz: this process answers. /readyz: the database and the broker take writes, and how the rest stands."""

from datetime import timedelta
from typing import Any, Final

import structlog
from django.db import Error
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from schedules.api.error_codes import error_body
from schedules.health import states
from schedules.health.cached import Cached
from schedules.health.report import Report, broker_verdict, database_verdict, key_verdict, recent_report
from schedules.models import ProcessKind, ProcessRegistration

log = structlog.get_logger(__name__)

VERDICTS: Final[dict[str, Cached[str]]] = {"database": database_verdict, "broker": broker_verdict}
"""The parts without which nothing can be accepted: only these turn it red."""


@require_safe
def healthz(_: HttpRequest) -> JsonResponse:
    """Always 200: for restarting a process that hangs."""
    return JsonResponse({"status": "ok"})


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when the parts asked about take writes, else 503 that names the one that does not.

    `?only=database` asks about that part alone. Whatever else is reported never changes the status.
    """
    only = request.GET.get("only")
    if only is not None and only not in VERDICTS:
        return JsonResponse(
            error_body("invalid_request_body", "only is database or broker", "only"), status=400
        )
    parts = {name: verdict() for name, verdict in VERDICTS.items() if only in (None, name)}
    reported = {} if only == "broker" else _reported(parts["database"], is_whole=only is None)
    if problems := [_sentence(name, state) for name, state in parts.items() if state != states.OK]:
        error = error_body("service_unavailable", "; ".join(problems))
        answer = JsonResponse({"status": "unavailable", **parts, **reported, **error}, status=503)
        answer._has_been_logged = True  # type: ignore[attr-defined]  # noqa: SLF001 - what is wrong was logged when it was found
        return answer
    return JsonResponse({"status": "ok", **parts, **reported})


def _sentence(part: str, state: str) -> str:
    return f"The {part} {states.SENTENCES[state]}"


def _reported(database: str, *, is_whole: bool) -> dict[str, Any]:
    """What the database knows; nothing while it does not answer, or has no sessions for who wants to write."""
    if database not in (states.OK, states.DISK_FULL):
        return {}
    try:
        keys = {"encryption_keys": key_verdict().name}
        return keys | (_told(recent_report()) if is_whole else {})
    except Error as error:
        log.warning("health.report_failed", error=type(error).__name__)
        return {}


def _told(report: Report) -> dict[str, Any]:
    beats, workers = report.alive(ProcessKind.BEAT), report.alive(ProcessKind.WORKER)
    return {
        "beats": {"count": len(beats), "last_tick_seconds": _youngest(beats, report)},
        "workers": {
            "count": len(workers),
            "last_heartbeat_seconds": _youngest(workers, report),
            "in_flight": sum(worker.in_flight_count for worker in workers),
            "threads": sum(worker.thread_count for worker in workers),
        },
        "clock": report.clock,
        "largest_clock_offset_seconds": round(report.clock_offset.total_seconds(), 1),
        "oldest_due_fire_seconds": _seconds(report.overdue.fire),
        "oldest_due_run_seconds": _seconds(report.overdue.run),
    }


def _youngest(processes: list[ProcessRegistration], report: Report) -> float | None:
    return _seconds(min((report.at - each.last_seen_at for each in processes), default=None))


def _seconds(age: timedelta | None) -> float | None:
    return None if age is None else round(max(0.0, age.total_seconds()), 1)
