"""One process of each server for the whole lane, and the end of their logs beside a failure."""

import os
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.proofs.agents import a2a_servers
from tests.proofs.agents.langgraph_server import LangGraph, langgraph_server
from tests.proofs.agents.litellm_proxy import LiteLlm, litellm_proxy
from tests.proofs.agents.program import RUNNING, Program
from tests.proofs.agents.strict_openai import StrictOpenAi

CHOSEN = "ORQ_TEST_AGENTS"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests that need other people's servers unless the lane is chosen: pytest counts them as such."""
    if os.environ.get(CHOSEN) == "1":
        return
    left_out = [item for item in items if item.get_closest_marker("agents")]
    if left_out:
        items[:] = [item for item in items if item not in set(left_out)]
        config.hook.pytest_deselected(items=left_out)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    """Show what the servers said last when a test fails."""
    report = yield
    if report.failed and item.get_closest_marker("agents"):
        report.sections.extend((f"end of {each.name}'s log", each.log_end()) for each in RUNNING)
    return report


@pytest.fixture(scope="session")
def _folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("agents")


@pytest.fixture(scope="session")
def litellm(_folder: Path) -> Iterator[LiteLlm]:
    """LiteLLM's proxy and the model behind it."""
    with litellm_proxy(_new(_folder, "litellm")) as running:
        yield running


@pytest.fixture(scope="session")
def langgraph(_folder: Path) -> Iterator[LangGraph]:
    """LangGraph's server."""
    with langgraph_server(_new(_folder, "langgraph")) as running:
        yield running


@pytest.fixture(scope="session")
def a2a(_folder: Path) -> Iterator[Program]:
    """The a2a-sdk, 1.0 alone."""
    with a2a_servers.a2a_server(_new(_folder, "a2a")) as running:
        yield running


@pytest.fixture(scope="session")
def a2a_also_0_3(_folder: Path) -> Iterator[Program]:
    """The a2a-sdk, 0.3 as well."""
    with a2a_servers.a2a_server_also_0_3(_new(_folder, "a2a-0.3")) as running:
        yield running


@pytest.fixture(scope="session")
def fasta2a(_folder: Path) -> Iterator[Program]:
    """FastA2A."""
    with a2a_servers.fasta2a_server(_new(_folder, "fasta2a")) as running:
        yield running


@pytest.fixture(scope="session")
def a2a_js(_folder: Path) -> Iterator[Program]:
    """The SDK for JavaScript."""
    with a2a_servers.a2a_js_server(_new(_folder, "a2a_js")) as running:
        yield running


@pytest.fixture
def openai() -> Iterator[StrictOpenAi]:
    """A strict OpenAI of the test's own."""
    with StrictOpenAi() as running:
        yield running


def _new(folder: Path, name: str) -> Path:
    made = folder / name
    made.mkdir()
    return made
