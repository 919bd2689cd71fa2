"""The payload's shape, and its secrets: sealed at rest, masked on reads, opened for the agent's call."""

from typing import Any

import pytest
from cryptography.fernet import Fernet, InvalidToken
from pytest_django import Settings

from schedules.errors import InvalidRequest
from schedules.secrets import payloads
from schedules.secrets.masking import MASK
from schedules.secrets.sealing import seal

SECRET = {"secret": True, "value": "hunter2"}


@pytest.mark.parametrize(
    "payload",
    [
        {"input": ""},
        {"input": "text"},
        {"input": [{"role": "user", "content": "hi"}], "metadata": {"n": 1}, "variables": {"a": [1, None]}},
        {"input": [], "variables": {"key": SECRET, "not_one": {"value": 1}}, "memory_entity_id": "m"},
    ],
)
def test_a_payload_of_the_documented_shape_passes(payload: dict[str, Any]) -> None:
    assert payloads.check(payload) == payload


@pytest.mark.parametrize(
    ("payload", "param"),
    [
        (5, "payload"),
        ([], "payload"),
        ({"zz": 1}, "payload"),
        ({}, "payload.input"),
        ({"variables": {"key": SECRET}}, "payload.input"),
        ({"input": 5}, "payload.input"),
        ({"input": ["text"]}, "payload.input"),
        ({"input": None}, "payload.input"),
        ({"metadata": []}, "payload.metadata"),
        ({"variables": "x"}, "payload.variables"),
        ({"memory_entity_id": 1}, "payload.memory_entity_id"),
        ({"variables": {"x": {"secret": True}}}, "payload.variables.x"),
        ({"variables": {"x": {"secret": "yes", "value": "v"}}}, "payload.variables.x"),
        ({"variables": {"x": {"secret": True, "value": {}}}}, "payload.variables.x"),
        ({"variables": {"x": {"secret": True, "value": "v", "more": 1}}}, "payload.variables.x"),
        ({"variables": {"x": {"secret": True, "sealed": "v"}}}, "payload.variables.x"),
    ],
)
def test_any_other_shape_is_refused_with_the_field_named(payload: object, param: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        payloads.check(payload)

    assert refusal.value.param == param


def test_a_secret_is_sealed_at_rest_masked_on_reads_and_opened_for_the_call() -> None:
    stored = payloads.sealed({"input": "hi", "variables": {"key": SECRET, "open": "v"}})

    assert "hunter2" not in repr(stored)
    assert payloads.masked(stored)["variables"] == {
        "key": {"secret": True, "value": MASK},
        "open": "v",
    }
    assert payloads.opened(stored)["variables"] == {"key": SECRET, "open": "v"}


def test_an_older_key_still_opens_and_a_lost_key_does_not(settings: Settings) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    settings.ENCRYPTION_KEYS = [old]
    stored = payloads.sealed({"variables": {"key": SECRET}})

    settings.ENCRYPTION_KEYS = [new, old]
    opened = payloads.opened(stored)
    settings.ENCRYPTION_KEYS = [new]

    assert opened["variables"]["key"] == SECRET
    with pytest.raises(InvalidToken):
        payloads.opened(stored)
    replaced = payloads.sealed({"variables": {"key": SECRET}}, stored=stored)
    assert payloads.opened(replaced)["variables"]["key"] == SECRET


@pytest.mark.parametrize("short", ["", "abc"])
def test_a_new_secret_that_is_too_short_to_be_masked_is_refused_by_name(short: str) -> None:
    with pytest.raises(InvalidRequest, match="'pin' is too short") as refusal:
        payloads.sealed({"variables": {"pin": {"secret": True, "value": short}}})

    assert refusal.value.param == "payload.variables.pin"


def test_a_short_secret_that_is_stored_already_is_kept_and_sent() -> None:
    stored = {"variables": {"pin": {"secret": True, "sealed": seal("123")}}}

    for value in ("123", MASK):
        again = payloads.sealed({"variables": {"pin": {"secret": True, "value": value}}}, stored=stored)

        assert payloads.opened(again) == {"variables": {"pin": {"secret": True, "value": "123"}}}
