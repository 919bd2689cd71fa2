"""Islands: pieces of a page that are fetched again while it is open."""

from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString


@dataclass(frozen=True, slots=True)
class Island:
    """`digest`: the same as long as the HTML is. `context`: what it was made of."""

    name: str
    html: SafeString
    digest: str
    context: dict[str, Any]


def island(request: HttpRequest, name: str, context: dict[str, Any]) -> Island:
    """From the template of its name."""
    html = render_to_string(f"console/islands/{name}.html", context, request)
    return Island(name, html, blake2b(html.encode(), digest_size=8).hexdigest(), context)
