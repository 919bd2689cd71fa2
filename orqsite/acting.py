"""Who acts at the doors of the site: whoever a request comes from, and whoever gave a command."""

import getpass
from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from schedules.actors import Actor, ActorKind, acting

GetResponse = Callable[[HttpRequest], HttpResponseBase]


def acting_person(get_response: GetResponse) -> GetResponse:
    """While a request is answered its user acts; one of the API becomes its key when that has been looked at."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        with acting(lambda: _person(request)):
            return get_response(request)

    return answer


def client_address(request: HttpRequest) -> str:
    """Where the request comes from."""
    return str(request.META.get("REMOTE_ADDR", ""))


def _person(request: HttpRequest) -> Actor:
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return Actor(ActorKind.NOBODY, address=client_address(request))
    return Actor(ActorKind.USER, str(user.pk), user.get_username(), client_address(request))


def commander() -> Actor:
    """Whoever gave a command: the user of the operating system."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        name = "unknown"
    return Actor(ActorKind.COMMAND, name=name)
