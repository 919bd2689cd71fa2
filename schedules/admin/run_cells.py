"""What the lists and pages show of a run."""

from collections.abc import Callable, Collection
from typing import Any, Final

from django.conf import settings
from django.contrib.admin import display
from django.urls import reverse
from django.utils.html import format_html

from schedules import agent_runtimes, lengths
from schedules.admin import cells
from schedules.admin.filters import in_words
from schedules.admin.pages import page_of_run
from schedules.admin.schedule_cells import agent_with_tag
from schedules.database.clock import estimated_now
from schedules.limits.calls_in_flight import Waits
from schedules.models import Run, Schedule, TriggerKind
from schedules.secrets import payloads

SHOWN_RUNS = 10
_AGAIN: Final = "_newest_repetition"
NOT_SHOWN_IN_LISTS = ("payload", "output", "output_text", "output_types", "usage")


def remember_retries(runs: Collection[Run]) -> None:
    """Read once for all of these which run repeats their work."""
    again = Run.objects.again_of_any([run.pk for run in runs]).only("id", "state", "again_of")
    newest = {each.again_of: each for each in reversed(again)} if runs else {}
    for run in runs:
        setattr(run, _AGAIN, newest.get(run.pk))


@display(description="State")
def state(run: Run) -> str:
    """Its state as a label."""
    return cells.state(run.state)


@display(description="Reason")
def reason(run: Run) -> str:
    """Why it ended so, or why it is tried again; with the last error."""
    code = run.reason or run.error_code
    if not code:
        return cells.NOTHING
    return cells.two_lines(in_words(code), run.error_message, title=run.error_message, width=cells.NARROW)


@display(description="Reason")
def reason_code(run: Run) -> str:
    """Why it waits, why it ended so, or why it is tried again."""
    full = Waits().why(run)
    return f"waits: {full}" if full else in_words(run.reason or run.error_code) or cells.NOTHING


@display(description="Schedule")
def schedule(run: Run) -> str:
    """The schedule, linked, and its agent."""
    of = run.schedule
    agent = agent_with_tag(of)
    first, second = (of.display_name, agent) if of.display_name else (agent, of.expression)
    linked = cells.link(reverse("admin:schedules_schedule_change", args=(of.pk,)), first)
    return cells.two_lines(linked, second, title=f"{first} ({of.pk})", width=cells.NARROW)


@display(description="Schedule")
def schedule_link(run: Run) -> str:
    """The schedule, linked."""
    name = run.schedule.display_name or f"{run.schedule.agent.key}, {run.schedule.expression}"
    return cells.link(reverse("admin:schedules_schedule_change", args=(run.schedule_id,)), name)


@display(description="Agent")
def agent_link(run: Run) -> str:
    """The agent, linked."""
    agent = run.schedule.agent
    return cells.link(reverse("admin:schedules_agent_change", args=(agent.pk,)), agent.key)


@display(description="Trigger")
def trigger(run: Run) -> str:
    """The clock or a person, and whether it repeats another run."""
    if run.trigger != TriggerKind.MANUAL:
        return run.trigger
    return cells.badge("again" if run.again_of else run.trigger, "primary")


@display(description="Fire time")
def fire_time(run: Run) -> str:
    """The cadence's instant; a manual run's earliest start."""
    return cells.instant(run.due_at, estimated_now())


@display(description="Lateness")
def lateness(run: Run) -> str:
    """How long after its instant it started; marked when the instant was noticed late."""
    text = cells.NOTHING if run.lateness is None else lengths.length(run.lateness)
    return cells.two_lines(text, "misfire" if run.is_misfire else "")


@display(description="Attempt")
def attempt(run: Run) -> str:
    """`2 of 5`, nothing before the first; and what became of the run that repeats its work."""
    count = cells.one_line(f"{run.attempt} of {run.max_attempts}") if run.started_at else cells.NOTHING
    again: Run | None = getattr(run, _AGAIN, None)
    if again is None:
        return count
    words = f"run again: {again.state}"
    return format_html(
        '<div>{}</div><div class="text-xs whitespace-nowrap">{}</div>',
        count,
        cells.link(page_of_run(again), words),
    )


@display(description="Duration")
def duration(run: Run) -> str:
    """From the first attempt's start to the end, or to now."""
    if run.started_at is None:
        return cells.NOTHING
    return cells.one_line(lengths.length((run.finished_at or estimated_now()) - run.started_at))


@display(description="Duration")
def duration_when_ended(run: Run) -> str:
    """The same; nothing while it lasts."""
    return duration(run) if run.finished_at else cells.NOTHING


@display(description="Payload")
def sent_payload(run: Run) -> str:
    """What was sent, the variables filled in, secrets masked; before the first attempt nothing was."""
    if run.payload is None:
        return "taken from the schedule when the run starts"
    return cells.json_block(_filled(payloads.masked(run.payload)))


def _filled(masked: payloads.Payload) -> payloads.Payload:
    if "input" not in masked:
        return masked
    variables = masked.get("variables", {})
    plain = {name: value for name, value in variables.items() if not payloads.is_secret(value)}
    return masked | {"input": agent_runtimes.filled_input(masked["input"], plain)}


def _as_code(name: str, description: str) -> Callable[[Run], str]:
    @display(description=description)
    def shown(run: Run) -> str:
        value = getattr(run, name)
        return cells.code(value) if value else cells.NOTHING

    return shown


@display(description="Trace id")
def trace_id(run: Run) -> str:
    """Our trace of the last attempt, with a link to where traces are looked at (ORQ_TRACE_URL)."""
    if not run.trace_id or not settings.ORQ.trace_url:
        return cells.code(run.trace_id) if run.trace_id else cells.NOTHING
    url = settings.ORQ.trace_url.replace("{trace_id}", run.trace_id)
    return format_html('<a href="{}" class="text-primary-600">{}</a>', url, cells.code(run.trace_id))


def _on_the_clock(name: str, description: str) -> Callable[[Run], str]:
    @display(description=description)
    def shown(run: Run) -> str:
        return cells.clock(getattr(run, name))

    return shown


run_id = _as_code("id", "Run id")
idempotency_key = _as_code("idempotency_key", "Idempotency key")
response_id = _as_code("response_id", "Response id")
agent_trace_id = _as_code("agent_trace_id", "The agent's trace id")
worker = _as_code("worker", "Worker")
due_at = _on_the_clock("fire_time", "Fire time")
not_before = _on_the_clock("not_before", "Not before")
made_at = _on_the_clock("created_at", "Recorded")
started_at = _on_the_clock("started_at", "Started")
finished_at = _on_the_clock("finished_at", "Finished")
lease_expires_at = _on_the_clock("lease_expires_at", "Lease expires")


def recent_runs(of: Schedule) -> dict[str, Any]:
    """The newest runs of a schedule as a table, and where all of them are."""
    newest = list(Run.objects.filter(schedule=of).defer(*NOT_SHOWN_IN_LISTS).order_by("-id")[:SHOWN_RUNS])
    remember_retries(newest)
    return {
        "all_url": f"{reverse('admin:schedules_run_changelist')}?schedule={of.pk}",
        "table": {
            "headers": ["State", "Reason", "Trigger", "Fire time", "Lateness", "Attempt", "Duration"],
            "rows": [_row(run) for run in newest],
        },
    }


def _row(run: Run) -> list[str]:
    state_link = cells.state(run.state, reverse("admin:schedules_run_change", args=(run.pk,)))
    return [state_link, *(cell(run) for cell in (reason, trigger, fire_time, lateness, attempt, duration))]
