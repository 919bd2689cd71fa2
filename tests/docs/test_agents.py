"""The page about agents: every runtime and dialect there is, and what is really sent."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.docs.pages import blocks, section, tables, text_of
from tests.workers.runtimes.drivers.a2a import A2aDriver
from tests.workers.runtimes.drivers.chat import ChatDriver
from tests.workers.runtimes.drivers.served import ServedDriver
from tests.workers.runtimes.drivers.webhook import WebhookDriver
from tests.workers.runtimes.factories import make_call, never
from workers.runtimes import runtime_for, runtimes
from workers.runtimes.base import Firing
from workers.runtimes.registry import BUILT_IN

PAGE = "docs/agents.md"
FIRE_TIME = datetime(2026, 6, 1, 9, tzinfo=UTC)
CALL = make_call(
    run_id="01KPN29WWKSK0VDPJNTKZPVNRB",
    input="Write the briefing for {{region}}",
    variables={"region": "EMEA"},
    metadata={"team": "growth"},
    memory_entity_id="customer-7",
    idempotency_key="01KPN29WWKSK0VDPJNTKZPVNRA-1-20260601T090000000000Z",
    firing=Firing("01KPN29WWKSK0VDPJNTKZPVNRA", "Morning briefing", 1, "cadence", FIRE_TIME, FIRE_TIME),
)


def setting(name: str) -> str:
    """The row of a setting."""
    [row] = [row for row in tables(text_of(PAGE))[0] if row[0] == name]
    return " ".join(row[1:])


def test_every_runtime_of_ours_is_named_with_its_paths_and_dialects() -> None:
    ours = [runtime for runtime in runtimes() if type(runtime) in BUILT_IN]

    assert len(ours) == len(BUILT_IN)
    for runtime in ours:
        assert f"`{runtime.name}`" in setting("runtime")
        assert runtime.needs.default_path in setting("path")
        assert all(f"`{dialect}`" in setting("dialect") for dialect in runtime.needs.dialects)


@pytest.mark.parametrize("driver", [ChatDriver, WebhookDriver, A2aDriver])
def test_what_a_runtime_is_said_to_send_is_what_it_sends(driver: type[ServedDriver]) -> None:
    name = driver.__name__.removesuffix("Driver").lower()
    [shown] = blocks(section(PAGE, f"The {name} runtime"), "json")

    with driver() as server:
        runtime_for(name).call(CALL, server.endpoint(), never)
        sent: dict[str, Any] = server.calls()[0]["body"]

    assert sent == json.loads(shown)
