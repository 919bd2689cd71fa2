"""One service and one browser for the whole lane; a fresh, signed-in page for each story."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, StorageState, expect

from tests.chromium import running_chromium
from tests.up_service import Service, running_service

expect.set_options(timeout=15_000)
DESKTOP = {"width": 1400, "height": 900}
PHONE = {"width": 420, "height": 860}


@pytest.fixture(scope="package")
def service() -> Iterator[Service]:
    """The whole service with its demo's history."""
    with running_service() as running:
        yield running


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    with running_chromium() as running:
        yield running


@pytest.fixture(scope="package")
def signed_in(service: Service, browser: Browser) -> StorageState:
    """The cookies of somebody who has signed in."""
    with browser.new_context() as context:
        service.sign_in(context.new_page())
        return context.storage_state()


@pytest.fixture
def page(service: Service, browser: Browser, signed_in: StorageState) -> Iterator[Page]:
    """A wide page of a superuser."""
    with _context(service, browser, signed_in, DESKTOP) as context:
        yield context.new_page()


@pytest.fixture
def phone(service: Service, browser: Browser, signed_in: StorageState) -> Iterator[Page]:
    """A narrow page of a superuser, touched and not clicked."""
    with _context(service, browser, signed_in, PHONE, has_touch=True) as context:
        yield context.new_page()


def _context(
    service: Service,
    browser: Browser,
    signed_in: StorageState,
    size: dict[str, int],
    has_touch: bool = False,
) -> BrowserContext:
    return browser.new_context(
        base_url=service.url,
        storage_state=signed_in,
        viewport=size,  # type: ignore[arg-type]
        has_touch=has_touch,
        reduced_motion="reduce",
    )
