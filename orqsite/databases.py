"""The database connection: PostgreSQL behind psycopg's pool, or SQLite set so that several processes may write."""

from typing import Any

import dj_database_url

from orqsite.environment import Environment, SettingInvalid
from orqsite.secret_text import SecretText

SQLITE_OPTIONS = {
    # Readers never wait for the writer (WAL); a writer takes its lock at BEGIN and waits for it (IMMEDIATE,
    # timeout in seconds), so that no transaction fails half way with "database is locked".
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA foreign_keys=ON;",
}

TIME_OUTS = {
    "idle_in_transaction_session_timeout": "10s",
    "lock_timeout": "5s",
    "statement_timeout": "1min",
}
"""Of the server, so that a process that was stopped keeps no row's lock; a pooler does not let a client set them."""

ONLY_A_WRITER = {"target_session_attrs": "read-write"}
"""Of several hosts the one that takes writes; none while the only one is read-only. A URL may say otherwise."""


def database(environment: Environment) -> dict[str, Any]:
    """Django's settings of the one database."""
    try:
        parsed: dict[str, Any] = {**dj_database_url.parse(environment.effective_database_url)}
    except (ValueError, KeyError):
        raise SettingInvalid("DATABASE_URL: not a URL like postgres://user:password@host:5432/name") from None
    parsed["PASSWORD"] = SecretText(parsed["PASSWORD"])
    if parsed["ENGINE"].endswith("sqlite3"):
        return parsed | {"ENGINE": "orqsite.sqlite", "OPTIONS": SQLITE_OPTIONS, "CONN_MAX_AGE": 0}
    if not parsed["ENGINE"].endswith("postgresql"):
        raise SettingInvalid("DATABASE_URL: only postgres://… and sqlite:///… are supported")
    return parsed | {
        "ENGINE": "orqsite.postgresql",
        "OPTIONS": ONLY_A_WRITER | parsed.get("OPTIONS", {}) | _postgresql(environment),
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": not environment.uses("pool_check"),
        "DISABLE_SERVER_SIDE_CURSORS": environment.transaction_pooler,
    }


def _postgresql(environment: Environment) -> dict[str, Any]:
    """Connections fail rather than hang: a stopped process must not keep row locks, a cut line must be noticed."""
    settings = " ".join(f"-c {name}={value}" for name, value in TIME_OUTS.items())
    return {
        "pool": {
            "min_size": 0,
            "max_size": environment.database_pool_size,
            "timeout": 5,
            "max_idle": 60,
            "reconnect_timeout": 5,  # of its own attempts, longer and longer apart; whoever asks next tries at once
        },
        "connect_timeout": 5,
        "tcp_user_timeout": 10_000,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 2,
        **({} if environment.transaction_pooler else {"options": settings}),
    }
