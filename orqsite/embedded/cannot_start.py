"""Why `up` cannot start."""


class CannotStart(Exception):
    """The message is one sentence a person can act on."""
