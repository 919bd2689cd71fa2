"""Triggers on SQLite. PostgreSQL's are made by migrations, which say what they are for.

A migration that changes a table makes it anew, and its triggers go with the old one; a table that a trigger names
cannot even be renamed meanwhile. So they are dropped before a migration that does something, and made after each.
"""

from collections.abc import Mapping
from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.signals import post_migrate, pre_migrate


def keep(app: AppConfig, triggers: Mapping[str, str], table: str) -> None:
    """From now on each migration of the app leaves these there, by name and words, once `table` is."""

    def drop(using: str, plan: list[Any], **_: Any) -> None:
        if plan and connections[using].vendor == "sqlite":
            _drop(connections[using], triggers)

    def create(using: str, **_: Any) -> None:
        connection = connections[using]
        if connection.vendor == "sqlite" and table in connection.introspection.table_names():
            _drop(connection, triggers)
            with connection.cursor() as cursor:
                for name, words in triggers.items():
                    cursor.execute(f"CREATE TRIGGER {name} {words}")

    pre_migrate.connect(drop, sender=app, weak=False, dispatch_uid=f"drop triggers of {table}")
    post_migrate.connect(create, sender=app, weak=False, dispatch_uid=f"create triggers of {table}")


def _drop(connection: BaseDatabaseWrapper, triggers: Mapping[str, str]) -> None:
    with connection.cursor() as cursor:
        for name in triggers:
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}")
