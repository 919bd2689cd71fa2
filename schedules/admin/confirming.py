"""A form is sent, and sent again when its consequences have been seen; in between its fields wait sealed.

So that what was typed once, secrets too, need not be typed again, and stands in no page in clear.
"""

import json
import zlib
from base64 import b85decode, b85encode
from typing import Final

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.http import HttpRequest, QueryDict

from schedules.admin.schedule_form import BACK, CONFIRMED
from schedules.secrets.sealing import seal, unseal

WAITING: Final = "waiting"
"""The field that holds the sealed form."""

_BESIDE_IT: Final = 1_000
"""Bytes of the other fields, and then some."""

_NEVER_KEPT: Final = ("csrfmiddlewaretoken", CONFIRMED, BACK)


def sealed_form(request: HttpRequest) -> str | None:
    """What was sent: for this person and this page alone; None where it is too long to be sent once more."""
    fields = request.POST.copy()
    for name in _NEVER_KEPT:
        fields.pop(name, None)
    whole = json.dumps([str(request.user.pk), request.path, fields.urlencode()])
    sealed = seal(b85encode(zlib.compress(whole.encode())).decode())
    return sealed if len(sealed) + _BESIDE_IT < settings.ORQ.max_body_bytes else None


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
        whole = zlib.decompress(b85decode(unseal(request.POST.get(WAITING, ""))))
        person, path, fields = json.loads(whole)
    except (InvalidToken, ValueError, zlib.error):
        return None
    return QueryDict(fields, mutable=True) if (person, path) == (str(request.user.pk), request.path) else None
