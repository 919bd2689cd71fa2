"""The controls of a page, and which of them a keyboard reaches with Tab alone."""

from typing import Final

from playwright.sync_api import Page

_MARK: Final = r"""() => {
    const CONTROLS = "a, button, input, select, textarea, summary, [onclick], [role=button], [tabindex], "
        + "[x-on\\:click]";
    const BESIDES = "[type=hidden], [disabled], [tabindex='-1'], .select2-hidden-accessible, "
        + "#changelist-filter-close, input[type=radio]:not(:checked)"; // arrow keys move between radios
    const isControl = element => !element.matches(BESIDES) && element.checkVisibility({visibilityProperty: true})
        && (!element.matches("a") || element.hasAttribute("href") || element.hasAttribute("x-on:click"));
    const found = [...document.querySelectorAll(CONTROLS)].filter(isControl);
    window.reached = new Set();
    window.unseen = new Set();
    found.forEach((element, number) => { element.dataset.control = number; });
    document.addEventListener("focusin", event => {
        window.reached.add(event.target.dataset.control);
        const style = getComputedStyle(event.target);
        const isSeen = style.outlineStyle !== "none" || style.boxShadow !== "none";
        if (!isSeen) window.unseen.add(event.target.outerHTML.slice(0, 160));
    });
    document.activeElement.blur();
    return found.length;
}"""
_UNREACHED: Final = """() => [...document.querySelectorAll("[data-control]")]
    .filter(element => !window.reached.has(element.dataset.control))
    .map(element => element.outerHTML.replace(/\\s+/g, " ").slice(0, 160))"""
_AND_MORE: Final = 20
"""What stands before and after the page, and what has the focus without being one of these controls."""


def unreached(page: Page) -> tuple[list[str], list[str]]:
    """Controls that no Tab leads to, and those that look the same with the focus as without it."""
    for _ in range(page.evaluate(_MARK) + _AND_MORE):
        page.keyboard.press("Tab")
    return page.evaluate(_UNREACHED), page.evaluate("[...window.unseen]")
