"""From what people type to what the API calls it: a schedule by id or name, a run by its id."""

import re
from typing import Final

from agent_schedules.connection import Connection, Document, Refused, at

_ULID: Final = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}")
MOST_LOOKED_AT: Final = 2_000
"""Schedules, when one is looked for by its name."""


def schedule_of(api: Connection, name: str) -> Document:
    """The schedule of this id, or the only one of this name."""
    if _ULID.fullmatch(name.upper()):
        found = api.get(at("schedules"), id=name.upper())["schedules"]
        if not found:
            raise Refused(f"There is no schedule {name}")
        return _only(found)
    named = [
        each
        for each in api.pages(at("schedules"), "schedules", MOST_LOOKED_AT)
        if each.get("display_name") == name
    ]
    if len(named) > 1:
        ids = ", ".join(each["_id"] for each in named)
        raise Refused(f"{len(named)} schedules are called {name!r}: give one of the ids {ids}")
    if not named:
        raise Refused(
            f"No schedule is called {name!r}; `agent-schedules list` shows ids and names "
            f"(the newest {MOST_LOOKED_AT:,} were looked at)"
        )
    return named[0]


def run_of(api: Connection, run_id: str) -> Document:
    """The run of this id, as lists show it."""
    found = api.get(at("runs"), id=run_id.upper())["runs"] if _ULID.fullmatch(run_id.upper()) else []
    if not found:
        raise Refused(f"There is no run {run_id}")
    return _only(found)


def _only(found: list[Document]) -> Document:
    [one] = found
    return one


def path_of(schedule: Document, *names: str) -> str:
    """Where a schedule is in the API, and what is below it."""
    return at("agents", schedule["agent_key"], "schedules", schedule["_id"], *names)


def path_of_run(run: Document, *names: str) -> str:
    """Where a run is in the API; Refused for one whose agent is gone."""
    if "agent_key" not in run:
        raise Refused(f"The agent of run {run['_id']} is gone")
    return at("agents", run["agent_key"], "schedules", run["schedule_id"], "runs", run["_id"], *names)
