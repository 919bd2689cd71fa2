"""The pages of the console, found by asking it: those of the menu, a row of each, and each form."""

from playwright.sync_api import Page

OF_MODELS = ("/console/schedules/", "/console/auth/", "/console/django_celery_beat/")
PUBLIC = ("/docs", "/docs/errors")


def every_page(page: Page) -> list[str]:
    """The overview, every list of the menu, the form and the newest row of each list, and the public pages."""
    page.goto("/console/")
    lists = _paths(page, "nav a[href], #nav-sidebar a[href]")
    found = ["/console/", "/console/waiting/", _soon(page), *lists]
    for path in lists:
        page.goto(path)
        found += _paths(page, "#result_list tbody th a[href]")[:1]
        found += _paths(page, "a.addlink[href], a[href$='/add/']")[:1]
    return [*dict.fromkeys(found), *PUBLIC]


def _soon(page: Page) -> str:
    """What fires in the first hour of the coming week."""
    return page.locator("#island-coming [data-roving] a").first.get_attribute("href") or ""


def _paths(page: Page, selector: str) -> list[str]:
    """Where the links lead within the console, without what is asked of it."""
    script = "links => links.map(link => new URL(link.href)).filter(url => url.origin == location.origin)"
    paths: list[str] = page.eval_on_selector_all(selector, f"{script[:-1]}).map(url => url.pathname)")
    return [path for path in dict.fromkeys(paths) if path.startswith(OF_MODELS)]
