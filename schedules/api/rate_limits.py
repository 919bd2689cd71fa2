"""How many requests are answered: a minute's worth of each API key, and of triggers of each schedule."""

from typing import TYPE_CHECKING

from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from schedules.errors import Refused
from schedules.limits.local_share import Limit
from schedules.limits.rate_counter import rate_counter_in
from schedules.models import ApiKey

if TYPE_CHECKING:
    from rest_framework.views import APIView


class RateLimitExceeded(Refused):
    """Too many requests"""

    code = "rate_limit_exceeded"

    def __init__(self, wait: int) -> None:
        """`wait`: whole seconds, the Retry-After."""
        super().__init__(f"Too many requests: try again in {wait} s")
        self.wait = wait


class KeyLimit(BaseThrottle):
    """Requests of one API key, whatever they ask for."""

    def allow_request(self, request: Request, view: "APIView") -> bool:
        """True, or RateLimitExceeded; a path that needs no key has no limit."""
        if isinstance(request.auth, ApiKey):
            wait = rate_counter_in(settings.ORQ.redis_url.get_secret_value()).consume(
                self.limits(request.auth, request, view)
            )
            if wait:
                raise RateLimitExceeded(wait)
        return True

    def limits(self, key: ApiKey, request: Request, view: "APIView") -> list[Limit]:
        """What the request counts against."""
        return [Limit(f"key:{key.id}", settings.ORQ.rate_per_key)]


class TriggerLimit(KeyLimit):
    """Triggers of one schedule too, by all keys of its workspace; nobody else's can use them up."""

    def limits(self, key: ApiKey, request: Request, view: "APIView") -> list[Limit]:
        """The key's, and the schedule's of a trigger."""
        of_key = super().limits(key, request, view)
        if request.method != "POST":
            return of_key
        schedule = f"trigger:{key.workspace_id}:{view.kwargs['schedule_id']}"
        return [*of_key, Limit(schedule, settings.ORQ.rate_trigger_per_schedule)]
