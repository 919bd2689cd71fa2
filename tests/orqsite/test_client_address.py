"""Whose forwarded address counts: only a trusted proxy's, and only up to the first that is none."""

from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from orqsite.client_address import forwarded_address

PROXIES = ["10.0.0.0/8", "2001:db8::/64"]


@pytest.mark.parametrize(
    ("connected", "forwarded", "client"),
    [
        ("10.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "192.0.2.66, 198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "198.51.100.7, 10.9.9.9", "198.51.100.7"),
        ("2001:db8::1", "2001:db8:1::7", "2001:db8:1::7"),
        ("::ffff:10.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("192.0.2.1", "198.51.100.7", "192.0.2.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.7, nonsense", "10.0.0.1"),
    ],
)
def test_the_client_is_the_last_that_a_proxy_of_ours_saw(
    settings: Any, connected: str, forwarded: str, client: str
) -> None:
    settings.ORQ = settings.ORQ.model_copy(update={"trusted_proxies": PROXIES})

    assert address_of(connected, forwarded) == client


def test_without_a_trusted_proxy_nobody_is_believed() -> None:
    assert address_of("10.0.0.1", "198.51.100.7") == "10.0.0.1"


def address_of(connected: str, forwarded: str) -> str:
    seen: list[str] = []

    def view(request: HttpRequest) -> HttpResponse:
        seen.append(request.META["REMOTE_ADDR"])
        return HttpResponse()

    forwarded_address(view)(RequestFactory().get("/", REMOTE_ADDR=connected, HTTP_X_FORWARDED_FOR=forwarded))
    return seen[0]
