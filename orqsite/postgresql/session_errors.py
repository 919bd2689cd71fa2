"""What a server says of a session that is of no more use: the connection is thrown away, the caller may try again.

After a failover the old writer's sessions live on, and refuse every write; psycopg calls that, and the end of a
session that slept inside its transaction, internal errors, which nobody waits out.
"""

from types import TracebackType
from typing import Any, Final

from django.db.utils import DatabaseErrorWrapper, OperationalError
from psycopg import errors

USELESS: Final = (
    errors.ReadOnlySqlTransaction,
    errors.IdleInTransactionSessionTimeout,
    errors.TransactionTimeout,
)


class SessionErrors(DatabaseErrorWrapper):
    """Django's translation of the driver's errors, of those above into an OperationalError."""

    wrapper: Any  # Django's: the connection it stands around

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """OperationalError from `exc_value`, or what Django makes of it."""
        if exc_type is None:
            return
        if not isinstance(exc_value, USELESS):
            super().__exit__(exc_type, exc_value, traceback)
            return
        self.wrapper.errors_occurred = True
        _throw_away(self.wrapper)
        raise OperationalError(*exc_value.args) from exc_value


def _throw_away(wrapper: Any) -> None:
    """The pool keeps no closed connection; a transaction that is open here ends with its error."""
    if wrapper.connection is not None:
        wrapper.connection.close()
