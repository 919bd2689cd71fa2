"""Signatures that receivers' own libraries accept, and only for what was sent."""

import base64
import secrets
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from workers.runtimes.signing import InvalidSigningSecret, key_of, webhook_headers

BODY = '{"input": "Grüße"}'.encode()


def make_secret(length: int = 32) -> str:
    return f"whsec_{base64.b64encode(secrets.token_bytes(length)).decode()}"


def test_the_example_of_the_specification_gives_its_signature() -> None:
    headers = webhook_headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        b'{"test": 2432232314}',
        ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
        datetime.fromtimestamp(1614265330, UTC),
    )

    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_the_receivers_library_accepts_the_signature() -> None:
    secret = make_secret()

    headers = webhook_headers("run-1", BODY, [secret], datetime.now(UTC))

    assert Webhook(secret).verify(BODY, headers) == {"input": "Grüße"}


def test_either_of_two_secrets_is_enough_while_they_are_changed() -> None:
    new, old = make_secret(), make_secret()

    headers = webhook_headers("run-1", BODY, [new, old], datetime.now(UTC))

    assert Webhook(new).verify(BODY, headers)
    assert Webhook(old).verify(BODY, headers)


@pytest.mark.parametrize("change", ["body", "id", "secret", "age"])
def test_anything_else_than_what_was_signed_is_refused(change: str) -> None:
    secret, now = make_secret(), datetime.now(UTC)
    headers = webhook_headers("run-1", BODY, [secret], now - timedelta(minutes=6 if change == "age" else 0))

    headers["webhook-id"] = "run-2" if change == "id" else "run-1"
    body = BODY + b" " if change == "body" else BODY
    receiver = Webhook(make_secret() if change == "secret" else secret)

    with pytest.raises(WebhookVerificationError):
        receiver.verify(body, headers)


def test_without_a_secret_there_are_the_id_and_the_time_only() -> None:
    headers = webhook_headers("run-1", BODY, [], datetime(2026, 11, 28, tzinfo=UTC))

    assert headers == {"webhook-id": "run-1", "webhook-timestamp": "1795824000"}


@pytest.mark.parametrize("length", [24, 25, 32, 64])
@pytest.mark.parametrize("padding", ["=", ""])
def test_a_secret_of_24_to_64_bytes_is_read_with_and_without_padding(length: int, padding: str) -> None:
    key = secrets.token_bytes(length)
    encoded = base64.b64encode(key).decode()

    assert key_of(f"whsec_{encoded if padding else encoded.rstrip('=')}") == key


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "whsec_",
        make_secret(23),
        make_secret(65),
        make_secret().removeprefix("whsec_"),
        "whsec_" + "!" * 32,
        "whsec_" + "ä" * 32,
        f"{make_secret()}\n",
        f"whsec_{make_secret()}",
    ],
)
def test_any_other_secret_is_refused_and_not_repeated(secret: str) -> None:
    with pytest.raises(
        InvalidSigningSecret, match="whsec_ followed by the base64 of 24 to 64 bytes"
    ) as refusal:
        key_of(secret)

    assert len(secret) < 8 or secret not in str(refusal.value)
