"""Which base URLs an agent may have: their form, and the addresses that are refused in whichever spelling."""

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules.addresses import (
    NOT_ALLOWED,
    AddressRefused,
    Origin,
    Policy,
    origin_of,
    read_policy,
    require_base_url,
)

ANY, PUBLIC = read_policy("any"), read_policy("public")

METADATA_SPELLINGS = [
    "169.254.169.254",
    "169.254.169.254.",
    "2852039166",
    "0xa9fea9fe",
    "0xa9.0xfe.0xa9.0xfe",
    "0251.0376.0251.0376",
    "0251.254.0xa9.254",
    "169.254.43518",
    "169.16689662",
    "\uff11\uff16\uff19.254.169.254",
    "[::ffff:169.254.169.254]",
    "[::ffff:a9fe:a9fe]",
    "[::169.254.169.254]",
    "[::ffff:0:169.254.169.254]",
    "[64:ff9b::a9fe:a9fe]",
    "[64:ff9b:1:a9fe:a9:fe00::]",
    "[64:ff9b:1::a9fe:a9fe]",
    "[2002:a9fe:a9fe::1]",
    "[2001:0:a9fe:a9fe::1]",
    "[2001:0:808:808:0:0:5601:5601]",
    "[2001:db8::5efe:a9fe:a9fe]",
    "[fd00:ec2::254]",
]

LOOPBACK = [
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0x7f.1",
    "017700000001",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "localhost",
    "LOCALHOST.",
    "db.localhost",
]

PRIVATE = [
    *("10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "198.18.0.1", "192.0.2.1", "240.0.0.1"),
    *("[fd12::1]", "[fec0::1]", "[2001:db8::1]", "[2002:a00:1::]", "[::ffff:10.0.0.1]", "[64:ff9b::a00:1]"),
    *("[64:ff9b:1::808:808]", "[::8.8.8.8]", "[100::1]", "[2001:20::1]", "[3fff::1]"),
]

NOWHERE = [
    "0.0.0.0",  # noqa: S104 - nobody binds it
    "0",
    "0.1.2.3",
    "[::]",
    "224.0.0.1",
    "239.1.1.1",
    "255.255.255.255",
    "[ff02::1]",
    "[fe80::1]",
]

OUTSIDE = [
    *("8.8.8.8", "134744072", "agents.example.com", "agents", "büro.example", "a_b", "[2606:4700::1111]"),
    *("[64:ff9b::808:808]", "[2002:808:808::1]", "[::ffff:8.8.8.8]", "169.254.example", "0x.example"),
]


def is_refused(url: str, policy: Policy) -> bool:
    words = refusal(url, policy)
    assert words in ("", NOT_ALLOWED), f"{url} has a wrong form"
    return bool(words)


def refusal(url: str, policy: Policy) -> str:
    try:
        require_base_url(url, policy)
    except AddressRefused as refused:
        return str(refused)
    return ""


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("host", [*METADATA_SPELLINGS, *NOWHERE])
def test_metadata_and_addresses_of_nobody_are_always_refused(host: str, scheme: str) -> None:
    for policy in (ANY, PUBLIC, read_policy("0.0.0.0/0,::/0")):
        assert is_refused(f"{scheme}://{host}:8080/base", policy)


@pytest.mark.parametrize("host", [*LOOPBACK, *PRIVATE])
def test_loopback_and_private_addresses_are_allowed_unless_only_public_ones_are(host: str) -> None:
    assert not is_refused(f"http://{host}", ANY)
    assert is_refused(f"http://{host}", PUBLIC)


@pytest.mark.parametrize("host", OUTSIDE)
def test_names_and_public_addresses_are_allowed(host: str) -> None:
    for policy in (ANY, PUBLIC, read_policy("10.0.0.0/8")):
        assert not is_refused(f"https://{host}/v1", policy)


def test_networks_are_allowed_beside_the_public_ones() -> None:
    policy = read_policy(" 10.1.0.0/16, fd12::/16 ")

    for host in ("10.1.2.3", "[::ffff:10.1.2.3]", "[64:ff9b::a01:203]", "[fd12::7]", "8.8.8.8"):
        assert not is_refused(f"http://{host}", policy)
    for host in ("10.2.0.1", "127.0.0.1", "[fd13::7]", "169.254.169.254"):
        assert is_refused(f"http://{host}", policy)


@pytest.mark.parametrize(
    "text", ["", " , ", "all", "any,public", "10.0.0.1/8", "10.0.0.0/40", "public,10.0.0.0/8"]
)
def test_a_wrong_policy_is_refused_in_a_sentence_that_says_what_is_right(text: str) -> None:
    with pytest.raises(ValueError, match="give any, public, or networks like"):
        read_policy(text)


def test_our_own_services_are_refused_and_their_neighbours_are_not() -> None:
    policy = read_policy("any", own_services=(("127.0.0.1", 5432), ("10.0.0.7", 6379), ("broker", 6379)))

    for place in ("127.0.0.1:5432", "localhost:5432", "[::1]:5432", "127.9.9.9:5432", "0x7f.1:5432"):
        assert is_refused(f"http://{place}", policy)
    for place in ("10.0.0.7:6379", "[::ffff:10.0.0.7]:6379", "167772167:6379", "BROKER.:6379"):
        assert is_refused(f"https://{place}", policy)
    for place in ("127.0.0.1:5433", "10.0.0.8:6379", "10.0.0.7", "broker", "other:6379"):
        assert not is_refused(f"http://{place}", policy)


def test_names_of_own_services_are_handed_out_for_a_comparison_of_addresses() -> None:
    policy = Policy(own_services=(("broker", 6379), ("10.0.0.7", 6379), ("db.internal", 5432)))

    assert policy.own_names(6379) == ["broker"]
    assert policy.own_names(80) == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "agents.example",
        "ftp://host",
        "file:///etc/passwd",
        "gopher://host",
        "http://",
        "http:///path",
        "http://host:0",
        "http://host:99999",
        "http://host:port",
        "http://me:hunter2@host",
        "http://me@host",
        "http://host/?a=1",
        "http://host/?",
        "http://host/#x",
        "http://host\\@other",
        "http://ho st",
        "http://host\r\nX-Evil: 1",
        "http://host\u202e",
        "http://[::1",
        "http://[fe80::1%25eth0]",
        "http://host%00",
        "http://" + "a" * 500,
    ],
)
def test_what_is_no_base_url_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(AddressRefused) as refused:
        require_base_url(text, ANY)

    assert str(refused.value) != NOT_ALLOWED
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("https://Agents.Example.com", ("https", "agents.example.com", 443)),
        ("https://agents.example.com.:443/base/", ("https", "agents.example.com", 443)),
        ("http://agents:8080/base", ("http", "agents", 8080)),
        ("HTTP://[::1]:8080", ("http", "::1", 8080)),
    ],
)
def test_an_origin_has_one_spelling(text: str, origin: tuple[str, str, int]) -> None:
    assert origin_of(text) == Origin(*origin)


@given(st.ip_addresses(v=4))
def test_ipv4_in_ipv6_is_judged_like_ipv4(address: object) -> None:
    number = int(ip_address(str(address)))
    mapped = ip_address((0xFFFF << 32) | number)
    translated = ip_address(int(ip_address("64:ff9b::")) | number)
    relayed = ip_address((0x2002 << 112) | (number << 80))

    for policy in (ANY, PUBLIC, Policy(is_private_allowed=False, networks=(ip_network("10.0.0.0/8"),))):
        expected = policy.is_allowed(ip_address(number))
        assert {policy.is_allowed(form) for form in (mapped, translated, relayed)} == {expected}


@given(st.text())
def test_whatever_is_written_it_is_a_base_url_or_refused(text: str) -> None:
    for url in (text, f"http://{text}", f"https://{text}/x"):
        assert text not in refusal(url, PUBLIC) or len(text) < 20
