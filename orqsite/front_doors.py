"""Where people arrive who typed an address by hand; programs get what they always got, a JSON 404."""

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse


def leads_to(name: str) -> Callable[[HttpRequest], HttpResponse]:
    """A view that sends GET and HEAD to the named page."""

    def lead(request: HttpRequest) -> HttpResponse:
        if request.method not in {"GET", "HEAD"}:
            raise Http404
        return HttpResponseRedirect(reverse(name))

    return lead
