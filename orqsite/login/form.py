"""The console's login form: failures are counted before anything is hashed, and every outcome is in the log."""

from typing import Any
from urllib.parse import urlencode

import structlog
from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.urls import reverse
from unfold.forms import AuthenticationForm

from orqsite.login import hashing
from schedules.limits import login_failures

log = structlog.get_logger(__name__)


class LoginForm(AuthenticationForm):  # type: ignore[misc]  # it has no types
    """Name and password, a few times."""

    request: HttpRequest

    @property
    def provider_name(self) -> str:
        """What people call the provider they may log in at instead; empty: there is none."""
        return settings.ORQ.oidc_name if settings.ORQ.oidc_issuer else ""

    @property
    def provider_address(self) -> str:
        """Where to go for that; afterwards back to where the person was going."""
        return f"{reverse('provider-start')}?{urlencode({'next': self.request.GET.get('next', '')})}"

    @property
    def takes_passwords(self) -> bool:
        """Whether names and passwords let anybody in."""
        return bool(settings.ORQ.password_login)

    def clean(self) -> dict[str, Any]:
        """The user who logs in; ValidationError: not now, or not with this name and password."""
        if not self.takes_passwords:
            raise ValidationError("Nobody logs in by password here", code="refused")
        name, password = self.cleaned_data.get("username"), self.cleaned_data.get("password")
        if not name or not password:
            return dict(super().clean())
        with hashing.place() as has_place:
            if not has_place:
                raise self._refusal(name, "busy", "Too many people log in at this moment; try again")
            return self._within_limits(name)

    def _within_limits(self, name: str) -> dict[str, Any]:
        address = self._address()
        if wait := login_failures.begin(name, address):
            raise self._refusal(name, "too many failures", f"Too many failed logins; {_try_again(wait)}")
        try:
            cleaned = dict(super().clean())
        except ValidationError:
            log.warning("login.failed", user=_known(name), address=address)
            raise
        login_failures.forget(name, address)
        log.info("login.succeeded", user=name, address=address)
        return cleaned

    def _refusal(self, name: str, reason: str, sentence: str) -> ValidationError:
        log.warning("login.refused", user=_known(name), address=self._address(), reason=reason)
        return ValidationError(sentence, code="refused")

    def _address(self) -> str:
        return str(self.request.META.get("REMOTE_ADDR", ""))


def _known(name: str) -> str:
    """Only names there are: people type passwords into the wrong field."""
    return name if User.objects.filter(username=name).exists() else ""


def _try_again(wait: float) -> str:
    minutes = -(-wait // 60)
    return "try again in a minute" if minutes <= 1 else f"try again in {minutes:.0f} minutes"
