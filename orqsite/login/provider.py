"""Single sign-on: people log in at an OpenID Connect provider, and what groups they have there decides their roles.

Authorization code with PKCE; the library checks state, nonce, signature, issuer, audience and times. It is imported
only where a provider is configured.
"""

from functools import cache
from typing import Any, Final

import structlog
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from orqsite.login import people
from schedules.version import VERSION

log = structlog.get_logger(__name__)

TIMEOUT_SECONDS: Final = 10
_NEXT: Final = "next_after_provider"


@require_GET
@never_cache
def start(request: HttpRequest) -> HttpResponse:
    """Send the person to the provider."""
    client = _client_or_404()
    request.session[_NEXT] = request.GET.get("next", "")
    try:
        there: HttpResponse = client.authorize_redirect(request, _return_address(request))
    except _failures() as error:
        return _refused(request, "unreachable", "The provider cannot be reached; try again", error)
    return there


@require_GET
@never_cache
def finish(request: HttpRequest) -> HttpResponse:
    """Let the person in who comes back from the provider, or say on the login page why not."""
    client = _client_or_404()
    try:
        claims = _claims(client, client.authorize_access_token(request))
    except _failures() as error:
        return _refused(request, "not confirmed", "The provider did not confirm the login; try again", error)
    try:
        user = people.person_of(claims)
    except people.NotAllowed as refusal:
        return _refused(request, "not allowed", str(refusal))
    login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
    log.info("login.succeeded", user=user.get_username(), address=_address(request))
    return HttpResponseRedirect(_next(request))


def _claims(client: Any, token: dict[str, Any]) -> dict[str, Any]:
    """Those of the ID token, and of the provider's answer about the person where the token leaves groups out."""
    claims = dict(token["userinfo"])
    if settings.ORQ.oidc_groups_claim not in claims and client.server_metadata.get("userinfo_endpoint"):
        more = dict(client.userinfo(token=token))
        if more.get("sub") != claims["sub"]:
            raise ValueError("the provider spoke of somebody else")
        claims = more | claims
    return claims


def _client_or_404() -> Any:
    if not settings.ORQ.oidc_issuer:
        raise Http404
    orq = settings.ORQ
    return _client(
        orq.oidc_issuer, orq.oidc_client_id, orq.oidc_client_secret.get_secret_value(), orq.oidc_scopes
    )


@cache
def _client(issuer: str, client_id: str, client_secret: str, scopes: str) -> Any:
    from authlib.integrations.django_client import OAuth

    return OAuth().register(
        "provider",
        client_id=client_id,
        client_secret=client_secret or None,
        server_metadata_url=f"{issuer.rstrip('/')}/.well-known/openid-configuration",
        user_agent=f"agent-schedules/{VERSION}",
        client_kwargs={
            "scope": scopes,
            "code_challenge_method": "S256",
            "default_timeout": TIMEOUT_SECONDS,
        },
    )


def _failures() -> tuple[type[Exception], ...]:
    """Whatever a provider, or whoever pretends to be one, can make the library raise."""
    from authlib.common.errors import AuthlibBaseError
    from joserfc.errors import JoseError
    from requests import RequestException

    return (AuthlibBaseError, JoseError, RequestException, ValueError, KeyError, TypeError, RuntimeError)


def _refused(
    request: HttpRequest, reason: str, sentence: str, error: Exception | None = None
) -> HttpResponseRedirect:
    log.warning(
        "login.refused",
        user="",
        address=_address(request),
        reason=f"{reason} ({type(error).__name__})" if error else reason,
    )
    messages.error(request, sentence)
    return redirect("admin:login")


def _return_address(request: HttpRequest) -> str:
    return request.build_absolute_uri(reverse("provider-return"))


def _next(request: HttpRequest) -> str:
    wanted = str(request.session.pop(_NEXT, ""))
    is_ours = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if wanted and is_ours else reverse("admin:index")


def _address(request: HttpRequest) -> str:
    return str(request.META.get("REMOTE_ADDR", ""))
