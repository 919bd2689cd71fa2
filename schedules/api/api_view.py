"""What all paths have in common: they always answer in JSON, whatever a client says it accepts."""

from collections.abc import Mapping
from typing import Any, ClassVar

from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.permissions import SAFE_METHODS
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from schedules.api.rate_limits import KeyLimit
from schedules.database.clock import require_no_leap
from schedules.models import Scope


class AlwaysTheFirst(BaseContentNegotiation):
    """The Accept header is ignored: there is one representation (RFC 9110, section 12.5.1 allows it)."""

    def select_parser(self, request: Request, parsers: Any) -> BaseParser | None:
        """The parser of the body's content type; none: 415."""
        content_type = request.content_type.partition(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == content_type), None)

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """The first renderer."""
        return renderers[0], renderers[0].media_type


class ApiView(APIView):
    """A path of the API. OPTIONS is not answered: the paths describe themselves in /openapi.json."""

    http_method_names = ["get", "head", "post", "patch", "delete"]
    content_negotiation_class = AlwaysTheFirst
    throttle_classes = [KeyLimit]
    scopes: ClassVar[Mapping[str, Scope]] = {}
    """By method: the least scope of a key that may; others need read (GET) or write."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Whoever may ask is let in; to change something only while the database's clock can be believed."""
        super().initial(request, *args, **kwargs)
        is_read = request.method in SAFE_METHODS or self.scopes.get(request.method or "") is Scope.READ
        if not is_read:
            require_no_leap()
