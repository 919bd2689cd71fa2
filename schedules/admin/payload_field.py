"""A payload as JSON text in a form, read as the API reads it; its secrets are masked, and never shown again."""

import json
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from unfold.widgets import UnfoldAdminTextareaWidget

from schedules import strict_json
from schedules.admin.typed_secrets import NOT_SHOWN_AGAIN, without_secrets

_OF_A_BODY: Final = ("display_name", "agent_tag", "type", "expression", "payload", "is_active")
"""The fields of a body of the API that has a payload: its limits are those of the whole."""

PAYLOAD_HELP = (
    "JSON: input, memory_entity_id, metadata, variables. A secret variable is "
    '{"secret": true, "value": "…"}; ******** keeps the stored secret.'
)


class PayloadField(forms.Field):
    """A payload as JSON text, secrets masked."""

    widget = UnfoldAdminTextareaWidget(attrs={"rows": 14, "class": "console-mono", "spellcheck": "false"})

    empty_values = (None, "")  # an empty object is a payload

    def prepare_value(self, value: Any) -> Any:
        """The text shown: a payload is written out, what a person wrote stays as it is."""
        return json.dumps(value, indent=2, ensure_ascii=False) if isinstance(value, dict) else value

    def bound_data(self, data: Any, initial: Any) -> Any:
        """What a refused form shows: what was typed without its secrets, or what was there before."""
        return data if not isinstance(data, str) else (without_secrets(data) or initial)

    def to_python(self, value: Any) -> Any:
        """The value that was written, within the limits of a body of the API that has this payload."""
        if not value:
            return None
        try:
            payload = strict_json.parse(value)
            strict_json.check(dict.fromkeys(_OF_A_BODY) | {"payload": payload})
        except strict_json.NotStrictJson as problem:
            raise ValidationError(f"The payload {problem}{_unless_shown(value)}") from None
        return payload


def _unless_shown(text: str) -> str:
    return "" if without_secrets(text) is not None else f". {NOT_SHOWN_AGAIN}"
