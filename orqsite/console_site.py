"""How the operator console looks: django-unfold's settings."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy

from schedules.version import VERSION


def _may_see(model: str) -> Callable[[HttpRequest], bool]:
    """Whether a person may look at a model's pages: who may not, has no link to them."""
    app_label, name = model.rsplit("_", 1)

    def may_see(request: HttpRequest) -> bool:
        return any(request.user.has_perm(f"{app_label}.{verb}_{name}") for verb in ("view", "change"))

    return may_see


def _page(title: str, icon: str, model: str) -> dict[str, Any]:
    """A link of the sidebar to a model's list; icons are names of Material Symbols, served from this site."""
    link = reverse_lazy(f"admin:{model}_changelist")
    return {"title": title, "icon": icon, "link": link, "permission": _may_see(model)}


NAVIGATION: list[dict[str, Any]] = [
    {"items": [{"title": "Overview", "icon": "dashboard", "link": reverse_lazy("admin:index")}]},
    {
        "title": "Work",
        "items": [
            _page("Schedules", "schedule", "schedules_schedule"),
            _page("Runs", "play_circle", "schedules_run"),
            {
                "title": "Waiting runs",
                "icon": "hourglass_top",
                "link": reverse_lazy("waiting"),
                "permission": _may_see("schedules_run"),
            },
            _page("Incidents", "notifications", "schedules_incident"),
            _page("Missed firings", "event_busy", "schedules_missedfiring"),
            _page("Deliveries", "outgoing_mail", "schedules_delivery"),
            _page("Ledger audits", "fact_check", "schedules_auditresult"),
            _page("Journal", "menu_book", "schedules_journalentry"),
        ],
    },
    {
        "title": "Setup",
        "items": [
            _page("Agents", "smart_toy", "schedules_agent"),
            _page("API keys", "key", "schedules_apikey"),
            _page("Alert rules", "rule", "schedules_alertrule"),
            _page("Webhooks", "webhook", "schedules_webhook"),
            _page("Members", "group_add", "schedules_membership"),
            _page("Workspaces", "workspaces", "schedules_workspace"),
        ],
    },
    {
        "title": "System",
        "collapsible": True,
        "items": [
            _page("Users", "person", "auth_user"),
            _page("Groups", "group", "auth_group"),
            _page("Housekeeping tasks", "cleaning_services", "django_celery_beat_periodictask"),
        ],
    },
]

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Agent Schedules",
    "SITE_HEADER": "Agent Schedules",
    "SITE_SUBHEADER": f"Operator console {VERSION}",
    "SITE_SYMBOL": "schedule",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("console/icon.svg")}
    ],
    "SITE_URL": None,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_HISTORY": True,
    "BORDER_RADIUS": "6px",
    "COLORS": {
        "primary": {
            "50": "oklch(97% .014 254.604)",
            "100": "oklch(93.2% .032 255.585)",
            "200": "oklch(88.2% .059 254.128)",
            "300": "oklch(80.9% .105 251.813)",
            "400": "oklch(70.7% .165 254.624)",
            "500": "oklch(62.3% .214 259.815)",
            "600": "oklch(54.6% .245 262.881)",
            "700": "oklch(48.8% .243 264.376)",
            "800": "oklch(42.4% .199 265.638)",
            "900": "oklch(37.9% .146 265.522)",
            "950": "oklch(28.2% .091 267.935)",
        },
    },
    "STYLES": [lambda request: static("console/console.css")],
    "SCRIPTS": [
        lambda request: static("console/console.js"),
        lambda request: static("console/keyboard.js"),
    ],
    "LOGIN": {"form": "orqsite.login.form.LoginForm"},
    "DASHBOARD_CALLBACK": "schedules.admin.overview.overview",
    "SIDEBAR": {"show_search": False, "navigation": NAVIGATION},
}
