"""The operator console: pages over the same verbs as the API. Importing this registers them."""

from django.contrib import admin

from schedules.admin import agents, api_keys, audits, missed, overview, runs, schedules, system, workspaces

admin.site.index_title = "Overview"

__all__ = ["agents", "api_keys", "audits", "missed", "overview", "runs", "schedules", "system", "workspaces"]
