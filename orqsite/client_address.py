"""Whose request it is: the address of the connection, or the one that a trusted proxy forwards."""

from collections.abc import Callable, Sequence
from functools import cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

GetResponse = Callable[[HttpRequest], HttpResponseBase]
Network = IPv4Network | IPv6Network

MOST_FORWARDED: Final = 20
"""Addresses of one header that are looked at."""


def forwarded_address(get_response: GetResponse) -> GetResponse:
    """A middleware: REMOTE_ADDR becomes the client's address, for whoever asks."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        proxies = networks(tuple(settings.ORQ.trusted_proxies))
        if proxies:
            own = request.META.get("REMOTE_ADDR", "")
            request.META["REMOTE_ADDR"] = _client(own, request.META.get("HTTP_X_FORWARDED_FOR", ""), proxies)
        return get_response(request)

    return answer


@cache
def networks(written: tuple[str, ...]) -> tuple[Network, ...]:
    """The networks as they are written; ValueError for one that cannot be read."""
    return tuple(ip_network(each) for each in written)


def _client(connected: str, forwarded: str, proxies: Sequence[Network]) -> str:
    """From the right, each proxy's word for the one before it, up to the first that is no proxy of ours."""
    client = connected
    for each in reversed(forwarded.split(",")[-MOST_FORWARDED:]):
        if not _is_within(client, proxies) or (address := _read(each)) is None:
            break
        client = address
    return client


def _is_within(address: str, proxies: Sequence[Network]) -> bool:
    read = _read(address)
    return read is not None and any(ip_address(read) in network for network in proxies)


def _read(text: str) -> str | None:
    """One spelling for each address: an IPv4 address that arrived on an IPv6 socket is the IPv4 address."""
    try:
        address = ip_address(text.strip())
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(mapped or address)
