"""The backend: Django's, with what its connections need to be relied on.

* one from the pool works (`pool_check.py`),
* a session that can write no more is thrown away (`session_errors.py`),
* what was committed is on the disk (`durable_commits.py`),
* an instant is read whatever it is (`instants.py`).
"""

from typing import Any

import psycopg
from django.db.backends.postgresql import base
from django.utils.functional import cached_property
from psycopg.adapt import AdaptersMap

from orqsite.postgresql import pool_check
from orqsite.postgresql.durable_commits import make_durable
from orqsite.postgresql.instants import BoundedLoader
from orqsite.postgresql.session_errors import SessionErrors

_ADDRESS = ("NAME", "USER", "PASSWORD", "HOST", "PORT")


class DatabaseWrapper(base.DatabaseWrapper):
    """With CONN_HEALTH_CHECKS the pool checks its connections; without, that is done here, at less cost."""

    _address: Any = None
    _params: dict[str, Any] | None = None

    @cached_property
    def wrap_database_errors(self) -> SessionErrors:
        """Around each statement."""
        return SessionErrors(self)

    def get_connection_params(self) -> dict[str, Any]:
        """Django's, with instants read whatever they are; put together once, not for each loan of the pool."""
        address = [self.settings_dict[name] for name in _ADDRESS]
        if self._params is None or self._address != address:
            self._address, self._params = address, self._made_params()
        return {**self._params}

    def _made_params(self) -> dict[str, Any]:
        params: dict[str, Any] = super().get_connection_params()
        adapters = AdaptersMap(params["context"])
        adapters.register_loader("timestamptz", BoundedLoader)
        return params | {"context": adapters}

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """A new connection, or one of the pool that works; psycopg.OperationalError."""
        connection = super().get_new_connection(conn_params)
        while self._checks_its_pool and not pool_check.works(connection):
            connection.close()
            self.pool.putconn(connection)  # which throws a closed one away and opens another
            connection = super().get_new_connection(conn_params)
        return connection

    def close(self) -> None:
        """Give the connection back, or close it where there is no pool."""
        if self.connection is not None and self._checks_its_pool:
            pool_check.given_back(self.connection)
        super().close()

    def _set_autocommit(self, autocommit: bool) -> None:
        """Said to a connection that is not so already: one from the pool nearly always is."""
        if self.connection.autocommit != autocommit:
            super()._set_autocommit(autocommit)  # type: ignore[misc]  # not in the stubs

    def _configure_connection(self, connection: "psycopg.Connection[Any]") -> bool:
        make_durable(connection)
        return bool(super()._configure_connection(connection))  # type: ignore[misc]  # not in the stubs

    @property
    def _checks_its_pool(self) -> bool:
        return bool(self.pool) and not self.settings_dict["CONN_HEALTH_CHECKS"]
