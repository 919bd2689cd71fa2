"""What open pages ask for every few seconds: the front page's islands, unless all are as they were."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_safe

from schedules.admin.fires_page import fires
from schedules.admin.island_answers import island_answer
from schedules.admin.overview import islands
from schedules.admin.waiting_page import waiting
from schedules.database.clock import database_now


@require_safe
def pulse(request: HttpRequest) -> HttpResponse:
    """The islands with their digests; 304 for who has these already."""
    return island_answer(request, islands(request, database_now()))


def urls() -> list[URLPattern]:
    """Pages that belong to no model; for who has signed in."""
    return [
        path("pulse/", admin.site.admin_view(pulse), name="pulse"),
        path("fires/", admin.site.admin_view(fires), name="fires"),
        path("waiting/", admin.site.admin_view(waiting), name="waiting"),
    ]
