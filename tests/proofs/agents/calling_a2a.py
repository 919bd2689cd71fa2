"""A2A's requests as plain JSON, in both versions; only the tests' words, not the product's."""

from dataclasses import dataclass
from typing import Any

import httpx2

from tests.proofs.agents.program import answer

Document = dict[str, Any]
VERSION_1 = {"A2A-Version": "1.0"}


@dataclass(frozen=True, slots=True)
class Caller:
    """Calls methods at one URL; the result, or the error."""

    http: httpx2.Client
    path: str = "/"

    def __call__(self, method: str, params: Document, **headers: str) -> Document:
        """The answer, after checking that it is JSON-RPC's."""
        body = {"jsonrpc": "2.0", "id": "7", "method": method, "params": params}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        document: Document = answer(self.http.post(self.path, json=body, headers=named))
        assert (document["jsonrpc"], document["id"]) == ("2.0", "7")
        return document

    def result(self, method: str, params: Document, **headers: str) -> Document:
        """The result of a call that must succeed."""
        document = self(method, params, **headers)
        assert "error" not in document, document
        result: Document = document["result"]
        return result

    def code(self, method: str, params: Document, **headers: str) -> int:
        """The code of a call that must not."""
        code: int = self(method, params, **headers)["error"]["code"]
        return code


def message_1(text: str, **more: Any) -> Document:
    """The params of `SendMessage`."""
    message = {"messageId": f"m-{text}", "role": "ROLE_USER", "parts": [{"text": text}]}
    return {"message": message | more}


def message_03(text: str, **more: Any) -> Document:
    """The params of `message/send`."""
    part = {"kind": "text", "text": text}
    message = {"kind": "message", "messageId": f"m-{text}", "role": "user", "parts": [part]}
    return {"message": message | more}


def texts(holder: Document) -> list[str]:
    """The text parts of a message, or of all artifacts of a task."""
    holders = holder.get("artifacts", []) if "status" in holder else [holder]
    return [part["text"] for each in holders for part in each["parts"] if "text" in part]


def status_texts(task: Document) -> list[str]:
    """The text parts of the status's message."""
    return texts(task["status"].get("message", {"parts": []}))
