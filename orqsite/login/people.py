"""Who somebody is whom a provider has confirmed, and which roles their groups give them.

A person is known by issuer and subject, never by name or e-mail address: those may be given to somebody else, and
nobody shall come in as a person who logs in by password by choosing that person's name at a provider.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction

from orqsite.login.roles_of_groups import Granted, roles_of
from schedules import access
from schedules.models import Membership, ProviderAccount

NAME_LENGTH: Final = 150
IDENTITY_LENGTH: Final = 255
"""Characters of an issuer or a subject; OpenID Connect allows a subject no more."""
SIGNATURE: Final = "provider"


class NotAllowed(Exception):
    """The person is who they say, and has no business here; the message is for them."""


def person_of(claims: Mapping[str, Any]) -> User:
    """The user of these claims with the roles of their groups, made if they come for the first time; NotAllowed.

    What groups no longer give is taken away also from a person who is then not let in; their other sessions end so.
    """
    user = _with_roles(claims, roles_of(_groups(claims), settings.ORQ.oidc_roles))
    if user is None or not user.is_staff:
        raise NotAllowed("Your account has no role in this console")
    if not user.is_active:
        raise NotAllowed("This account is switched off")
    return user


@transaction.atomic
def _with_roles(claims: Mapping[str, Any], granted: Granted) -> User | None:
    """None for a stranger to whom their groups give nothing: nobody is made of them."""
    user = _known(claims)
    if user is None:
        if not (granted.is_superuser or any(granted.roles.values())):
            return None
        user = _new(claims)
    if granted.decides_superusers and user.is_superuser != granted.is_superuser:
        user.is_superuser = granted.is_superuser
        user.is_staff = granted.is_superuser or Membership.objects.filter(user=user).exists()
        user.save(update_fields=["is_superuser", "is_staff"])
    access.follow_groups(user, granted.roles, signature=SIGNATURE)
    user.refresh_from_db()
    return user


def _known(claims: Mapping[str, Any]) -> User | None:
    account = ProviderAccount.objects.select_related("user").filter(**_identity(claims)).first()
    return account.user if account else None


def _new(claims: Mapping[str, Any]) -> User:
    user = User(username=_free_name(claims), email=str(claims.get("email") or "")[:254])
    user.set_unusable_password()
    user.save()
    ProviderAccount.objects.create(user=user, **_identity(claims))
    return user


def _identity(claims: Mapping[str, Any]) -> dict[str, str]:
    """Never cut short: two people may begin alike."""
    issuer, subject = str(claims["iss"]), str(claims["sub"])
    if max(len(issuer), len(subject)) > IDENTITY_LENGTH:
        raise NotAllowed("The provider's name for you is longer than can be kept")
    return {"issuer": issuer, "subject": subject}


def _free_name(claims: Mapping[str, Any]) -> str:
    wanted = str(claims.get("preferred_username") or claims.get("email") or claims["sub"])[: NAME_LENGTH - 9]
    if not User.objects.filter(username__iexact=wanted).exists():
        return wanted
    whole = f"{claims['iss']} {claims['sub']}"
    return f"{wanted}-{sha256(whole.encode()).hexdigest()[:8]}"


def _groups(claims: Mapping[str, Any]) -> frozenset[str]:
    """Providers write one group as a text, several as a list."""
    given = claims.get(settings.ORQ.oidc_groups_claim) or []
    each = [given] if isinstance(given, str) else given
    return frozenset(str(group) for group in each) if isinstance(each, list) else frozenset()
