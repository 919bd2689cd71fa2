"""Where an endpoint is, by its channel: what may be given, and what of it may be shown."""

import re
from collections.abc import Callable
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from schedules.addresses import AddressRefused, outbound_policy, require_url
from schedules.errors import InvalidRequest
from schedules.models import Channel
from schedules.models.webhook import TARGET_LENGTH
from schedules.secrets.masking import MASK
from schedules.secrets.sealing import seal

MOST_ADDRESSES: Final = 20
_ROUTING_KEY: Final = re.compile(r"[A-Za-z0-9]{32}", re.ASCII)


class Target(NamedTuple):
    """As it is stored: what may be shown, and the whole of it sealed where it is a secret."""

    shown: str
    sealed: str = ""


def target_of(channel: str, given: str) -> Target:
    """What somebody gave as an endpoint's target; InvalidRequest."""
    return _TARGETS[Channel(channel)](given.strip())


def _url(given: str) -> Target:
    _require_url(given)
    return Target(given)


def _slack(given: str) -> Target:
    """Whoever knows the path may write to the channel."""
    _require_url(given)
    parts = urlsplit(given)
    if parts.scheme != "https":
        raise _refused("target must be the https URL of a Slack incoming webhook")
    return Target(f"https://{parts.netloc}/{MASK}", seal(given))


def _routing_key(given: str) -> Target:
    if not _ROUTING_KEY.fullmatch(given):
        raise _refused("target must be the routing key of a PagerDuty integration: 32 letters and digits")
    return Target(MASK, seal(given))


def _mail_addresses(given: str) -> Target:
    addresses = [address.strip() for address in given.split(",") if address.strip()]
    shown = ",".join(addresses)
    if not 1 <= len(addresses) <= MOST_ADDRESSES or len(shown) > TARGET_LENGTH:
        raise _refused(f"target must be 1 to {MOST_ADDRESSES} mail addresses with commas between")
    for address in addresses:
        try:
            validate_email(address)
        except ValidationError:
            raise _refused("target: one of these is not a mail address") from None
    return Target(shown)


def _require_url(given: str) -> None:
    try:
        require_url(given, outbound_policy())
    except AddressRefused as refused:
        raise _refused(f"target: {refused}") from None


def _refused(message: str) -> InvalidRequest:
    return InvalidRequest(message, param="target")


_TARGETS: Final[dict[Channel, Callable[[str], Target]]] = {
    Channel.WEBHOOK: _url,
    Channel.EMAIL: _mail_addresses,
    Channel.SLACK: _slack,
    Channel.PAGERDUTY: _routing_key,
}
