"""A client of the API as tests hold it, and what they ask of every answer."""

import json
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.test import Client

from schedules.models import Agent, Run, Schedule

DOCUMENT = {
    "_id",
    "workspace_id",
    "agent_key",
    "type",
    "expression",
    "is_active",
    "generation",
    "payload",
    "created_by_id",
    "created",
    "updated",
    "trigger_count",
    "next_fire_at",
}
"""What every active schedule's document has; optionals that are set come on top."""


CLIENT = Client(raise_request_exception=False)
"""One for all: each would load the middleware, and that the list of static files, again."""


@dataclass
class Caller:
    """Calls the API with one key, or with none."""

    token: str | None = None

    def get(self, path: str) -> HttpResponse:
        """GET."""
        return self.call("GET", path)

    def post(self, path: str, body: Any = None) -> HttpResponse:
        """POST; without a body nothing is sent, as the public clients do."""
        return self.call("POST", path, body)

    def patch(self, path: str, body: Any) -> HttpResponse:
        """PATCH."""
        return self.call("PATCH", path, body)

    def delete(self, path: str) -> HttpResponse:
        """DELETE."""
        return self.call("DELETE", path)

    def call(self, method: str, path: str, body: Any = None) -> HttpResponse:
        """Any method, with a JSON body if there is one."""
        raw = b"" if body is None else json.dumps(body).encode()
        return self.send(method, path, raw, "application/json" if raw else "")

    def send(self, method: str, path: str, raw: bytes, content_type: str, **headers: str) -> HttpResponse:
        """Any bytes of any content type ("": the header is not sent, nor is it without bytes)."""
        if self.token is not None:
            headers = {"Authorization": f"Bearer {self.token}"} | headers
        response = CLIENT.generic(method, path, raw, content_type, headers=headers)
        assert isinstance(response, HttpResponse)
        return response


def schedules_path(agent: Agent) -> str:
    """Where an agent's schedules are."""
    return f"/v3/agents/{agent.key}/schedules"


def schedule_path(schedule: Schedule) -> str:
    """Where a schedule is."""
    return f"{schedules_path(schedule.agent)}/{schedule.id}"


def run_path(run: Run) -> str:
    """Where a run is."""
    return f"{schedule_path(run.schedule)}/runs/{run.id}"


def document(response: HttpResponse, status: int = 200) -> Any:
    """The answer's JSON, after a look at its status and content type."""
    assert (response.status_code, response["Content-Type"]) == (status, "application/json"), response.content
    return json.loads(response.content)


def assert_error(response: HttpResponse, status: int, code: str, param: str | None = None) -> str:
    """The answer is exactly the contract's body of this code; its message."""
    body = document(response, status)
    error = body["error"]
    assert error["code"] == code, error
    assert set(error) == {"code", "message", "type", "param", "doc_url"}
    assert error["param"] == param
    assert error["doc_url"] == f"/docs/errors#{code}"
    assert error["message"]
    said_twice = {"message": error["message"], "code": 16} if status == 401 else {}
    assert body == {"error": error} | said_twice
    return str(error["message"])


def everything() -> list[dict[str, Any]]:
    """All schedules and runs as they stand in the database."""
    rows: list[Any] = [*Schedule.objects.order_by("id").values(), *Run.objects.order_by("id").values()]
    return rows
