"""What a person typed into a payload, as a refused form shows it again: never with a secret in it."""

import json
import re
from typing import Any, Final

from schedules import strict_json
from schedules.secrets.masking import MASK

NOT_SHOWN_AGAIN: Final = "What was typed is not shown again: it may hold a secret"


def may_hide_secret(text: str) -> bool:
    """Whether a text that nobody can read as JSON may hold a secret."""
    return bool(re.search("secret|value", text, re.IGNORECASE))


def without_secrets(text: str) -> str | None:
    """The text with its typed secrets emptied, so that they are typed again; None: it may hold one anywhere.

    Not masked: a mask says to keep the stored secret, and the typed one would be lost in silence.
    """
    try:
        written = strict_json.parse(text)
        strict_json.check(written)  # how deep it is: what is emptied below is walked through level by level
    except strict_json.NotStrictJson:
        return None if may_hide_secret(text) else text
    emptied = _emptied(written)
    return text if emptied == written else json.dumps(emptied, indent=2, ensure_ascii=False)


def _emptied(value: Any) -> Any:
    if isinstance(value, list):
        return [_emptied(each) for each in value]
    if not isinstance(value, dict):
        return value
    if "secret" in value:
        return {name: each if name == "secret" or each == MASK else "" for name, each in value.items()}
    return {name: _emptied(each) for name, each in value.items()}
