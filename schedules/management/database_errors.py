"""What the database refuses, as sentences an operator can act on."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management.base import CommandError
from django.db import IntegrityError, OperationalError, ProgrammingError


@contextmanager
def explained_database_errors() -> Iterator[None]:
    """Turn an error of the database inside the block into one sentence (CommandError)."""
    try:
        yield
    except IntegrityError:
        raise CommandError(
            "Somebody else changed the same data at the same time; run the command again."
        ) from None
    except (OperationalError, ProgrammingError) as error:
        first_line = str(error).strip().partition(chr(10))[0]
        if is_forbidden(error):
            raise CommandError(
                f"The database's role may not do this: {first_line}. Tables are changed by their owner: run the "
                "command with the owner's DATABASE_URL."
            ) from None
        if lacks_tables(error):
            raise CommandError(
                "The database's tables are missing or belong to another version; run `python3 manage.py migrate`."
            ) from None
        if is_disk_full(error):
            raise CommandError("The disk of the database is full; make room there.") from None
        raise CommandError(f"The database cannot be used: {first_line}") from None


def lacks_tables(error: Exception) -> bool:
    """PostgreSQL calls an unknown table or column a programming error, SQLite an operational one."""
    return isinstance(error, ProgrammingError) or str(error).startswith("no such")


def is_forbidden(error: Exception) -> bool:
    """PostgreSQL's insufficient_privilege."""
    return getattr(error.__cause__, "sqlstate", None) == "42501"


def is_disk_full(error: Exception) -> bool:
    """PostgreSQL says so by a code, SQLite in words."""
    return getattr(error.__cause__, "sqlstate", None) == "53100" or "is full" in str(error)
