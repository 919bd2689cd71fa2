"""TLS options behind the question mark of a server's URL, in redis-py's spelling and in Celery's."""

import ssl
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl

VERIFY: Final = "ssl_cert_reqs"
NAME: Final = "ssl_check_hostname"
AUTHORITY: Final = "ssl_ca_certs"
CERTIFICATE: Final = "ssl_certfile"
KEY: Final = "ssl_keyfile"
KNOWN: Final = (VERIFY, NAME, AUTHORITY, CERTIFICATE, KEY)

_REQUIREMENTS: Final = {
    "required": "required",
    "cert_required": "required",
    # Of a client it asks for the same.
    "optional": "required",
    "cert_optional": "required",
    "none": "none",
    "cert_none": "none",
}
_TRUTHS: Final = {"true": "true", "1": "true", "yes": "true", "false": "false", "0": "false", "no": "false"}


def read_options(query: str, *, is_tls: bool) -> dict[str, str]:
    """The options as redis-py writes them; ValueError with a sentence."""
    try:
        options = dict(parse_qsl(query, keep_blank_values=True, strict_parsing=True)) if query else {}
    except ValueError:
        raise ValueError("the options behind the question mark cannot be read") from None
    if not options.keys() <= set(KNOWN):
        raise ValueError(f"of options behind the question mark there are only {', '.join(KNOWN)}")
    if options and not is_tls:
        raise ValueError("its options are about TLS, which the part before :// does not ask for")
    _respell(options, VERIFY, _REQUIREMENTS, "required or none")
    _respell(options, NAME, _TRUTHS, "true or false")
    _try(options)
    return options


def is_verified(options: Mapping[str, str]) -> bool:
    """Whether the server must show a certificate that somebody we trust has signed."""
    return options.get(VERIFY) != "none"


def is_name_checked(options: Mapping[str, str]) -> bool:
    """Whether that certificate must be for the name in the URL."""
    return is_verified(options) and options.get(NAME) != "false"


def _respell(options: dict[str, str], name: str, words: Mapping[str, str], choice: str) -> None:
    if name in options:
        word = words.get(options[name].lower())
        if word is None:
            raise ValueError(f"{name} is {choice}")
        options[name] = word


def _try(options: Mapping[str, str]) -> None:
    """The files are there and of use: nobody should learn of it by a broker that does not answer."""
    try:
        if AUTHORITY in options:
            ssl.create_default_context(cafile=options[AUTHORITY])
        if CERTIFICATE in options or KEY in options:
            ssl.create_default_context().load_cert_chain(options.get(CERTIFICATE, ""), options.get(KEY))
    except OSError as error:
        names = ", ".join(name for name in (AUTHORITY, CERTIFICATE, KEY) if name in options)
        reason = error.strerror or getattr(error, "reason", None) or type(error).__name__
        raise ValueError(f"the PEM files of {names} cannot be used ({reason})") from None
