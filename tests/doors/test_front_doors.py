"""Addresses that people type by hand lead them on; programs get their JSON 404, as everywhere."""

import pytest

from tests.api.caller import Caller, assert_error

DOORS = {"/": "/console/", "/console": "/console/", "/docs/": "/docs"}


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("path", DOORS)
def test_somebody_who_looks_is_led_to_the_page(path: str, method: str) -> None:
    response = Caller().call(method, path)

    assert (response.status_code, response["Location"]) == (302, DOORS[path])


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("path", DOORS)
def test_any_other_method_finds_nothing(path: str, method: str) -> None:
    assert_error(Caller().call(method, path), 404, "not_found")
