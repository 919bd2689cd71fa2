"""A finished event stream as the tests read it."""

import json
from typing import Any


def events(body: str) -> list[dict[str, Any]]:
    """The JSON of every `data:` line; `[DONE]` is left out."""
    lines = [line.removeprefix("data: ") for line in body.splitlines() if line.startswith("data: ")]
    return [json.loads(line) for line in lines if line != "[DONE]"]
