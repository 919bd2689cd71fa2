"""A name says at the time of sending where it leads: judged then, once, and no redirect leads elsewhere."""

import pytest

from schedules import addresses
from schedules.addresses import NOT_FOR_ALERTS, read_outbound
from tests.names import Names
from tests.workers.delivering.receiver import Answer, Receiver
from workers.delivering.posting import post
from workers.runtimes.http import connections

REFUSED = ("invalid_endpoint", NOT_FOR_ALERTS)


def only_public() -> None:
    addresses.configure(addresses.current_policy(), read_outbound([]))
    connections.connections.forget()


def refusal(url: str) -> tuple[str, str]:
    sent = post(url, b"{}", {})
    return sent.error, sent.message


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "[::1]", "2130706433", "0x7f.1", "127.1", "[::ffff:127.0.0.1]"),
        *("[64:ff9b::7f00:1]", "169.254.169.254", "100.64.0.1", "10.0.0.1", "localhost"),
    ],
)
def test_an_address_inside_is_not_connected_to(receiver: Receiver, host: str) -> None:
    only_public()

    assert refusal(f"http://{host}:{receiver.port}/hook") == REFUSED
    assert receiver.requests == []


def test_a_public_name_that_leads_inside_is_not_followed(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    Names(monkeypatch, hooks_example=[["127.0.0.1"]], inner_example=[["10.0.0.1"]])
    only_public()

    assert refusal(f"http://hooks.example:{receiver.port}/hook") == REFUSED
    assert refusal("http://inner.example/hook") == REFUSED
    assert receiver.requests == []


def test_a_name_is_looked_up_once_so_that_it_cannot_change_its_mind(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = Names(monkeypatch, hooks_example=[["127.0.0.1"], ["10.0.0.1"]])

    assert post(f"http://hooks.example:{receiver.port}/hook", b"{}", {}).status == 204
    assert names.asked == ["hooks.example"]
    connections.connections.forget()
    assert refusal(f"http://hooks.example:{receiver.port}/hook") == REFUSED


def test_of_several_addresses_only_allowed_ones_are_tried(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    Names(monkeypatch, hooks_example=[["10.0.0.1", "127.0.0.1"]])

    assert post(f"http://hooks.example:{receiver.port}/hook", b"{}", {}).status == 204


def test_a_redirect_leads_nowhere(receiver: Receiver) -> None:
    receiver.answer(Answer(302, {"Location": f"http://127.0.0.1:{receiver.port}/inside"}))

    assert post(receiver.url, b"{}", {}).error == "redirect_refused"
    assert len(receiver.requests) == 1


def test_a_connection_kept_for_an_agent_is_not_lent_to_an_alert(receiver: Receiver) -> None:
    assert post(receiver.url, b"{}", {}).status == 204

    addresses.configure(addresses.current_policy(), read_outbound([]))

    assert refusal(receiver.url) == REFUSED
