"""Which addresses a host name written out, or an IPv6 address, may stand for. Pure: resolves no name."""

import ipaddress
import re
import unicodedata
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, IPv6Network

IPAddress = IPv4Address | IPv6Address

_NUMBER = re.compile(r"0[xX][0-9A-Fa-f]*|[0-9]+", re.ASCII)

MAPPED, TRANSLATED, LOCAL_TRANSLATED, STATELESS, COMPATIBLE, SIX_TO_FOUR, TEREDO = (
    IPv6Network(network)
    for network in (
        "::ffff:0:0/96",
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "::ffff:0:0:0/96",
        "::/96",
        "2002::/16",
        "2001::/32",
    )
)


def literal(host: str) -> IPAddress | None:
    """The address that a host is, in whichever of the spellings that resolvers take; None for a name.

    Beside the usual ones: 2852039166, 0xa9fea9fe, 0251.0376.0251.0376, 169.254.43518, a dot at the end, digits of
    other scripts, IPv6 with a zone. `localhost` and names under it are loopback (RFC 6761).
    """
    host = plain_host(host)
    if host == "localhost" or host.endswith(".localhost"):
        return IPv4Address("127.0.0.1")
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return _ipv4_in_numbers(host)


def plain_host(host: str) -> str:
    """A host as resolvers see it: lower case, no brackets, no compatibility characters, no dot at the end."""
    return unicodedata.normalize("NFKC", host).strip("[]").removesuffix(".").lower()


def forms(address: IPAddress) -> Iterator[IPAddress]:
    """What the address may stand for: itself, unless it is only IPv4 in other clothes, and each IPv4 in it."""
    if isinstance(address, IPv4Address):
        yield address
        return
    is_equivalent = any(address in network for network in (MAPPED, TRANSLATED, SIX_TO_FOUR))
    if not is_equivalent:
        yield address
    yield from map(IPv4Address, _embedded(address))


def _embedded(address: IPv6Address) -> Iterator[int]:
    number = int(address)
    if any(address in network for network in (MAPPED, TRANSLATED, STATELESS)) or _is_compatible(address):
        yield number & 0xFFFF_FFFF
    elif address in SIX_TO_FOUR:
        yield number >> 80 & 0xFFFF_FFFF
    elif address in TEREDO:  # the server, and the client with its bits turned over
        yield number >> 64 & 0xFFFF_FFFF
        yield ~number & 0xFFFF_FFFF
    elif address in LOCAL_TRANSLATED:
        yield from filter(_is_specified, _embedded_by_prefix(number))
    elif number >> 32 & 0xFCFF_FFFF == 0x0000_5EFE:  # ISATAP (RFC 5214)
        yield number & 0xFFFF_FFFF


def _is_compatible(address: IPv6Address) -> bool:
    return address in COMPATIBLE and int(address) > 1


def _embedded_by_prefix(number: int) -> Iterator[int]:
    """RFC 6052, 2.2, for prefixes of 48, 56, 64 and 96 bits: bits 64 to 71 are left out of the IPv4 address."""
    yield (number >> 64 & 0xFFFF) << 16 | number >> 40 & 0xFFFF
    yield (number >> 64 & 0xFF) << 24 | number >> 32 & 0xFF_FFFF
    yield number >> 24 & 0xFFFF_FFFF
    yield number & 0xFFFF_FFFF


def _is_specified(number: int) -> bool:
    """A wrong guess at the prefix finds mostly zeros: they are no address."""
    return number >> 24 != 0


def _ipv4_in_numbers(host: str) -> IPv4Address | None:
    """One to four numbers, hexadecimal, octal or decimal; the last one fills what is left (inet_aton)."""
    words = host.split(".")
    if len(words) > 4 or not all(_NUMBER.fullmatch(word) for word in words):
        return None
    try:
        *numbers, last = [int(word, _base(word)) if word.lower() != "0x" else 0 for word in words]
    except ValueError:  # 09: no octal number
        return None
    if any(number > 0xFF for number in numbers) or last >> 8 * (4 - len(numbers)):
        return None
    return IPv4Address(sum(number << 8 * (3 - index) for index, number in enumerate(numbers)) | last)


def _base(word: str) -> int:
    if word[:2].lower() == "0x":
        return 16
    return 8 if len(word) > 1 and word[0] == "0" else 10
