"""What each setting of an agent may be. One table, whoever asks: the console, the command, the API.

A setting is checked when it is named; what is stored stays right, whatever rules come later.
"""

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final

from schedules import addresses, agent_runtimes, headers
from schedules.agents import pem
from schedules.errors import InvalidRequest
from schedules.expressions.invalid_expression import quoted
from schedules.models.agent import AGENT_KEY
from schedules.secrets.masking import MASK, SHORTEST_SECRET

SHORTEST, LONGEST = timedelta(milliseconds=1), timedelta(days=1)
MOST_ATTEMPTS: Final = 100
MOST_IN_FLIGHT: Final = 1_000_000
HIGHEST_PRICE: Final = 1_000_000
MOST_RESPONSE_BYTES: Final = 256 * 1024 * 1024
MOST_EXTRA_BODY_BYTES: Final = 64 * 1024
MOST_HEADERS: Final = 20
MOST_SIGNING_SECRETS: Final = 2

OUR_FIELDS: Final = frozenset(
    {
        *("model", "input", "messages", "message", "variables", "memory", "metadata"),
        *("background", "stream"),
    }
)
"""What a request's body has of us: settings or payload, never `extra_body`."""

_SIGNING_SECRET: Final = re.compile(r"whsec_([A-Za-z0-9+/]+=*)")
_BLANK: Final = re.compile(r"[\s\x00-\x1f\x7f]")


def check_key(key: object) -> str:
    """The key an agent is known by; InvalidRequest."""
    if not isinstance(key, str) or len(key) > 255 or not re.match(AGENT_KEY, key):
        raise InvalidRequest(
            "key must be letters and digits, in parts joined by . _ or -, beginning with a letter, "
            "at most 255 characters",
            param="key",
        )
    return key


def check_each(changes: Mapping[str, Any]) -> None:
    """InvalidRequest naming the first setting that cannot be, whatever the others are."""
    for name, value in changes.items():
        if name not in _RULES:
            raise InvalidRequest(f"There is no setting {quoted(name)}", param=name[:100])
        _RULES[name](value, name)


def _check_runtime(value: object, param: str) -> None:
    if value not in agent_runtimes.names():
        known = ", ".join(agent_runtimes.names())
        raise InvalidRequest(f"There is no runtime {quoted(str(value))}; there are {known}", param=param)


def _check_base_url(value: object, param: str) -> None:
    if not isinstance(value, str):
        raise InvalidRequest(f"{param} must be a text", param=param)
    if value:
        _require(param, addresses.require_base_url, value)


def _require(param: str, rule: Callable[..., None], *values: str) -> None:
    """The rule's own words, about the setting."""
    try:
        rule(*values)
    except ValueError as refused:
        raise InvalidRequest(f"{param}: {refused}", param=param) from None


def _check_path(value: object, param: str) -> None:
    text = _line(value, param, 255)
    if text and (not text.startswith("/") or _BLANK.search(text) or "#" in text):
        raise InvalidRequest("path must be the path of a URL, like /v1/responses", param=param)


def _text(length: int) -> Callable[[object, str], None]:
    def check(value: object, param: str) -> None:
        _line(value, param, length)

    return check


def _line(value: object, param: str, length: int) -> str:
    if not isinstance(value, str) or len(value) > length or not value.isprintable():
        raise InvalidRequest(f"{param} must be one line of at most {length} characters", param=param)
    return value


def _check_credential_header(value: object, param: str) -> None:
    if value != "":
        _require(param, headers.require_credential_header, _line(value, param, 100))


def _check_credential(value: object, param: str) -> None:
    if value is None:
        return
    if not isinstance(value, str):
        raise InvalidRequest(f"{param} must be the header's whole value, or null to remove it", param=param)
    _require(param, headers.require_value, value)


def _check_extra_body(value: object, param: str) -> None:
    if not isinstance(value, dict):
        raise InvalidRequest(f"{param} must be a JSON object", param=param)
    for name in value:
        if name in OUR_FIELDS:
            raise InvalidRequest(
                f"extra_body may not hold {quoted(name)}: it is a setting of its own or comes with the payload",
                param=param,
            )
    if len(json.dumps(value).encode()) > MOST_EXTRA_BODY_BYTES:
        raise InvalidRequest(f"extra_body is larger than {MOST_EXTRA_BODY_BYTES} bytes", param=param)


def _check_extra_headers(value: object, param: str) -> None:
    if not isinstance(value, dict) or len(value) > MOST_HEADERS:
        raise InvalidRequest(f"{param} must be a JSON object of at most {MOST_HEADERS} headers", param=param)
    if len({name.lower() for name in value}) < len(value):
        raise InvalidRequest(f"{param} has one header twice: capitals make no difference", param=param)
    for name, held in value.items():
        _check_header_value(name, held, param)


def _check_header_value(name: str, held: object, param: str) -> None:
    is_object = isinstance(held, dict) and set(held) == {"secret", "value"} and held["secret"] is True
    text = held["value"] if is_object else held  # type: ignore[index]  # an object, as was just seen
    if not isinstance(text, str):
        raise InvalidRequest(
            f'the value of header {quoted(name)} must be a text, or {{"secret": true, "value": "text"}}',
            param=param,
        )
    _require(param, headers.require_extra_header, name, text)
    if is_object and text != MASK and len(text) < SHORTEST_SECRET:
        raise InvalidRequest(
            f"the secret of header {quoted(name)} is too short to be masked: at least {SHORTEST_SECRET} "
            "characters",
            param=param,
        )


def _check_flag(value: object, param: str) -> None:
    if not isinstance(value, bool):
        raise InvalidRequest(f"{param} must be true or false", param=param)


def _check_duration(value: object, param: str) -> None:
    if not isinstance(value, timedelta) or not SHORTEST <= value <= LONGEST:
        raise InvalidRequest(f"{param} must lie between a millisecond and a day", param=param)


def _number(most: int) -> Callable[[object, str], None]:
    def check(value: object, param: str) -> None:
        if type(value) is not int or not 1 <= value <= most:
            raise InvalidRequest(f"{param} must be a number from 1 to {most}", param=param)

    return check


def check_max_in_flight(value: object, param: str) -> None:
    """A number of calls at one time, 0 for no limit, None for the default; InvalidRequest."""
    if value is not None and (type(value) is not int or not 0 <= value <= MOST_IN_FLIGHT):
        raise InvalidRequest(
            f"{param} must be a number from 0 (no limit) to {MOST_IN_FLIGHT}, or null for the default",
            param=param,
        )


def _check_price(value: object, param: str) -> None:
    is_number = type(value) in (int, float)
    if value is not None and not (is_number and 0 <= value <= HIGHEST_PRICE):  # type: ignore[operator]  # a number, then
        raise InvalidRequest(
            f"{param} must be dollars per million tokens, from 0 to {HIGHEST_PRICE}, or null where it is not known",
            param=param,
        )


def _check_certificates(value: object, param: str) -> None:
    if not isinstance(value, str):
        raise InvalidRequest(f"{param} must be a text", param=param)
    if value:
        pem.check_certificates(value, param)


def _check_client_key(value: object, param: str) -> None:
    if value is None:
        return
    if not isinstance(value, str):
        raise InvalidRequest(f"{param} must be a text, or null to remove it", param=param)
    pem.check_private_key(value, param)


def _check_signing_secrets(value: object, param: str) -> None:
    if not isinstance(value, list) or len(value) > MOST_SIGNING_SECRETS:
        raise InvalidRequest(
            f"{param} must be a list of at most {MOST_SIGNING_SECRETS} secrets, the newest first", param=param
        )
    for secret in value:
        if not isinstance(secret, str) or not _is_signing_secret(secret):
            raise InvalidRequest(
                "a signing secret is whsec_ and 24 to 64 bytes in base64, as Standard Webhooks has it",
                param=param,
            )


def _is_signing_secret(text: str) -> bool:
    match = _SIGNING_SECRET.fullmatch(text)
    if match is None:
        return False
    try:
        return 24 <= len(base64.b64decode(match[1], validate=True)) <= 64
    except (binascii.Error, ValueError):
        return False


_RULES: Final[dict[str, Callable[[object, str], None]]] = {
    "runtime": _check_runtime,
    "base_url": _check_base_url,
    "path": _check_path,
    "dialect": _text(40),
    "model": _text(255),
    "provider": _text(100),
    "credential_header": _check_credential_header,
    "credential": _check_credential,
    "extra_body": _check_extra_body,
    "extra_headers": _check_extra_headers,
    "background": _check_flag,
    "stream": _check_flag,
    "connect_timeout": _check_duration,
    "read_timeout": _check_duration,
    "total_timeout": _check_duration,
    "max_response_bytes": _number(MOST_RESPONSE_BYTES),
    "max_attempts": _number(MOST_ATTEMPTS),
    "max_silent_attempts": _number(MOST_ATTEMPTS),
    "max_in_flight": check_max_in_flight,
    "input_price": _check_price,
    "output_price": _check_price,
    "retry_base": _check_duration,
    "retry_cap": _check_duration,
    "ca_pem": _check_certificates,
    "client_certificate_pem": _check_certificates,
    "client_key_pem": _check_client_key,
    "signing_secrets": _check_signing_secrets,
}
