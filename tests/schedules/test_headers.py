"""Which headers an agent's settings may bring along."""

import pytest

from schedules.headers import HeaderRefused, require_credential_header, require_extra_header


@pytest.mark.parametrize(
    "name", ["Authorization", "X-Api-Key", "api-key", "Cookie", "Ocp-Apim-Subscription-Key"]
)
def test_a_credential_travels_under_many_names(name: str) -> None:
    require_credential_header(name)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "Content-Length",
            "transfer-encoding",
            "Host",
            "Connection",
            "TE",
            "Upgrade",
            "Proxy-Authorization",
        ),
        *(
            "Content-Type",
            "Idempotency-Key",
            "X-Run-Attempt",
            "traceparent",
            "Webhook-Id",
            "webhook-anything",
        ),
        *("", "Bad Name", "Ümlaut", "A:", "A\r\nB", "x" * 101),
    ],
)
def test_a_header_of_the_connection_or_of_ours_is_refused_for_everything(name: str) -> None:
    with pytest.raises(HeaderRefused):
        require_credential_header(name)
    with pytest.raises(HeaderRefused):
        require_extra_header(name, "value")


@pytest.mark.parametrize("name", ["Authorization", "cookie"])
def test_credentials_and_cookies_are_no_extra_headers(name: str) -> None:
    with pytest.raises(HeaderRefused, match="credential has a field of its own"):
        require_extra_header(name, "value")


@pytest.mark.parametrize("value", ["", " ", "a\nb", "a\r\nX: 1", "ü", "\x00", " a", "a ", "x" * 4001])
def test_a_value_that_is_no_line_of_ascii_is_refused_and_not_repeated(value: str) -> None:
    with pytest.raises(HeaderRefused) as refused:
        require_extra_header("X-Team", value)

    assert str(refused.value) == "A header's value is plain ASCII on one line"


def test_an_ordinary_extra_header_is_fine() -> None:
    require_extra_header("X-Team", "morning briefings, EMEA")
    require_extra_header("api-version", "2")
