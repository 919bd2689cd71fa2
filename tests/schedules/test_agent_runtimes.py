"""What the domain knows of the runtimes: all of them, what each needs, and what it refuses at save."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from schedules import agent_runtimes
from schedules.agent_runtimes import UnknownRuntime
from schedules.errors import InvalidRequest
from workers.runtimes import runtime_names
from workers.runtimes.base import Needs, PayloadRefused


class Pigeon:
    """A runtime that carries short messages only."""

    name = "pigeon"
    needs = Needs(
        "Carrier pigeon",
        has_address=True,
        dialects=("coo", "cooo"),
        dialect_paths=(("/loft", "cooo"),),
    )

    def check(self, payload: Mapping[str, Any], dialect: str) -> None:
        if len(payload["input"]) > (4 if dialect == "coo" else 8):
            raise PayloadRefused(f"too heavy in {dialect}", "payload.input")


@pytest.fixture
def pigeon() -> Iterator[None]:
    agent_runtimes.register(Pigeon())
    yield
    del agent_runtimes._SPECS["pigeon"]


def test_every_runtime_of_the_workers_is_known_to_the_domain() -> None:
    assert agent_runtimes.names() == runtime_names()


def test_each_runtime_is_offered_with_a_label_for_people() -> None:
    labels = dict(agent_runtimes.choices())

    assert labels["echo"] == agent_runtimes.spec_of("echo").needs.label
    assert all(labels.values())


def test_an_unknown_runtime_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(UnknownRuntime, match=r"no runtime 'owl'; there are .*echo"):
        agent_runtimes.spec_of("owl")


@pytest.mark.usefixtures("pigeon")
def test_a_payload_that_the_runtime_cannot_send_is_refused_at_its_field() -> None:
    with pytest.raises(InvalidRequest, match="too heavy in coo") as refusal:
        agent_runtimes.check_payload("pigeon", {"input": "12345"}, "coo")

    assert refusal.value.param == "payload.input"


@pytest.mark.usefixtures("pigeon")
def test_the_path_tells_the_dialect_of_an_agent_that_names_none() -> None:
    agent_runtimes.check_payload("pigeon", {"input": "12345"}, "", "/old/loft/?x=1")

    with pytest.raises(InvalidRequest, match=r"too heavy in coo$"):
        agent_runtimes.check_payload("pigeon", {"input": "12345"}, "", "/elsewhere")


@pytest.mark.usefixtures("pigeon")
def test_an_error_of_the_runtime_is_not_taken_for_a_refusal() -> None:
    with pytest.raises(KeyError):
        agent_runtimes.check_payload("pigeon", {}, "coo")


def test_nothing_is_refused_for_a_runtime_that_is_not_here() -> None:
    agent_runtimes.check_payload("owl", {"input": "x" * 100})
