"""A web process that listens on [::] serves both families, and takes an IPv4 client for what it is."""

import socket
from collections.abc import Iterator

import httpx2
import pytest

from tests.doors.web import Web

pytestmark = [pytest.mark.processes]

CLIENT = "203.0.113.9"


def has_ipv6() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    if not has_ipv6():
        pytest.skip("this machine has no IPv6")
    web = Web(tmp_path_factory.mktemp("web"), address="[::]")
    web.environment |= {"ORQ_TRUSTED_PROXIES": "127.0.0.1,::1", "ORQ_ALLOWED_HOSTS": "[::1],127.0.0.1"}
    with web:
        yield web


@pytest.mark.parametrize("host", ["[::1]", "127.0.0.1"])
def test_both_families_are_served_and_a_proxy_of_either_is_believed(web: Web, host: str) -> None:
    before = web.log().count(f'"address": "{CLIENT}"')

    answer = httpx2.get(
        f"http://{host}:{web.port}/v3/overview", headers={"X-Forwarded-For": CLIENT}, trust_env=False
    )

    assert answer.status_code == 401
    assert web.log().count(f'"address": "{CLIENT}"') == before + 1
