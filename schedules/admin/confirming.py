"""A form is sent, and sent again when its consequences have been seen; in between its fields wait sealed.

So that what was typed once, secrets too, need not be typed again, and stands in no page in clear.
"""

import json
from typing import Final

from cryptography.fernet import InvalidToken
from django.http import HttpRequest, QueryDict

from schedules.admin.schedule_form import BACK, CONFIRMED
from schedules.secrets.sealing import seal, unseal

WAITING: Final = "waiting"
"""The field that holds the sealed form."""

_NEVER_KEPT: Final = ("csrfmiddlewaretoken", CONFIRMED, BACK)


def sealed_form(request: HttpRequest) -> str:
    """What was sent: for this person and this page alone."""
    fields = request.POST.copy()
    for name in _NEVER_KEPT:
        fields.pop(name, None)
    return seal(json.dumps([str(request.user.pk), request.path, fields.urlencode()]))


def reopen(request: HttpRequest) -> None:
    """The form that waited is the one that was sent, with the person's word on it; another is left as it is."""
    waited = _opened(request)
    if waited is None:
        return
    word = BACK if BACK in request.POST else CONFIRMED
    waited[word] = "yes"
    request.POST = waited  # type: ignore[assignment]  # mutable, which nobody minds


def _opened(request: HttpRequest) -> QueryDict | None:
    try:
        person, path, fields = json.loads(unseal(request.POST.get(WAITING, "")))
    except (InvalidToken, ValueError):
        return None
    return QueryDict(fields, mutable=True) if (person, path) == (str(request.user.pk), request.path) else None
