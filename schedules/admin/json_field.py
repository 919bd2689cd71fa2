"""A JSON object that a person writes into a text area, read as strictly as the API reads its bodies."""

import json
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from unfold.widgets import UnfoldAdminTextareaWidget

from schedules import strict_json


class JsonObjectField(forms.Field):
    """A JSON object as text; empty: an empty one."""

    widget = UnfoldAdminTextareaWidget(attrs={"rows": 4, "class": "console-mono", "spellcheck": "false"})

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        """The text shown: an object is written out, what a person wrote stays as it is."""
        return json.dumps(value, indent=2, ensure_ascii=False) if isinstance(value, dict) else value

    def to_python(self, value: Any) -> Any:
        """The object that was written."""
        if not value or not value.strip():
            return {}
        try:
            written = strict_json.parse(value)
            strict_json.check(written)
        except strict_json.NotStrictJson as problem:
            raise ValidationError(f"This {problem}") from None
        if not isinstance(written, dict):
            raise ValidationError("This is not a JSON object")
        return written

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether another object was written; what is no JSON is another one."""
        try:
            return bool(self.to_python(data) != (initial or {}))
        except ValidationError:
            return True
