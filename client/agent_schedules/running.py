"""Commands that run: run now, run again, and waiting for the answer."""

import time
import uuid

import click

from agent_schedules import output
from agent_schedules.commands import connected, main
from agent_schedules.connection import Connection, Document, Refused, at
from agent_schedules.finding import path_of, path_of_run, run_of, schedule_of
from agent_schedules.times import shown

ENDED = ("succeeded", "failed", "cancelled", "discarded")
SECONDS_BETWEEN_LOOKS = 1.0

_wait = click.option("--wait", is_flag=True, help="Wait for the answer; exit status 4 unless it succeeds.")


@main.command()
@click.argument("schedule")
@_wait
@connected
def run(api: Connection, is_json: bool, schedule: str, wait: bool) -> None:
    """Run a schedule now: the run starts 10 s from now."""
    found = schedule_of(api, schedule)
    answer = api.post(path_of(found, "execution"), once=str(uuid.uuid4()))
    if wait:
        new = {
            "_id": _newest_of_this_key(api, found),
            "schedule_id": found["_id"],
            "agent_key": found["agent_key"],
        }
        _see_it_through(api, new, is_json)
    elif is_json:
        output.as_json(answer)
    else:
        click.echo(f"Schedule {found['_id']} will run in 10 s.")


def _newest_of_this_key(api: Connection, schedule: Document) -> str:
    """The id of the run just asked for: its line in the journal has the same."""
    lines = api.get(
        at("journal"), object_id=schedule["_id"], verb="run_now", actor_id=api.key_id or None, limit=1
    )["lines"]
    if not lines:
        raise Refused(
            "The schedule will run, but its run cannot be followed: this key may not read the journal"
        )
    return str(lines[0]["_id"])


@main.command()
@click.argument("run")
@_wait
@connected
def retry(api: Connection, is_json: bool, run: str, wait: bool) -> None:
    """Run an ended, unsuccessful run again, with the payload it had."""
    ended = run_of(api, run)
    new = api.post(path_of_run(ended, "retry"), once=str(uuid.uuid4()))
    if wait:
        _see_it_through(api, new | {"agent_key": ended["agent_key"]}, is_json)
    elif is_json:
        output.as_json(new)
    else:
        click.echo(f"Run {new['_id']} repeats run {ended['_id']}; it starts in 10 s.")


def _see_it_through(api: Connection, run: Document, is_json: bool) -> None:
    """Say what becomes of it, on standard error; its answer on standard output."""
    path, said = path_of_run(run), ""
    while True:
        now = api.get(path)
        if (words := _progress(now)) != said:
            click.echo(words, err=True)
            said = words
        if now["state"] in ENDED:
            break
        time.sleep(SECONDS_BETWEEN_LOOKS)
    if is_json:
        output.as_json(now)
    elif now.get("output_text"):
        click.echo(now["output_text"])
    if now["state"] != "succeeded":
        raise click.exceptions.Exit(4)


def _progress(run: Document) -> str:
    """One line; it changes when something has happened."""
    name, attempt = f"run {run['_id']}", f"attempt {run['attempt']} of {run['max_attempts']}"
    match run["state"]:
        case "pending" if run.get("waits_for"):
            return f"{name} waits: {run['waits_for']}"
        case "pending":
            return f"{name} starts {run['not_before'][:19].replace('T', ' ')}Z, {attempt}"
        case "running":
            return f"{name} is running, {attempt}"
        case "succeeded":
            return f"{name} succeeded, {attempt}"
    error = run.get("error") or {}
    why = error.get("message") or run.get("reason", "")
    return f"{name} {run['state']}, {attempt}: {error.get('code') or run.get('reason', '')} {why}".rstrip()


@main.command("show-run")
@click.argument("run")
@connected
def show_run(api: Connection, is_json: bool, run: str) -> None:
    """One run: why it ended as it did, and what the agent answered."""
    found = api.get(path_of_run(summary := run_of(api, run)))
    if is_json:
        output.as_json(found)
        return
    error = found.get("error") or {}
    output.facts(
        [
            ("run", found["_id"]),
            ("agent", summary.get("agent_key")),
            ("schedule", summary.get("schedule_name") or found["schedule_id"]),
            ("state", found["state"]),
            ("reason", found.get("reason")),
            ("error", output.one_line(error.get("message"))),
            ("due", shown(found.get("fire_time") or found["not_before"])),
            ("started", shown(found.get("started_at"))),
            ("ended", shown(found.get("finished_at"))),
            ("attempts", f"{found['attempt']} of {found['max_attempts']}"),
            ("retry of", found.get("retry_of")),
            ("retried by", found.get("retried_by")),
            ("trace", found.get("trace_id")),
            ("answer", output.one_line(found.get("output_text"))),
        ]
    )
