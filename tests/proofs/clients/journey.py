"""What a program does with a client of the API: every operation, and every error it must understand.

Runs in a client's own environment, on the standard library and the client that is handed in. Each check is one line
of JSON on standard output: `{"mode", "check", "operation", "answer": document or null}` when the client returned, and
`{"mode", "check", "operation", "error": {"class", "status", "data", "body"}}` when it raised.
"""

import asyncio
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from tests.proofs.clients.examples import MASK, New

Document = dict[str, Any]
Invoke = Callable[..., Any]

OPERATIONS: Final = ("list", "create", "retrieve", "update", "trigger", "delete")
MODES: Final = ("sync", "async")
UNKNOWN_ID: Final = "01KPN29WWKSK0VDPJNTKZPVNRB"


@dataclass(frozen=True, slots=True)
class Given:
    """What is there before a client comes: read from standard input, one for each mode."""

    base_url: str
    key: str
    read_only_key: str
    agent_key: str
    """Has the versions v1 and v2 and the schedules named below."""
    idle_agent_key: str
    """Has no schedule."""
    foreign_id: str
    """A schedule of a third agent."""
    interval_id: str
    fired_id: str
    """A once schedule that has fired."""


class Caller:
    """One client with one key: calls operations on one agent and prints what comes of it."""

    def __init__(self, client: Any, mode: str, agent_key: str) -> None:
        self._invoke = _invoker(client.schedules, mode)
        self._mode, self._agent_key = mode, agent_key

    def __call__(self, check: str, operation: str, **arguments: Any) -> Document:
        """The answer as a document in the API's own field names; {} when there is none."""
        line: Document = {"mode": self._mode, "check": check, "operation": operation}
        try:
            answer = self._invoke(operation, **{"agent_key": self._agent_key} | arguments)
            line["answer"] = None if answer is None else json.loads(answer.model_dump_json(by_alias=True))
        except Exception as error:  # whatever a client raises is what the tests want to see
            line["error"] = _described(error)
        print(json.dumps(line), flush=True)
        return line.get("answer") or {}


def _invoker(schedules: Any, mode: str) -> Invoke:
    if mode == "sync":
        return lambda operation, **arguments: getattr(schedules, operation)(**arguments)
    runner = asyncio.Runner()
    return lambda operation, **arguments: runner.run(getattr(schedules, f"{operation}_async")(**arguments))


def _described(error: Exception) -> Document:
    """Class, HTTP status, the typed data of the error, and the body as it came."""
    data = getattr(error, "data", None)
    return {
        "class": type(error).__name__,
        "status": getattr(error, "status_code", None),
        "data": None if data is None else json.loads(data.model_dump_json(by_alias=True)),
        "body": getattr(error, "body", str(error)),
    }


Connect = Callable[[str | None], Caller]
"""How to connect with a key; None: without one."""


def run(client_class: Any, walk: Callable[[Given, Connect], None]) -> None:
    """Walk once the ordinary way and once with coroutines."""
    for mode, fields in json.load(sys.stdin).items():
        given = Given(**fields)
        walk(given, partial(_connect, client_class, mode, given))


def _connect(client_class: Any, mode: str, given: Given, key: str | None) -> Caller:
    return Caller(client_class(api_key=key, server_url=given.base_url), mode, given.agent_key)


def create_all(call: Caller, examples: dict[str, New], refused: dict[str, New]) -> dict[str, str]:
    """Create every example, try what must be refused; the ids by name."""
    created = {name: call(f"create {name}", "create", **new) for name, new in examples.items()}
    for name, new in refused.items():
        call(f"refuse {name}", "create", **new)
    return {name: schedule.get("_id", UNKNOWN_ID) for name, schedule in created.items()}


def read(call: Caller, given: Given, id_: str) -> None:
    """List and retrieve."""
    call("list", "list")
    call("list of none", "list", agent_key=given.idle_agent_key)
    call("retrieve", "retrieve", schedule_id=id_)
    call("retrieve an interval", "retrieve", schedule_id=given.interval_id)
    call("retrieve a once that has fired", "retrieve", schedule_id=given.fired_id)


def change(call: Caller, id_: str) -> None:
    """Every update that all clients know, and a trigger in between."""
    call("change cadence", "update", schedule_id=id_, expression="0 0 10 * * *", type_="cron")
    call("deactivate", "update", schedule_id=id_, is_active=False)
    call("trigger while inactive", "trigger", schedule_id=id_)
    call("reactivate", "update", schedule_id=id_, is_active=True)
    payload = {"input": "Updated input for the next run", "variables": {"region": "APAC"}}
    call("replace payload", "update", schedule_id=id_, payload=payload)
    call("pin another version", "update", schedule_id=id_, agent_tag="v1")
    call("trigger", "trigger", schedule_id=id_)
    call("retrieve after the trigger", "retrieve", schedule_id=id_)


def send_mask_back(call: Caller, id_: str) -> None:
    """Update a payload as it was read, its secret masked."""
    payload = {"input": "Sign in again", "variables": {"token": {"secret": True, "value": MASK}}}
    call("send the mask back", "update", schedule_id=id_, payload=payload)


def delete(call: Caller, id_: str) -> None:
    """Delete, and look for what was deleted."""
    call("delete", "delete", schedule_id=id_)
    call("retrieve the deleted", "retrieve", schedule_id=id_)
    call("delete again", "delete", schedule_id=id_)
    call("list after the delete", "list")


def meet_errors(call: Caller, given: Given, new: New, id_: str) -> None:
    """What a right key is refused: unknown agents, versions and schedules, bad bodies."""
    call("list: unknown agent", "list", agent_key="nobody")
    call("create: unknown agent", "create", **new, agent_key="nobody")
    call("create: unknown tag", "create", **new | {"agent_tag": "v9"})
    call("create: bad payload", "create", **new | {"payload": {"input": 5}})
    call("create: too large", "create", **new | {"payload": {"input": ["x" * 60_000] * 5}})
    call("update: unknown tag", "update", schedule_id=id_, agent_tag="v9")
    call("update: bad expression", "update", schedule_id=id_, expression="*/5 * * * * *")
    for operation in ("retrieve", "update", "trigger", "delete"):
        more = {"is_active": False} if operation == "update" else {}
        call(f"{operation}: unknown schedule", operation, schedule_id=UNKNOWN_ID, **more)
        call(f"{operation}: another agent's", operation, schedule_id=given.foreign_id, **more)


def knock_with_wrong_keys(connect: Connect, given: Given, new: New, id_: str) -> None:
    """Every operation with a key that must not do it, or must not do all."""
    more = {"create": new, "list": {}, "update": {"schedule_id": id_, "is_active": False}}
    keys = {"no key": None, "wrong key": f"{given.key}x", "read-only key": given.read_only_key}
    for name, key in keys.items():
        call = connect(key)
        for operation in OPERATIONS:
            call(f"{operation}: {name}", operation, **more.get(operation, {"schedule_id": id_}))
