"""What somebody without a mouse does."""

from typing import Final

from playwright.sync_api import Page

MOST_TABS: Final = 400
_NAME: Final = "document.activeElement.innerText.replace(/\\s+/g, ' ').trim()"


def tab_to(page: Page, name: str) -> None:
    """Press Tab until what has the focus is called so (its text begins with it)."""
    met = []
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        met.append(str(page.evaluate(_NAME)))
        if met[-1].startswith(name):
            return
    raise AssertionError(f"no Tab leads to {name!r}, but to {[each[:40] for each in met]}")


def is_focus_seen(page: Page) -> bool:
    """Whether the element with the focus looks different from without it."""
    return bool(
        page.evaluate(
            """() => { const style = getComputedStyle(document.activeElement);
            return style.outlineStyle !== 'none' || style.boxShadow !== 'none' }"""
        )
    )
