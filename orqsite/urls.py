"""The site's paths: the API, the console, health. Slashes matter: the API has no trailing one anywhere."""

from django.contrib import admin
from django.urls import include, path

from orqsite import health
from orqsite.front_doors import leads_to
from orqsite.login import provider
from orqsite.metrics import metrics
from schedules.admin import live

urlpatterns = [
    path("", leads_to("admin:index")),
    path("console", leads_to("admin:index")),
    path("docs/", leads_to("docs")),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", metrics),
    path("console/login/provider/", provider.start, name="provider-start"),
    path("console/login/provider/return", provider.finish, name="provider-return"),
    path("console/", include(live.urls())),
    path("console/", admin.site.urls),
    path("", include("schedules.api.urls")),
]
