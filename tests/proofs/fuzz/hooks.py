"""Schemathesis' hooks: real ids and valid expressions instead of random ones, and a line for each answer.

Runs in Schemathesis' own environment: the standard library, Schemathesis and given.py.
"""

import json
import os
from itertools import count, cycle
from pathlib import Path
from typing import Any, Final

# Installed in an environment of its own only; see tests/environments.py.
import schemathesis  # type: ignore[import-not-found]

from tests.proofs.fuzz.given import Given

EXPRESSIONS: Final = cycle(
    [
        {"type": "cron", "expression": "0 0 9 * * mon-fri"},
        {"type": "cron", "expression": "@daily"},
        {"type": "interval", "expression": "@every 90m"},
        {"type": "once", "expression": "@at 2099-05-01T09:00:00Z"},
    ]
)
TYPES: Final = ("cron", "interval", "once")
LONGEST_TAG: Final = 100
LEFT_ALONE: Final = 5
"""One case in so many keeps everything random, but not of an operation that would use up what others need."""

_given = Given.from_environment()
_places = {name: cycle(places) for name, places in _given.own_places.items()}
_any_place = cycle(_given.places)
_number = count()
_answers = Path(os.environ["FUZZ_ANSWERS"]).open("a", encoding="utf-8")  # noqa: SIM115 - open until the process ends


@schemathesis.hook  # type: ignore[untyped-decorator]  # not installed here
def map_case(context: Any, case: Any) -> Any:
    """What was to be valid becomes real; what was to be invalid stays so."""
    number = next(_number)
    if number % LEFT_ALONE or _operation_id(case) in _places:
        _lead_somewhere(case)
        _be_an_agent(case, number)
        _mean_something(case)
        _be_the_first(case, number)
    return case


def _lead_somewhere(case: Any) -> None:
    place = next(_places.get(_operation_id(case), _any_place))
    if _is_valid(case, "path"):
        known = {name: place[name] for name in case.path_parameters or {} if name in place}
        case.path_parameters = {**(case.path_parameters or {}), **known}
    if _operation_id(case) == "replay-deliveries" and _is_valid(case, "body"):
        sent = case.body if isinstance(case.body, dict) else {}
        case.body = sent | {
            "webhook_id": place["webhook_id"]
        }  # the dead letters of others are left to others


def _mean_something(case: Any) -> None:
    """Also in a body with a mistake, around the mistake: else the expression would be refused before it is found."""
    body = case.body
    if not isinstance(body, dict):
        return
    is_valid = _is_valid(case, "body")
    if _is_expressed(body) or (is_valid and body.keys() & {"type", "expression"}):
        body = body | next(EXPRESSIONS)
    tag = body.get("agent_tag")
    if isinstance(tag, str) and (is_valid or len(tag) <= LONGEST_TAG):
        body = body | {"agent_tag": "v2"}
    case.body = body


def _be_an_agent(case: Any, number: int) -> None:
    """One that calls nobody, of a new key: what is random in its other settings is refused, or kept, all the same."""
    if _operation_id(case) in ("create-agent", "update-agent") and _is_valid(case, "body"):
        sent = case.body if isinstance(case.body, dict) else {}
        kept = {name: sent[name] for name in ("background", "stream", "extra_body") if name in sent}
        new = {"key": f"made_{number}"} if _operation_id(case) == "create-agent" else {}
        case.body = kept | {"runtime": "echo", "extra_body": {}} | new


def _is_expressed(body: dict[str, Any]) -> bool:
    """Whether there is no mistake in the two fields that belong together."""
    return body.get("type") in TYPES and isinstance(body.get("expression"), str)


def _be_the_first(case: Any, number: int) -> None:
    """Not a repeat of another case, and on no condition: else most are refused for that alone."""
    if _is_valid(case, "header") and case.headers:
        case.headers.pop("If-Match", None)
        if "Idempotency-Key" in case.headers:
            case.headers["Idempotency-Key"] = f"case-{number}"


def _is_valid(case: Any, location: str) -> bool:
    """Whether this part of the case was made to agree with the description."""
    components = {str(place.value): part for place, part in case.meta.components.items()}
    part = components.get(location)
    return part is None or str(part.mode.value) == "positive"


def _operation_id(case: Any) -> str:
    return str(case.operation.definition.raw.get("operationId"))


@schemathesis.hook  # type: ignore[untyped-decorator]  # not installed here
def after_call(context: Any, case: Any, response: Any) -> None:
    """Write the answer down."""
    is_own = case.method.upper() == case.operation.method.upper()
    line = {"operation": _operation_id(case), "is_own_method": is_own, "status": response.status_code}
    _answers.write(json.dumps(line) + "\n")
    _answers.flush()
