"""The examples that check a signature accept what a runtime sends, and nothing else."""

import base64
import json
import os
import re
import secrets
import shutil
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.workers.runtimes.drivers import driver_for
from tests.workers.runtimes.factories import make_call, never
from tests.workers.runtimes.recorder import recording
from workers.runtimes import CallFailed, runtime_for
from workers.runtimes.signing import key_of, webhook_headers

DOCS = Path(__file__).parents[2] / "docs"
AGENTS, ALERTS = "## Check a signature\n", "## Verify a signature\n"
"""How a secret is made; how a signature is verified, which is the same for calls and alerts."""

Check = Callable[[str, dict[str, str], bytes], bool]

JAVASCRIPT = """
import { isOurs } from "./check.mjs";
import { readFileSync } from "node:fs";
const { secret, headers, body } = JSON.parse(readFileSync(0, "utf-8"));
console.log(isOurs(secret, headers, Buffer.from(body, "base64")));
"""


def section(heading: str) -> str:
    """What the documents say under it."""
    [text] = [page for path in DOCS.glob("*.md") if heading in (page := path.read_text())]
    return text.partition(heading)[2].partition("\n## ")[0]


def block(language: str, heading: str = ALERTS) -> str:
    """The example in that language."""
    [code] = re.findall(rf"^```{language}\n(.*?)^```$", section(heading), re.MULTILINE | re.DOTALL)
    return str(code)


def python_check() -> Check:
    names: dict[str, Any] = {}
    exec(block("python"), names)  # noqa: S102  # the document's own code
    check: Check = names["is_ours"]
    return check


def node() -> str:
    """Node, where there is one: whoever runs all tests for others must have it."""
    if path := shutil.which("node"):
        return path
    message = "node is not installed: the JavaScript example was not run"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


def javascript_check(folder: Path) -> Check:
    (folder / "check.mjs").write_text(block("javascript"))
    (folder / "main.mjs").write_text(JAVASCRIPT)
    command = [node(), "main.mjs"]

    def check(secret: str, headers: dict[str, str], body: bytes) -> bool:
        call = {"secret": secret, "headers": headers, "body": base64.b64encode(body).decode()}
        done = subprocess.run(
            command,
            cwd=folder,
            input=json.dumps(call),
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        )
        return {"true": True, "false": False}[done.stdout.strip()]

    return check


@pytest.fixture(params=["python", "javascript"])
def check(request: pytest.FixtureRequest, tmp_path: Path) -> Check:
    return python_check() if request.param == "python" else javascript_check(tmp_path)


def make_secret() -> str:
    return f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"


def when(timestamp: float) -> datetime:
    return datetime.fromtimestamp(timestamp, UTC)


def sent(*signing_secrets: str) -> tuple[dict[str, str], bytes]:
    """Headers and body of a call, as a server gets them."""
    call = make_call(input="Grüße")
    with recording() as recorder, driver_for("webhook") as driver:
        endpoint = driver.endpoint(base_url=recorder.url, signing_secrets=signing_secrets)
        with pytest.raises(CallFailed):
            runtime_for("webhook").call(call, endpoint, never)
    _, headers, body = recorder.requests[0]
    return headers, body


def test_a_call_of_ours_is_accepted_by_either_of_two_secrets(check: Check) -> None:
    new, old = make_secret(), make_secret()

    headers, body = sent(new, old)

    assert check(new, headers, body)
    assert check(old, headers, body)


def test_anything_else_is_refused(check: Check) -> None:
    secret = make_secret()
    headers, body = sent(secret)
    old = webhook_headers("run-1", body, [secret], when(time.time() - 400))
    ahead = webhook_headers("run-1", body, [secret], when(time.time() + 400))

    assert not check(make_secret(), headers, body)
    assert not check(secret, headers, body + b" ")
    assert not check(secret, {**headers, "webhook-id": "other"}, body)
    assert not check(secret, {**headers, "webhook-timestamp": "soon"}, body)
    assert not check(secret, {**headers, "webhook-signature": "ä" * len(headers["webhook-signature"])}, body)
    assert not check(secret, {**headers, "webhook-signature": ""}, body)
    assert not check(secret, {}, body)
    assert not check(secret, old, body)
    assert not check(secret, ahead, body)


def test_the_command_makes_a_secret() -> None:
    command = [str(shutil.which("bash")), "-c", block("bash", AGENTS)]

    made = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    assert len(key_of(made)) == 32


@pytest.mark.parametrize("language", ["python", "javascript"])
def test_each_example_fits_in_ten_lines(language: str) -> None:
    lines = [line for line in block(language).splitlines() if line.strip() and "import" not in line]

    assert len(lines) <= 10
