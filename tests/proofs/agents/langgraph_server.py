"""LangGraph's in-memory server with one small graph. For tests only: it must never be part of an image."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.proofs.agents.environments import PROGRAMS, python_of
from tests.proofs.agents.program import Program, answer

QUIET = {
    "LANGSMITH_TRACING": "false",
    "LANGCHAIN_TRACING_V2": "false",
    "LANGGRAPH_CLI_NO_ANALYTICS": "1",
    "LANGGRAPH_NO_VERSION_CHECK": "true",
}


@dataclass(frozen=True, slots=True)
class LangGraph:
    """The server and its one assistant."""

    program: Program
    assistant_id: str

    @property
    def path(self) -> str:
        """Where its A2A endpoint is, an agent's path."""
        return f"/a2a/{self.assistant_id}"


@contextmanager
def langgraph_server(folder: Path) -> Iterator[LangGraph]:
    """It, running."""
    python = python_of("langgraph")
    graphs = {"echo": f"{PROGRAMS / 'langgraph_graph.py'}:graph"}
    (folder / "langgraph.json").write_text(json.dumps({"dependencies": ["."], "graphs": graphs}))

    def command(port: int) -> list[str]:
        fixed = ["dev", "--no-browser", "--no-reload", "--host", "127.0.0.1", "--n-jobs-per-worker", "10"]
        return [str(python.with_name("langgraph")), *fixed, "--port", str(port)]

    with Program("langgraph", command, folder, ready_path="/ok", environment=QUIET) as program:
        with program.client() as http:
            (assistant,) = answer(http.post("/assistants/search", json={}))
        yield LangGraph(program, assistant["assistant_id"])
