"""An Agent2Agent server, of version 1.0 and 0.3 on one URL: as strict as a2a-sdk about which is meant.

An outcome of the script is a task's state in 0.3's words (`input-required`); `polls` are what the first questions
about it meet, after which it is completed. The task says as artifact what the message said.
"""

import uuid
from collections import deque
from typing import Any

from tests.agent_server import Behaviour
from tests.workers.runtimes.drivers.served import ProtocolHandler, ServedDriver

METHODS = {
    "1.0": {"SendMessage": "send", "GetTask": "get", "CancelTask": "cancel"},
    "": {"message/send": "send", "tasks/get": "get", "tasks/cancel": "cancel"},
}


class A2aHandler(ProtocolHandler):
    def do_POST(self) -> None:  # noqa: N802  # http.server's name
        body = self._body()
        version = self.headers.get("A2A-Version", "")
        method = METHODS.get(version, {}).get(body["method"])
        self._record(method or "unknown", body)
        if version not in METHODS:
            return self._refuse(-32009, f"A2A version '{version}' is not supported by this handler.")
        if method is None:
            return self._refuse(-32601, "Method not found")
        if method == "send":
            return self._behave_new(body["params"]["message"], version)
        return self._behave_known(method, body["params"]["id"], version)

    def _behave_new(self, message: dict[str, Any], version: str) -> None:
        behaviour = self.server.next_behaviour("digest")
        task = {
            "id": uuid.uuid4().hex,
            "contextId": message.get("contextId", uuid.uuid4().hex),
            "artifacts": [
                {"artifactId": "1", "parts": [{"text": part["text"]} for part in _joined(message)]}
            ],
        }
        self.server.work[task["id"]] = (task, deque(behaviour.polls))
        self.behave(behaviour, {"task": task, "version": version, "is_new": True})

    def _behave_known(self, method: str, task_id: str, version: str) -> None:
        task, polls = self.server.work.get(task_id, (None, None))
        if task is None:
            return self._refuse(-32001, "Task not found")
        behaviour = Behaviour(outcome="canceled") if method == "cancel" else _next(polls)
        return self.behave(behaviour, {"task": task, "version": version, "is_new": False})

    def answer(self, behaviour: Behaviour, body: dict[str, Any]) -> None:
        task = _in_words_of(body["version"], body["task"], behaviour)
        wrapped = {"task": task} if body["is_new"] and body["version"] == "1.0" else task
        self.send_json({"jsonrpc": "2.0", "id": "1", "result": wrapped})

    def _refuse(self, code: int, message: str) -> None:
        self.send_json({"jsonrpc": "2.0", "id": "1", "error": {"code": code, "message": message}})


def _next(polls: deque[Behaviour]) -> Behaviour:
    return polls.popleft() if polls else Behaviour()


def _joined(message: dict[str, Any]) -> list[dict[str, str]]:
    return [{"text": "\n".join(part["text"] for part in message["parts"])}]


def _in_words_of(version: str, task: dict[str, Any], behaviour: Behaviour) -> dict[str, Any]:
    state = behaviour.outcome
    if version == "1.0":
        state = f"TASK_STATE_{state.upper().replace('-', '_')}"
    status: dict[str, Any] = {"state": state, "timestamp": "2026-11-28T21:17:22.903805Z"}
    if behaviour.error:
        status["message"] = {"messageId": "m", "role": "ROLE_AGENT", "parts": [{"text": behaviour.error}]}
    document = {**task, "status": status, **({} if version else {"kind": "task"})}
    if behaviour.outcome != "completed":
        document.pop("artifacts")
    return {**document, **behaviour.merge}


class A2aDriver(ServedDriver):
    handler = A2aHandler
    settings = {"path": ""}

    def calls(self) -> list[dict[str, Any]]:
        return self.server.calls("send")

    def polls(self) -> list[dict[str, Any]]:
        return self.server.calls("get")

    def cancellations(self) -> list[dict[str, Any]]:
        return self.server.calls("cancel")
