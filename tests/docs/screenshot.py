"""Takes the pictures of the console: `.venv/bin/python -m tests.docs.screenshot [FOLDER]` (needs chromium).

The whole service is started with `manage.py up`, whose demo has a week to look back on, and looked at with a headless
Chromium of the system. Without a folder: those of the README and the docs. With one: every page of the console in
both themes, wide and narrow, to be looked at.
"""

import re
import sys
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, Page

from tests.chromium import running_chromium
from tests.proofs.console.pages import every_page
from tests.up_service import Service, running_service

FOLDER: Final = Path(__file__).resolve().parents[2] / "docs" / "images"
WIDE: Final = {"width": 1400, "height": 1150}
NARROW: Final = {"width": 420, "height": 900}
PICTURES: Final[dict[str, tuple[str, str, dict[str, int]]]] = {
    "console.png": ("/console/", "light", WIDE),
    "console-dark.png": ("/console/", "dark", WIDE),
    "console-phone.png": ("/console/", "light", NARROW),
}
"""By file: which page, in which theme, how large."""


def main(arguments: list[str]) -> None:
    """Take the pictures."""
    with running_service() as service, running_chromium() as browser:
        if not arguments:
            FOLDER.mkdir(parents=True, exist_ok=True)
            for name, (path, theme, size) in PICTURES.items():
                _take(_signed_in(service, browser, theme, size), path, FOLDER / name)
        for folder in map(Path, arguments):
            folder.mkdir(parents=True, exist_ok=True)
            _take_all(service, browser, folder)


def _take_all(service: Service, browser: Browser, folder: Path) -> None:
    paths = every_page(_signed_in(service, browser, "light", WIDE))
    for theme in ("light", "dark"):
        for size in (WIDE, NARROW):
            page = _signed_in(service, browser, theme, size)
            for path in paths:
                name = re.sub(r"\W+", "-", path).strip("-")
                _take(page, path, folder / f"{name}-{theme}-{size['width']}.png", full_page=True)


def _signed_in(service: Service, browser: Browser, theme: str, size: dict[str, int]) -> Page:
    look: Any = {"viewport": size, "color_scheme": theme, "reduced_motion": "reduce"}
    page = browser.new_context(base_url=service.url, **look).new_page()
    service.sign_in(page)
    return page


def _take(page: Page, path: str, target: Path, *, full_page: bool = False) -> None:
    page.goto(path, wait_until="networkidle")
    page.screenshot(path=target, full_page=full_page)


if __name__ == "__main__":
    main(sys.argv[1:])
