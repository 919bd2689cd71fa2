"""Which targets an endpoint may have: refused at save, whichever spelling an address inside has."""

import pytest

from schedules import addresses
from schedules.addresses import NOT_FOR_ALERTS, Policy, outbound_policy, read_outbound
from schedules.deliveries.targets import target_of
from schedules.errors import InvalidRequest
from schedules.models import Channel
from schedules.secrets.sealing import unseal
from tests.schedules.test_addresses import LOOPBACK, METADATA_SPELLINGS, NOWHERE, PRIVATE

REFUSED_BY_FORM = [
    *("http://user@host", "http://user:password@host/x", "file:///etc/passwd", "gopher://", "gopher://host"),
    *("http://", "hooks.example.com/x", "https://hooks.example.com/x#secret", "https://a b.example", ""),
]


@pytest.fixture
def policy(request: pytest.FixtureRequest) -> object:
    before = outbound_policy()
    yield lambda policy: addresses.configure(addresses.current_policy(), policy)
    addresses.configure(addresses.current_policy(), before)


def refusal(target: str, channel: str = Channel.WEBHOOK) -> str:
    try:
        target_of(channel, target)
    except InvalidRequest as refused:
        return str(refused) if refused.param == "target" else "of another field"
    return ""


@pytest.mark.parametrize("host", [*LOOPBACK, *PRIVATE, *NOWHERE, *METADATA_SPELLINGS])
def test_an_address_inside_is_refused_in_every_spelling(host: str) -> None:
    assert refusal(f"https://{host}/hook?token=1") == f"target: {NOT_FOR_ALERTS}"


@pytest.mark.parametrize("url", REFUSED_BY_FORM)
def test_what_is_no_plain_http_url_is_refused(url: str) -> None:
    assert refusal(url) not in ("", f"target: {NOT_FOR_ALERTS}")


@pytest.mark.parametrize("host", ["hooks.example.com", "8.8.8.8", "[2606:4700::1111]", "[64:ff9b::808:808]"])
def test_public_hosts_may_be_told(host: str) -> None:
    assert target_of(Channel.WEBHOOK, f"https://{host}/hook?token=1").shown == f"https://{host}/hook?token=1"


def test_what_the_operator_names_may_be_told_and_metadata_only_by_itself(policy: object) -> None:
    assert callable(policy)
    policy(read_outbound(["10.0.0.0/8", "169.254.0.0/16", "::/0"]))
    assert [refusal(f"http://{host}") for host in ("10.1.2.3", "169.254.1.1", "[fe80::1]")] == ["", "", ""]
    assert [bool(refusal(f"http://{host}")) for host in ("192.168.1.1", "169.254.169.254")] == [True, True]
    assert refusal("http://[fd00:ec2::254]")

    policy(read_outbound(["169.254.169.254"]))
    assert refusal("http://169.254.169.254") == ""
    assert refusal("http://[::ffff:169.254.169.254]") == ""
    assert refusal("http://169.254.170.2")


def test_our_own_database_and_broker_are_refused_whatever_the_operator_names(policy: object) -> None:
    assert callable(policy)
    policy(read_outbound(["0.0.0.0/0"], own_services=(("broker", 6379), ("127.0.0.1", 5432))))

    assert refusal("http://broker:6379")
    assert refusal("http://localhost:5432")
    assert refusal("http://broker:8080") == refusal("http://127.0.0.1:8080") == ""


@pytest.mark.parametrize("words", [["10.0.0.0/33"], ["public"], ["10.0.0.1/8"]])
def test_a_network_that_is_none_is_refused_with_an_example(words: list[str]) -> None:
    with pytest.raises(ValueError, match=r"give networks like 10\.0\.0\.0/8"):
        read_outbound(words)


def test_agents_are_judged_by_their_own_policy() -> None:
    assert Policy().is_allowed_at("127.0.0.1", 80)
    assert not outbound_policy().is_allowed_at("127.0.0.1", 80)


def test_of_a_slack_url_only_the_host_is_shown() -> None:
    url = "https://hooks.slack.com/services/T000/B000/XXXX"

    target = target_of(Channel.SLACK, url)

    assert target.shown == "https://hooks.slack.com/********"
    assert unseal(target.sealed) == url
    assert refusal("http://hooks.slack.com/services/x", Channel.SLACK)
    assert refusal("https://127.0.0.1/services/x", Channel.SLACK) == f"target: {NOT_FOR_ALERTS}"


def test_of_a_routing_key_nothing_is_shown() -> None:
    key = "R0123456789ABCDEF0123456789ABCDE"

    target = target_of(Channel.PAGERDUTY, key)

    assert (target.shown, unseal(target.sealed)) == ("********", key)
    assert refusal(key[:-1], Channel.PAGERDUTY)
    assert key not in refusal(key + "!", Channel.PAGERDUTY)


def test_mail_goes_to_addresses_only() -> None:
    assert target_of(Channel.EMAIL, " ops@example.com , anna@example.com,").shown == (
        "ops@example.com,anna@example.com"
    )
    for wrong in ("", ",", "nobody", "a@b.example\nBcc: c@d.example", ",".join(["a@b.example"] * 21)):
        assert refusal(wrong, Channel.EMAIL)
