"""The runtime that calls an agent over HTTP, in the OpenResponses style.

One attempt is one POST, never repeated by itself: `Idempotency-Key` is the run's id and `X-Run-Attempt` the
attempt's number. An agent that answers `queued` or `in_progress` is polled until it is done. Texts go out as
they were written, with the variables beside them: the agent's server fills them in.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from workers.runtimes.answers import PENDING, answer_of, response_id_of
from workers.runtimes.base import AgentCall, Answer, CallFailed, Endpoint, Needs
from workers.runtimes.line import AgentLine, agent_line
from workers.runtimes.polling import poll


class ResponsesRuntime:
    """Calls `POST {base_url}{path}` and reads the response document that comes back."""

    name = "responses"
    needs = Needs(
        "Responses API over HTTP",
        has_address=True,
        default_path="/v3/router/responses",
        dialects=("orq", "openai"),
        dialect_paths=(("/v1/responses", "openai"),),
    )

    def check(self, payload: Mapping[str, Any], dialect: str) -> None:
        """Nothing is refused."""

    def call(self, call: AgentCall, endpoint: Endpoint, should_abort: Callable[[], bool]) -> Answer:
        """One attempt over HTTP.

        Retryable: timeouts, a connection that fails or breaks, 408, 425, 429 (with Retry-After) and 5xx.
        Final: any other status, redirects, answers that cannot be read or are too large, and an agent that
        reports `failed`, `cancelled` or `incomplete`.
        """
        with agent_line(call, endpoint, should_abort) as line:
            document = line.document(line.post(endpoint.path, _body(call)))
            try:
                return answer_of(_finished(line, document), line.redact)
            except CallFailed as failure:
                failure.response_id = response_id_of(document)
                raise


def _finished(line: AgentLine, document: dict[str, Any]) -> dict[str, Any]:
    """The document once the agent is done with it, asking after it as long as the call may last."""
    if not _is_pending(document):
        return document
    response_id = response_id_of(document)
    if response_id is None:
        raise CallFailed("invalid_response", "the agent is still at work but gave no id to ask for")
    path = _path_of(response_id, line.endpoint.path)
    return poll(line, lambda: line.document(line.get(path)), _is_pending)


def _is_pending(document: dict[str, Any]) -> bool:
    return document.get("status") in PENDING


def _path_of(response_id: str, path: str) -> str:
    """Where a response is asked for; a query of the configured path is kept."""
    path, mark, query = path.partition("?")
    return f"{path.rstrip('/')}/{quote(response_id, safe='')}{mark}{query}"


def _body(call: AgentCall) -> dict[str, Any]:
    """The request. What is empty is left out: strict servers refuse fields they do not know."""
    tag = f"@{call.agent_tag}" if call.agent_tag else ""
    body: dict[str, Any] = {"model": f"agent/{call.agent_key}{tag}", "input": call.input}
    if call.variables:
        body["variables"] = call.variables
    if call.metadata:
        body["metadata"] = {name: _as_string(value) for name, value in call.metadata.items()}
    if call.memory_entity_id:
        body["memory"] = {"entity_id": call.memory_entity_id}
    return body


def _as_string(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
