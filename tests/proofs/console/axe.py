"""What axe-core, which judges pages by the accessibility guidelines, says of one."""

from functools import cache
from typing import Any, Final

from playwright.sync_api import Page

from tests.environments import python_in

SERIOUS: Final = {"serious", "critical"}
NOT_OURS: Final = {("nested-interactive", "opblock-summary-control")}
"""Swagger UI makes the row of an operation so: rule, and a class of the element."""


def serious_findings(page: Page) -> list[str]:
    """Each serious finding with the elements it concerns; none is what we want."""
    page.evaluate(_source())
    found: dict[str, Any] = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{violation['id']}: {node['html'][:160]} ({'; '.join(_messages(node))})"
        for violation in found["violations"]
        if violation["impact"] in SERIOUS
        for node in violation["nodes"]
        if not any(violation["id"] == rule and name in node["html"] for rule, name in NOT_OURS)
    ]


def _messages(node: dict[str, Any]) -> list[str]:
    return [check["message"] for check in (*node["any"], *node["all"], *node["none"])]


@cache
def _source() -> str:
    python = python_in("axe", "axe")
    [script] = python.parents[1].glob("lib/python*/site-packages/axe_playwright_python/axe.min.js")
    return script.read_text()
