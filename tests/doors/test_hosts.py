"""Row 21: whoever asks for a host that is none of ours fills no log."""

import json
from pathlib import Path

import pytest

from tests.doors.web import Web

pytestmark = pytest.mark.processes


def test_a_wrong_host_is_one_line_of_the_log_and_one_sentence(tmp_path: Path) -> None:
    with Web(tmp_path) as web:
        before = len(web.log().splitlines())

        answers = [web.exchange(_asking(host)) for host in ("evil.example", "a" * 300, "x y", "")]

        lines = web.log().splitlines()[before:]
    assert [status for status, _ in answers] == [400] * 4
    assert {document["error"]["type"] for _, document in answers} == {"invalid_request_error"}
    refused = [json.loads(line) for line in lines if "request.host_refused" in line]
    assert len(lines) == len(refused) == 4
    assert all(len(line) < 600 for line in lines)
    assert "Traceback" not in web.log()


def _asking(host: str) -> bytes:
    return f"GET /v3/keys HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
