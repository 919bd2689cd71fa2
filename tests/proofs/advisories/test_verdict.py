"""A look-up that did not take place is never taken for a good one."""

import json

import pytest

from tests.proofs.advisories.verdict import NOT_ASKED, verdict_on

SOUND = {"name": "django", "version": "5.2.9", "vulns": []}
VULNERABLE = {"name": "urllib3", "version": "1.0", "vulns": [{"id": "PYSEC-1"}, {"id": "PYSEC-2"}]}
PASSED_OVER = {"name": "uv", "skip_reason": "Dependency not found"}


def printed(*packages: object) -> str:
    return json.dumps({"dependencies": packages, "fixes": []})


@pytest.mark.parametrize(
    ("output", "complaints", "status", "words"),
    [
        (printed(SOUND), "", 0, "nothing is known of its 1 packages"),
        (printed(SOUND, VULNERABLE, PASSED_OVER), "", 1, "urllib3 1.0 (PYSEC-1, PYSEC-2)"),
        (printed(SOUND, PASSED_OVER), "", NOT_ASKED, "did not answer for 1 of 2 packages"),
        ("", "Traceback\nConnectionError: refused\n", NOT_ASKED, "ConnectionError: refused"),
        ("", "", NOT_ASKED, "it said nothing"),
    ],
)
def test_the_verdict_says_what_was_seen(output: str, complaints: str, status: int, words: str) -> None:
    verdict = verdict_on(output, complaints)

    assert verdict.status == status
    assert words in verdict.sentence
