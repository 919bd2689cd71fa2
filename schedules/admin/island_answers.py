"""The answer to a page that asks for its islands again: all of them, or that nothing has changed."""

from collections.abc import Iterable
from hashlib import blake2b

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import render
from django.utils.cache import patch_vary_headers

from schedules.admin.islands import Island


def island_answer(request: HttpRequest, islands: Iterable[Island]) -> HttpResponse:
    """The islands with their digests; 304 for who has these already."""
    found = list(islands)
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
