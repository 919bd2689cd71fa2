"""What the page of a run shows, in islands that are fetched again until it has ended."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from django.http import HttpRequest

from schedules import lengths
from schedules.admin import cells, run_cells
from schedules.admin.islands import Island, island
from schedules.admin.pages import run_page
from schedules.admin.run_timeline import timeline
from schedules.expressions.instants import rfc3339
from schedules.models import FINAL_STATES, Run, RunState
from schedules.models.tally import BILLIONTH
from schedules.runs.attempts import Attempt, attempts_of

MOST_RETRIES: Final = 10
_HEADS: Final = ("#", "Outcome", "Worker", "Started", "Took", "Code", "Message")


def run_islands(request: HttpRequest, run: Run, buttons: list[dict[str, Any]]) -> Iterator[Island]:
    """How it stands, what came, what was sent, and whose work it is. `buttons`: what may be done to it now."""
    attempts = attempts_of(run)
    yield island(request, "run_state", _state(run, attempts, buttons))
    yield island(request, "run_answer", _answer(run))
    yield island(request, "run_request", {"payload": run_cells.sent_payload(run)})
    yield island(request, "run_links", _links(run))
    yield island(request, "run_facts", {"facts": list(_facts(run))})


def _state(run: Run, attempts: Sequence[Attempt], buttons: list[dict[str, Any]]) -> dict[str, Any]:
    is_to_undo = run.state == RunState.PENDING and run.fire_time is None and run.attempt == 1
    return {
        "state": cells.state(run.state),
        "reason": run_cells.reason_code(run),
        "error": cells.text_block(run.error_message) if run.error_message else "",
        "attempt": run_cells.attempt(run),
        "starts_at": rfc3339(run.not_before) if run.state == RunState.PENDING else "",
        "starts": cells.clock(run.not_before),
        "is_to_undo": is_to_undo,
        "buttons": buttons,
        "bars": timeline(run, attempts),
        "is_late": run.is_misfire,
        "table": {"headers": _HEADS, "rows": [_row(attempt) for attempt in attempts]},
        "has_ended": run.state in FINAL_STATES,
    }


def _row(attempt: Attempt) -> list[str]:
    took = (
        lengths.length(attempt.ended_at - attempt.started_at)
        if attempt.started_at and attempt.ended_at
        else cells.NOTHING
    )
    return [
        str(attempt.number),
        cells.outcome(attempt.outcome),
        cells.code(attempt.worker) if attempt.worker else cells.NOTHING,
        cells.clock(attempt.started_at),
        took,
        cells.code(attempt.error_code) if attempt.error_code else cells.NOTHING,
        cells.whole(attempt.error_message),
    ]


def _answer(run: Run) -> dict[str, Any]:
    return {
        "text": cells.text_block(run.output_text) if run.output_text else "",
        "items": cells.json_block(run.output) if run.output is not None else "",
        "tokens": _tokens(run),
        "cost": f"${run.cost / BILLIONTH:,.6f}" if run.cost is not None else "",
        "usage": cells.json_block(run.usage) if run.usage is not None else "",
        "has_ended": run.state in FINAL_STATES,
    }


def _tokens(run: Run) -> str:
    counted = (("in", run.input_tokens), ("out", run.output_tokens), ("cached", run.cached_tokens))
    return ", ".join(f"{count:,} {name}" for name, count in counted if count is not None)


def _links(run: Run) -> dict[str, Any]:
    """Its schedule, whose work it repeats, who repeats its own, and its neighbours in time."""
    others = Run.objects.filter(schedule=run.schedule_id).order_by("-id").only("id", "state")
    retries = Run.objects.again_of(run.pk).only("id", "state")[:MOST_RETRIES]
    return {
        "schedule": run_cells.schedule_link(run),
        "agent": run_cells.agent_link(run),
        "again_of": cells.link(run_page(run.again_of), run.again_of) if run.again_of else "",
        "retries": [cells.state_of(each.state, run_page(each.pk), each.pk) for each in retries],
        "earlier": _neighbour(others.filter(id__lt=run.pk).first()),
        "later": _neighbour(others.filter(id__gt=run.pk).reverse().first()),
    }


def _neighbour(run: Run | None) -> str:
    return cells.state_of(run.state, run_page(run.pk), run.pk) if run is not None else ""


def _facts(run: Run) -> Iterator[tuple[str, str]]:
    """What people send to somebody else: ids, and the times as they are stored."""
    shown = (
        *(run_cells.run_id, run_cells.idempotency_key, run_cells.response_id),
        *(run_cells.trace_id, run_cells.agent_trace_id, run_cells.due_at, run_cells.not_before),
        *(run_cells.made_at, run_cells.started_at, run_cells.lateness, run_cells.finished_at),
        *(run_cells.duration_when_ended, run_cells.worker, run_cells.lease_expires_at),
    )
    yield "Generation", str(run.generation)
    yield "Trigger", run.trigger
    yield "Agent's version", run.agent_tag or cells.NOTHING
    for cell in shown:
        yield str(getattr(cell, "short_description", "")), cell(run)
