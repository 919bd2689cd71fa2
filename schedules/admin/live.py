"""What open pages ask for every few seconds: the front page's islands, unless all are as they were."""

from hashlib import blake2b

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from schedules.admin.fires_page import fires
from schedules.admin.overview import islands
from schedules.database.clock import database_now


@require_safe
def pulse(request: HttpRequest) -> HttpResponse:
    """The islands with their digests; 304 for who has these already."""
    found = list(islands(request, database_now()))
    digest = blake2b("".join(each.digest for each in found).encode(), digest_size=12).hexdigest()
    etag = f'"{digest}"'
    if request.headers.get("If-None-Match") == etag:
        response: HttpResponse = HttpResponseNotModified()
    else:
        response = render(request, "console/pulse.html", {"islands": found})
    response.headers["ETag"] = etag
    response.headers["Cache-Control"] = "private, no-cache"
    patch_vary_headers(response, ("Cookie",))
    return response


def urls() -> list[URLPattern]:
    """Pages that belong to no model; for who has signed in."""
    return [
        path("pulse/", admin.site.admin_view(pulse), name="pulse"),
        path("fires/", admin.site.admin_view(fires), name="fires"),
    ]
