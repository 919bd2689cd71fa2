"""Secrets that Django and Celery must be handed as texts: they work as ever, but their `repr` shows nothing.

What is ours alone is pydantic's `SecretStr`, which no mistake turns into a text. Django derives its keys from
`str(SECRET_KEY)` and psycopg writes a password with `str`, so a class that hides there too would sign with its mask.
"""

from schedules.secrets.masking import MASK


class SecretText(str):
    """A text that no traceback, log of a variable, or dump of settings shows."""

    __slots__ = ()

    def __repr__(self) -> str:
        return repr(MASK)
