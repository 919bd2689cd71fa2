"""The operator console: pages over the same verbs as the API. Importing this registers them."""

from django.contrib import admin

from schedules.admin import (
    agent_pages,
    api_key_pages,
    audit_pages,
    delivery_pages,
    incident_pages,
    journal_pages,
    member_pages,
    missed_pages,
    overview,
    run_pages,
    schedule_pages,
    system_pages,
    webhook_pages,
    workspace_pages,
)

admin.site.index_title = "Overview"
admin.site.login_template = "console/login.html"

__all__ = [
    "agent_pages",
    "api_key_pages",
    "audit_pages",
    "delivery_pages",
    "incident_pages",
    "journal_pages",
    "member_pages",
    "missed_pages",
    "overview",
    "run_pages",
    "schedule_pages",
    "system_pages",
    "webhook_pages",
    "workspace_pages",
]
