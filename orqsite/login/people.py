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

from orqsite.login.roles_of_groups import roles_of
from schedules import access
from schedules.models import Membership, ProviderAccount

NAME_LENGTH: Final = 150
SIGNATURE: Final = "provider"


class NotAllowed(Exception):
    """The person is who they say, and has no business here; the message is for them."""


@transaction.atomic
def person_of(claims: Mapping[str, Any]) -> User:
    """The user of these claims with the roles of their groups, made if they come for the first time; NotAllowed."""
    user = _known(claims) or _new(claims)
    if not user.is_active:
        raise NotAllowed("This account is switched off")
    granted = roles_of(_groups(claims), settings.ORQ.oidc_roles)
    if granted.decides_superusers and user.is_superuser != granted.is_superuser:
        user.is_superuser = granted.is_superuser
        user.is_staff = granted.is_superuser or Membership.objects.filter(user=user).exists()
        user.save(update_fields=["is_superuser", "is_staff"])
    access.follow_groups(user, granted.roles, signature=SIGNATURE)
    user.refresh_from_db()
    if not user.is_staff:
        raise NotAllowed("Your account has no role in this console")
    return user


def _known(claims: Mapping[str, Any]) -> User | None:
    account = (
        ProviderAccount.objects.select_related("user")
        .filter(issuer=str(claims["iss"])[:255], subject=str(claims["sub"])[:255])
        .first()
    )
    return account.user if account else None


def _new(claims: Mapping[str, Any]) -> User:
    user = User(username=_free_name(claims), email=str(claims.get("email") or "")[:254])
    user.set_unusable_password()
    user.save()
    ProviderAccount.objects.create(
        user=user, issuer=str(claims["iss"])[:255], subject=str(claims["sub"])[:255]
    )
    return user


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
