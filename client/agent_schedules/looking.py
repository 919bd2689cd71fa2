"""Commands that look: status, list, show, agents, runs."""

from collections.abc import Iterable
from datetime import datetime

import click

from agent_schedules import output
from agent_schedules.commands import connected, main
from agent_schedules.connection import Connection, Document, at
from agent_schedules.finding import path_of, schedule_of
from agent_schedules.times import Since, rfc3339, shown

STATES = ("pending", "running", "succeeded", "failed", "cancelled", "discarded")
_most = click.option(
    "--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="Most to show."
)


@main.command()
@connected
def status(api: Connection, is_json: bool) -> None:
    """How everything stands: what is wrong, held, failed or missed. Exit status 4 if not all is well."""
    overview = api.get(at("overview"))
    if is_json:
        output.as_json(overview)
    else:
        _tell(overview)
    if not overview["is_well"]:
        raise click.exceptions.Exit(4)


def _tell(overview: Document) -> None:
    processes, failures = overview["processes"], overview["failures"]
    for concern in overview["concerns"]:
        click.echo(f"{concern['severity'].upper()}: {concern['message']}")
    for hold in overview["holds"]:
        click.echo(f"PAUSED: {_reach_of(hold)}{_details_of(hold)}")
    if not (overview["concerns"] or overview["holds"]):
        click.echo(
            "All is well." if overview["is_well"] else "The service is well, but not everything it did."
        )
    more = " or more" if failures["is_at_least"] else ""
    output.facts(
        [
            ("beats, workers", f"{processes['beats']}, {processes['workers']}"),
            ("calls in flight", processes["calls_in_flight"]),
            ("open incidents", overview.get("incidents", {}).get("open", 0)),
            ("failed in 24 h", f"{failures['count']}{more}"),
            ("missed in 24 h", overview["missed_count"]),
            ("ledger", overview["ledger"]["verdict"].replace("_", " ")),
        ]
    )
    if failures["groups"]:
        click.echo()
        rows = [
            (group["agent_key"], group["reason"], group["count"], shown(group["newest"]))
            for group in failures["groups"]
        ]
        output.table(("AGENT", "REASON", "RUNS", "NEWEST"), rows)


@main.command("list")
@click.option("--agent", help="Only of this agent.")
@click.option("--activity", type=click.Choice(["active", "paused", "finished"]), help="Only such schedules.")
@_most
@connected
def list_(api: Connection, is_json: bool, agent: str | None, activity: str | None, limit: int) -> None:
    """Schedules, the newest first."""
    found = list(api.pages(at("schedules"), "schedules", limit, agent=agent, activity=activity))
    if is_json:
        output.as_json({"schedules": found})
        return
    rows = [
        (each["_id"], each["agent_key"], each.get("display_name"), each["expression"], *_next(each))
        for each in found
    ]
    output.table(("SCHEDULE", "AGENT", "NAME", "EXPRESSION", "NEXT FIRE"), rows)


def _next(schedule: Document) -> Iterable[str]:
    if schedule["is_active"]:
        return (shown(schedule.get("next_fire_at")),)
    return (_pause_in_words(schedule) or "not active",)


def _pause_in_words(paused: Document) -> str:
    """Of a schedule or an agent."""
    pause = paused.get("pause")
    if not pause:
        return ""
    is_its_own = pause["scope"] == ("schedule" if "expression" in paused else "agent")
    return "paused" + ("" if is_its_own else f" with {_reach_of(pause)}") + _details_of(pause)


def _reach_of(pause: Document) -> str:
    """What is paused."""
    if "agent_key" in pause:
        return f"agent {output.one_line(pause['agent_key'])}"
    return str({"agent": "its agent", "workspace": "the workspace"}.get(pause["scope"], pause["scope"]))


def _details_of(pause: Document) -> str:
    """Until when, and why."""
    until, note = pause.get("until"), output.one_line(pause.get("note", ""))
    return (f" until {shown(until)}" if until else "") + (f": {note}" if pause.get("note") else "")


@main.command()
@click.argument("schedule")
@connected
def show(api: Connection, is_json: bool, schedule: str) -> None:
    """One schedule, and its newest runs."""
    found = api.get(path_of(schedule_of(api, schedule)))
    if is_json:
        output.as_json(found)
        return
    output.facts(
        [
            ("schedule", found["_id"]),
            ("name", found.get("display_name")),
            ("agent", found["agent_key"]),
            ("version", found.get("agent_tag")),
            ("expression", f"{found['expression']} ({found['type']})"),
            ("next fire", "".join(_next(found))),
            ("last run", shown(found.get("last_triggered_at"))),
            ("runs", found["trigger_count"]),
            ("generation", found["generation"]),
            ("input", output.one_line(found["payload"].get("input"))),
        ]
    )
    click.echo()
    newest = api.get(path_of(found, "runs"), limit=5)["runs"]
    output.table(RUN_HEADERS[:1] + RUN_HEADERS[3:], [row_of(run)[:1] + row_of(run)[3:] for run in newest])


@main.command()
@_most
@connected
def agents(api: Connection, is_json: bool, limit: int) -> None:
    """The agents that the key reaches."""
    found = list(api.pages(at("agents"), "agents", limit))
    if is_json:
        output.as_json({"agents": found})
        return
    rows = [
        (each["key"], each["runtime"], each.get("model"), each.get("base_url"), _pause_in_words(each))
        for each in found
    ]
    output.table(("AGENT", "RUNTIME", "MODEL", "ADDRESS", "PAUSE"), rows)


RUN_HEADERS = ("RUN", "AGENT", "SCHEDULE", "STATE", "WHY", "DUE", "ATTEMPT")


def row_of(run: Document) -> tuple[object, ...]:
    """A run as a line of a table."""
    error = run.get("error") or {}
    why = run.get("reason") or error.get("code") or ("run again" if run.get("retried_by") else "")
    due = run.get("fire_time") or run["not_before"]
    name = run.get("schedule_name") or run["schedule_id"]
    attempt = f"{run['attempt']}/{run['max_attempts']}"
    return (run["_id"], run.get("agent_key"), name, run["state"], why, shown(due), attempt)


@main.command()
@click.option("--failed", "is_failed", is_flag=True, help="Only those that failed.")
@click.option("--state", type=click.Choice(STATES), help="Only those in this state.")
@click.option("--reason", help="Only those that ended for this reason.")
@click.option("--agent", help="Only of this agent.")
@click.option("--since", type=Since(), help="Only those made since then: 90m, 24h, 7d, or an instant.")
@_most
@connected
def runs(
    api: Connection,
    is_json: bool,
    is_failed: bool,
    state: str | None,
    reason: str | None,
    agent: str | None,
    since: datetime | None,
    limit: int,
) -> None:
    """Runs of all schedules, the newest first."""
    if is_failed and state not in (None, "failed"):
        raise click.UsageError("--failed and --state contradict each other")
    asked = {
        "state": "failed" if is_failed else state,
        "reason": reason,
        "agent": agent,
        "from_": rfc3339(since) if since else None,
    }
    found = list(api.pages(at("runs"), "runs", limit, **asked))
    if is_json:
        output.as_json({"runs": found})
        return
    output.table(RUN_HEADERS, [row_of(run) for run in found])
