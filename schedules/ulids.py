"""ULIDs: 26-character identifiers that sort by the time they were made (https://github.com/ulid/spec)."""

from datetime import datetime

from ulid import ULID


def new_ulid() -> str:
    """A fresh ULID, upper-case Crockford base 32."""
    return str(ULID())


def lowest_ulid_at(instant: datetime) -> str:
    """The smallest ULID of an instant: everything made before `instant` (aware) sorts below it."""
    return str(ULID.from_bytes(ULID.from_datetime(instant).bytes[:6] + bytes(10)))
