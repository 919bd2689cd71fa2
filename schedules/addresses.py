"""Where agents may be called and alerts may go: the form of a URL, and the addresses that are refused.

Pure: resolves no name.

A base URL is checked twice with the same rules: when it is saved (its form, and its host where that is an address
written out) and when it is connected to (every address that its name has then; see the runtimes' sockets).
"""

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from schedules.address_forms import IPAddress, forms, literal, plain_host

IPNetwork = IPv4Network | IPv6Network

LONGEST_BASE_URL = 500
PORTS = {"http": 80, "https": 443}
NOT_ALLOWED = "This address is not one that agents may have (setting ORQ_AGENT_NETWORKS)"
NOT_FOR_ALERTS = "This address is not one that alerts may go to (setting ORQ_OUTBOUND_ALLOW)"
"""The same words for every reason, so that nobody learns from them what lives where."""

_HOST = re.compile(r"[\w.-]+|\[[0-9A-Fa-f:.]+\]")

METADATA = frozenset(
    map(
        ipaddress.ip_address,
        (
            "169.254.169.254",  # AWS, Azure, Google, OpenStack, DigitalOcean …
            "169.254.170.2",  # AWS, credentials of a container
            "100.100.100.200",  # Alibaba
            "168.63.129.16",  # Azure, the host's own agent
            "192.0.0.192",  # Oracle
            "fd00:ec2::254",  # AWS
            "fd20:ce::254",  # Google
            "fd00:c1::a9fe:a9fe",  # Oracle
        ),
    )
)
"""Where clouds tell a machine its own credentials."""

ALWAYS_REFUSED = tuple(
    map(
        ipaddress.ip_network,
        (
            "0.0.0.0/8",
            "169.254.0.0/16",
            "224.0.0.0/4",
            "255.255.255.255/32",
            "::/128",
            "fe80::/10",
            "ff00::/8",
        ),
    )
)
"""Unspecified, link-local, multicast, broadcast."""

NOT_PUBLIC = tuple(
    map(
        ipaddress.ip_network,
        (
            *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
            *("192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15"),
            *("198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3"),
            *("::/96", "::ffff:0:0:0/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32"),
            *("3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8"),
        ),
    )
)
"""The special-purpose registries of IANA. `ipaddress.is_global` differs between versions of Python and looks through
no translation prefix."""


class AddressRefused(ValueError):
    """An address that nothing is sent to; the text says why, without any of it."""


class Origin(NamedTuple):
    """To what credentials belong."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.scheme}://{_bracketed(self.host)}:{self.port}"


@dataclass(frozen=True, slots=True)
class Policy:
    """Which addresses may be called.

    `is_private_allowed`: loopback and private ones too; else `networks` beside the public ones. `own_services`: host
    and port of our own database and broker, which are refused in any case. `is_override`: `networks` may also name
    what is refused to everybody else, where clouds tell credentials address by address only. `refusal`: the words.
    """

    is_private_allowed: bool = True
    networks: tuple[IPNetwork, ...] = ()
    own_services: tuple[tuple[str, int], ...] = ()
    is_override: bool = False
    refusal: str = NOT_ALLOWED

    def is_allowed(self, address: IPAddress) -> bool:
        """Whether it may be called, our own services left aside."""
        return all(map(self._is_form_allowed, forms(address)))

    def _is_form_allowed(self, form: IPAddress) -> bool:
        if self.is_override and self._is_named(form):
            return True
        if form in METADATA or _is_in(form, ALWAYS_REFUSED):
            return False
        return self.is_private_allowed or _is_in(form, self.networks) or not _is_in(form, NOT_PUBLIC)

    def _is_named(self, form: IPAddress) -> bool:
        if form in METADATA:
            return ipaddress.ip_network(form) in self.networks
        return _is_in(form, self.networks)

    def is_allowed_at(self, host: str, port: int) -> bool:
        """Whether it may be called there; a host that is a name is judged by our own services' names only."""
        address = literal(host)
        return not self.is_own(host, port) and (address is None or self.is_allowed(address))

    def is_own(self, host: str, port: int) -> bool:
        """Whether our own database or broker is there; a loopback address is as good as another."""
        there = _place(host)
        return any(port == own_port and there == _place(own_host) for own_host, own_port in self.own_services)

    def own_names(self, port: int) -> list[str]:
        """The hosts of our own services with that port whose addresses are not written out: resolve and compare."""
        return [host for host, own_port in self.own_services if own_port == port and literal(host) is None]


_policy = Policy()
_outbound = Policy(is_private_allowed=False, is_override=True, refusal=NOT_FOR_ALERTS)


def configure(policy: Policy, outbound: Policy | None = None) -> None:
    """Make it the policy of this process for agents, and the other one for alerts."""
    global _policy, _outbound
    _policy, _outbound = policy, outbound or _outbound


def current_policy() -> Policy:
    """This process's policy for agents; without `configure`: private addresses allowed, no services known."""
    return _policy


def outbound_policy() -> Policy:
    """This process's policy for alerts; without `configure`: public addresses only, no services known."""
    return _outbound


def read_policy(text: str, own_services: tuple[tuple[str, int], ...] = ()) -> Policy:
    """`any`, `public`, or networks allowed beside the public ones, with commas between. Raises ValueError."""
    words = [word.strip() for word in text.split(",") if word.strip()]
    if words in (["any"], ["public"]):
        return Policy(is_private_allowed=words == ["any"], own_services=own_services)
    try:
        networks = tuple(ipaddress.ip_network(word) for word in words)
    except ValueError as error:
        raise ValueError(f"{error}: give any, public, or networks like 10.0.0.0/8,fd00::/8") from None
    if not networks:
        raise ValueError("it is empty: give any, public, or networks like 10.0.0.0/8,fd00::/8")
    return Policy(is_private_allowed=False, networks=networks, own_services=own_services)


def read_outbound(networks: Iterable[str], own_services: tuple[tuple[str, int], ...] = ()) -> Policy:
    """Public addresses, and these networks. Raises ValueError."""
    try:
        named = tuple(ipaddress.ip_network(word) for word in networks)
    except ValueError as error:
        raise ValueError(f"{error}: give networks like 10.0.0.0/8,fd00::/8") from None
    return Policy(
        is_private_allowed=False,
        networks=named,
        own_services=own_services,
        is_override=True,
        refusal=NOT_FOR_ALERTS,
    )


def require_base_url(text: str, policy: Policy | None = None) -> None:
    """Raise AddressRefused unless it is `http(s)://host[:port][/path]` and the host, if written out, is allowed.

    Hosts without a dot are right: the services of one network call each other so.
    """
    if "?" in text or "#" in text:
        origin_of(text)
        raise AddressRefused("This must end before any ? or #: give scheme, host, port and path only")
    require_url(text, policy or current_policy())


def require_url(text: str, policy: Policy) -> None:
    """Raise AddressRefused unless it is an HTTP URL, perhaps with a query, whose host, if written out, is allowed."""
    origin = origin_of(text)
    if "#" in text:
        raise AddressRefused("This must end before any #: nobody would be sent what follows it")
    if not policy.is_allowed_at(origin.host, origin.port):
        raise AddressRefused(policy.refusal)


def origin_of(base_url: str) -> Origin:
    """The base URL's scheme, host and port in their one spelling. Raises AddressRefused for a wrong form."""
    parts = _split(base_url)
    host = plain_host(parts.hostname or "")
    port = _port(parts)
    if "@" in parts.netloc:
        raise AddressRefused("No user name or password here: the credential has a field of its own")
    if parts.scheme not in PORTS or port == 0 or "\\" in base_url or not _HOST.fullmatch(_bracketed(host)):
        raise AddressRefused("This must be http://host or https://host, with a port or path if need be")
    return Origin(parts.scheme, host, port or PORTS[parts.scheme])


def _split(text: str) -> SplitResult:
    is_printable = text.isprintable() and not any(character.isspace() for character in text)
    if not is_printable or len(text) > LONGEST_BASE_URL:
        raise AddressRefused(f"This must be one printable line of at most {LONGEST_BASE_URL} characters")
    try:
        return urlsplit(text)
    except ValueError:
        raise AddressRefused("This is not a valid URL") from None


def _port(parts: SplitResult) -> int | None:
    try:
        return parts.port
    except ValueError:
        raise AddressRefused("The port must be a number from 1 to 65535") from None


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _place(host: str) -> str:
    """One spelling for a host; all loopback addresses are one place."""
    address = literal(host)
    if address is None:
        return plain_host(host)
    plainest = list(forms(address))[-1]
    return "loopback" if plainest.is_loopback else str(plainest)


def _is_in(address: IPAddress, networks: tuple[IPNetwork, ...]) -> bool:
    return any(address.version == network.version and address in network for network in networks)
