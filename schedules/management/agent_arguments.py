"""The settings of an agent as an operator types them: every option is one setting of `schedules.agents`.

Secrets never stand on a command line, where every user of the machine sees them: options name the environment
variables or the files that hold them.
"""

import json
import os
import re
from argparse import ArgumentTypeError, BooleanOptionalAction
from pathlib import Path
from typing import Any, Final, cast

from django.core.management.base import CommandError, CommandParser

from schedules import agent_runtimes
from schedules.agents import AgentChanges
from schedules.agents.checking import MOST_IN_FLIGHT
from schedules.management.arguments import base_url, length, url_path

_LENGTHS: Final = ("connect_timeout", "read_timeout", "total_timeout", "retry_base", "retry_cap")
_NUMBERS: Final = ("max_attempts", "max_silent_attempts", "max_response_bytes")
_PLAIN: Final = (
    *(
        "runtime",
        "path",
        "dialect",
        "model",
        "provider",
        "credential_header",
        "background",
        "stream",
        "extra_body",
    ),
    *(*_LENGTHS, *_NUMBERS),
)
_PRICES: Final = ("input_price", "output_price")
_FILES: Final = {
    "ca_file": "ca_pem",
    "client_certificate_file": "client_certificate_pem",
    "client_key_file": "client_key_pem",
}
"""Options that name a file, and the setting that is its content."""
_LARGEST_FILE: Final = 1024 * 1024

_FORGOTTEN: Final[dict[str, Any]] = {
    "credential": None,
    "extra_headers": {},
    "client_key_pem": None,
    "client_certificate_pem": "",
    "signing_secrets": [],
}


def add_agent_arguments(parser: CommandParser) -> None:
    """All settings; what is not named stays as it is."""
    parser.add_argument("--runtime", choices=agent_runtimes.names(), help="a new agent's: responses")
    parser.add_argument("--url", type=base_url, help="where the agent's server is, e.g. https://host")
    parser.add_argument("--path", type=url_path, help="OpenAI-compatible servers: /v1/responses")
    parser.add_argument("--dialect", help="of its runtime, e.g. orq or openai; '' for the path's own")
    parser.add_argument("--model", help="sent as it is, {tag} filled in; '' for agent/<key>[@tag]")
    parser.add_argument("--provider", help="whose model it is, for traces and prices")
    for name in ("input", "output"):
        parser.add_argument(
            f"--{name}-price",
            type=_price,
            metavar="USD",
            help=f"dollars per million {name} tokens, for answers without a price; unknown for none",
        )
    parser.add_argument("--extra-body", type=_json_object, metavar="JSON", help="merged under what is sent")
    _add_secrets(parser)
    add_max_in_flight(parser, "half")
    parser.add_argument(
        "--background", action=BooleanOptionalAction, default=None, help="ask for it, then poll"
    )
    parser.add_argument(
        "--stream", action=BooleanOptionalAction, default=None, help="ask for an event stream"
    )
    for name in _LENGTHS:
        parser.add_argument(f"--{name.replace('_', '-')}", type=length, metavar="10s", help="500ms, 10s, 5m")
    for name in _NUMBERS:
        parser.add_argument(f"--{name.replace('_', '-')}", type=int, metavar="N", help="a whole number")


def add_max_in_flight(parser: CommandParser, share: str) -> None:
    """The limit of calls at one time, which an agent and a workspace have."""
    parser.add_argument(
        "--max-in-flight",
        type=_limit,
        metavar="N",
        help=f"calls at one time; 0 for no limit; default for {share} of the workers' threads",
    )


def chosen_max_in_flight(options: dict[str, Any]) -> int | None:
    """What was named; None: the default."""
    named: int = options["max_in_flight"]
    return None if named == _DEFAULT else named


_DEFAULT: Final = -1
_UNKNOWN: Final = -1.0


def _price(text: str) -> float:
    if text == "unknown":
        return _UNKNOWN
    if not re.fullmatch(r"[0-9]{1,7}(\.[0-9]{1,9})?", text):
        raise ArgumentTypeError(f"{text!r} is not a number of dollars, such as 2.5, and not unknown")
    return float(text)


def _limit(text: str) -> int:
    if text == "default":
        return _DEFAULT
    if not re.fullmatch("[0-9]{1,9}", text) or int(text) > MOST_IN_FLIGHT:
        raise ArgumentTypeError(f"{text!r} is not a number from 0 to {MOST_IN_FLIGHT}, and not default")
    return int(text)


def _add_secrets(parser: CommandParser) -> None:
    parser.add_argument(
        "--credential-env",
        metavar="VAR",
        help="environment variable that holds the credential header's value, e.g. 'Bearer abc'",
    )
    parser.add_argument("--credential-header", help="default: Authorization")
    parser.add_argument(
        "--header",
        action="append",
        type=_assignment,
        metavar="NAME=VALUE",
        help="sent with each request; give all of them",
    )
    parser.add_argument(
        "--secret-header",
        action="append",
        type=_assignment,
        metavar="NAME=VAR",
        help="the same, its value in an environment variable",
    )
    parser.add_argument(
        "--signing-secret-env",
        action="append",
        metavar="VAR",
        help="environment variable that holds a whsec_… secret; twice while it is rotated, the newest first",
    )
    for option, what in (
        ("--ca-file", "certificates the agent's server is trusted by; '' for this machine's"),
        ("--client-certificate-file", "the certificate that the agent's server is shown"),
        ("--client-key-file", "its key"),
    ):
        parser.add_argument(option, type=_pem, metavar="PATH", help=f"PEM file of {what}")
    parser.add_argument(
        "--forget-secrets",
        action="store_true",
        help="remove credential, headers, client certificate and signing secrets that are not named",
    )


def agent_changes(options: dict[str, Any]) -> AgentChanges:
    """What was named, as the verbs take it; CommandError for a variable that holds nothing."""
    changes: dict[str, Any] = dict(_FORGOTTEN) if options["forget_secrets"] else {}
    changes |= {name: options[name] for name in _PLAIN if options[name] is not None}
    if options["max_in_flight"] is not None:
        changes["max_in_flight"] = chosen_max_in_flight(options)
    prices = {name: options[name] for name in _PRICES if options[name] is not None}
    changes |= {name: None if price == _UNKNOWN else price for name, price in prices.items()}
    if options["url"] is not None:
        changes["base_url"] = options["url"]
    if options["credential_env"] is not None:
        changes["credential"] = _secret("--credential-env", options["credential_env"])
    if options["header"] is not None or options["secret_header"] is not None:
        changes["extra_headers"] = _headers(options["header"] or [], options["secret_header"] or [])
    if options["signing_secret_env"] is not None:
        variables = options["signing_secret_env"]
        changes["signing_secrets"] = [_secret("--signing-secret-env", name) for name in variables]
    changes |= {setting: options[name] for name, setting in _FILES.items() if options[name] is not None}
    return cast("AgentChanges", changes)


def _headers(plain: list[tuple[str, str]], secret: list[tuple[str, str]]) -> dict[str, Any]:
    sealed = {name: {"secret": True, "value": _secret("--secret-header", held)} for name, held in secret}
    return dict(plain) | sealed


def _secret(option: str, variable: str) -> str:
    value = os.environ.get(variable, "").strip()
    if not value:
        raise CommandError(f"{option}: the environment variable {variable} is not set or empty.")
    if not (value.isascii() and value.isprintable()):
        raise CommandError(f"{option}: the value of {variable} is not one line of plain ASCII.")
    return value


def _pem(path: str) -> str:
    """The file's text; no path: none."""
    if not path:
        return ""
    try:
        with Path(path).open(encoding="ascii") as file:
            text = file.read(_LARGEST_FILE + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not plain text"
        raise ArgumentTypeError(f"cannot read {path}: {reason}") from None
    if len(text) > _LARGEST_FILE:
        raise ArgumentTypeError(f"{path} is larger than {_LARGEST_FILE // 1024} KiB")
    return text


def _assignment(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


def _json_object(text: str) -> Any:
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise ArgumentTypeError("this is not a JSON object")
    return value
