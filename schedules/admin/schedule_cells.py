"""What the lists and pages show of a schedule."""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice

from django.contrib.admin import display
from django.urls import reverse
from django.utils.html import format_html, format_html_join

from schedules import holds
from schedules.admin import cells
from schedules.admin.pause_cells import titled
from schedules.database.clock import estimated_now
from schedules.expressions import InvalidExpression, describe
from schedules.models import Schedule
from schedules.secrets import payloads

SHOWN_FIRES = 5


def agent_with_tag(schedule: Schedule) -> str:
    """`key` or, pinned, `key@tag`."""
    return f"{schedule.agent.key}@{schedule.agent_tag}" if schedule.agent_tag else schedule.agent.key


@display(description="Schedule")
def name(schedule: Schedule) -> str:
    """Its name and agent; the agent and id when it has no name."""
    agent = agent_with_tag(schedule)
    first, second = (schedule.display_name, agent) if schedule.display_name else (agent, schedule.id)
    return cells.two_lines(first, second, title=f"{first} ({schedule.id})")


def words_of(schedule: Schedule) -> str:
    """The cadence in words."""
    try:
        return describe(schedule.cadence)
    except InvalidExpression as error:  # a row of another version: shown, not hidden behind an error page
        return f"cannot be read: {error}"


@display(description="Expression")
def expression(schedule: Schedule) -> str:
    """The expression and what it means."""
    words = words_of(schedule)
    return cells.two_lines(
        schedule.expression, words, title=f"{schedule.expression}: {words}", face=cells.MONO
    )


@display(description="In words")
def in_words(schedule: Schedule) -> str:
    """The cadence in words."""
    return words_of(schedule)


@display(description="Activity")
def activity(schedule: Schedule) -> str:
    """Active, or why not."""
    if schedule.deleted_at is not None:
        return cells.badge("deleted", "danger")
    if schedule.is_held_back:
        return cells.badge("suspended", "danger")
    pause = holds.pause_of(schedule)
    if pause is not None:
        return titled(cells.badge("held" if pause.is_hold else "paused", "warning"), str(pause))
    return cells.badge("active", "success") if schedule.is_active else cells.badge("finished", "info")


@display(description="Next fire", ordering="next_fire__fire_time")
def next_fire(schedule: Schedule) -> str:
    """When it fires next."""
    return cells.instant(holds.next_fire_under(schedule), estimated_now())


@display(description="Runs started")
def run_count(schedule: Schedule) -> str:
    """How many runs of this cadence have started."""
    return f"{schedule.trigger_count:,}"


@display(description="Last start")
def last_start(schedule: Schedule) -> str:
    """When a run of it last started."""
    return cells.instant(schedule.last_triggered_at, estimated_now())


@display(description="Agent")
def agent(schedule: Schedule) -> str:
    """The agent, linked."""
    return cells.link(reverse("admin:schedules_agent_change", args=(schedule.agent_id,)), schedule.agent.key)


@display(description=f"Next {SHOWN_FIRES} fire times")
def next_fires(schedule: Schedule) -> str:
    """The fire times to come, as the clock will find them."""
    if schedule.next_fire_at is None:
        return "none while the schedule is inactive"
    if schedule.is_held_back:
        return "unknown: it is held back because they cannot be computed; an edit of its expression mends it"
    now = estimated_now()
    shown = fire_times(schedule, SHOWN_FIRES, now)
    if not shown:
        return "none while it is held"
    return format_html_join("", "<div>{}</div>", ((cells.moment_from(moment, now),) for moment in shown))


@display(description="Preview")
def preview(schedule: Schedule) -> str:
    """What the stored expression means; what is typed takes its place. Empty for a schedule that is not yet one."""
    stored = ""
    if schedule.expression:
        stored = format_html("<p>{}</p>{}", words_of(schedule), next_fires(schedule))
    return format_html('<div id="expression-preview" aria-live="polite">{}</div>', stored)


@display(description="Check")
def payload_check(schedule: Schedule) -> str:
    """What the API's reader says of the payload that is being written."""
    return format_html('<div id="payload-check" aria-live="polite">{}</div>', "as the API reads it")


def fire_times(schedule: Schedule, limit: int, now: datetime) -> list[datetime]:
    """Its next ones, as the clock will find them; none while it is inactive, held or held back."""
    first = holds.next_fire_under(schedule)
    if first is None or schedule.is_held_back:
        return []
    return list(islice(_fire_times(schedule, first, now), limit))


def _fire_times(schedule: Schedule, first: datetime, now: datetime) -> Iterator[datetime]:
    """An overdue one fires once for all that came due with it, so what follows it lies ahead."""
    yield first
    try:
        cadence = schedule.cadence
    except InvalidExpression:  # a row of another version
        return
    moment = max(first, now)
    while (following := cadence.next_after(moment)) is not None:
        yield following
        moment = following


@display(description="Payload")
def masked_payload(schedule: Schedule) -> str:
    """The payload, secrets masked."""
    return cells.json_block(payloads.masked(schedule.payload))


@display(description="Created")
def created(schedule: Schedule) -> str:
    """When and by whom."""
    return format_html("{} by {}", cells.clock(schedule.created_at), schedule.created_by_id)


@display(description="Changed")
def updated(schedule: Schedule) -> str:
    """When and by whom it was last changed."""
    if schedule.updated_by_id is None:
        return "never"
    return format_html("{} by {}", cells.clock(schedule.updated_at), schedule.updated_by_id)


@display(description="Deleted")
def deleted(schedule: Schedule) -> str:
    """When it was deleted."""
    return cells.clock(schedule.deleted_at)


@display(description="Id")
def schedule_id(schedule: Schedule) -> str:
    """What clients call it."""
    return cells.code(schedule.id)
