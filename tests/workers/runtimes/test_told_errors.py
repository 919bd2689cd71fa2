"""Errors that come under a status of success."""

from typing import Any

import pytest

from workers.runtimes.base import CallFailed
from workers.runtimes.told_errors import raise_told_error


@pytest.mark.parametrize(
    ("error", "is_retryable"),
    [
        ({"code": 429, "message": "Rate limit exceeded"}, True),
        ({"code": "429"}, True),
        ({"code": "rate_limit_exceeded"}, True),
        ({"code": "server_error"}, True),
        ({"code": None, "type": "server_error"}, True),
        ({"code": 502}, True),
        ({"code": 400}, False),
        ({"code": "invalid_prompt"}, False),
        ({"code": True}, False),
        ({"code": []}, False),
        ("no credit left", False),
    ],
)
def test_an_error_is_a_failure_that_may_pass_or_not(error: Any, is_retryable: bool) -> None:
    with pytest.raises(CallFailed) as failed:
        raise_told_error({"error": error}, str)

    assert (failed.value.code, failed.value.is_retryable) == ("agent_failed", is_retryable)


def test_the_agents_words_are_kept() -> None:
    with pytest.raises(CallFailed, match=r"the agent reports an error: 429: Rate limit exceeded$"):
        raise_told_error({"error": {"code": 429, "message": "Rate limit exceeded"}}, str)


@pytest.mark.parametrize("document", [{}, {"error": None}, {"error": {}}, {"error": ""}])
def test_no_error_is_no_failure(document: dict[str, Any]) -> None:
    raise_told_error(document, str)
