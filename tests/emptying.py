"""Emptying the database between tests that commit: what Django's `flush` does, without making everything anew.

`flush` also empties the tables of content types and permissions, and then fills them again, model by model; nobody
changes them. They stay, and nothing has to be filled.
"""

from functools import cache
from typing import Final

from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.core.management.color import no_style
from django.db import connections
from django.test import TransactionTestCase

FILLED_BY_DJANGO: Final = {model._meta.db_table for model in (ContentType, Permission)}
LARGE_BYTES: Final = 256 * 1024
"""A larger table is truncated: its dead rows would be read by all later tests."""

_EMPTY: Final = """
DO $$
DECLARE name text;
BEGIN
    SET LOCAL session_replication_role = replica;
    FOREACH name IN ARRAY string_to_array('{names}', ' ') LOOP
        IF pg_relation_size(quote_ident(name)) > {large} THEN
            EXECUTE format('TRUNCATE %I CASCADE', name);
        ELSIF pg_relation_size(quote_ident(name)) > 0 THEN
            EXECUTE format('DELETE FROM %I', name);
        END IF;
    END LOOP;
END $$
"""


def empty_between_tests() -> None:
    """From now on this is how a test that commits leaves its databases behind."""
    TransactionTestCase._fixture_teardown = _empty_all  # type: ignore[attr-defined]  # not in the stubs


def _empty_all(test: TransactionTestCase) -> None:
    for alias in test._databases_names(include_mirrors=False):  # type: ignore[attr-defined]  # not in the stubs
        _empty(alias)


def _empty(alias: str) -> None:
    connection = connections[alias]
    if _may_leave_triggers_out(alias):
        with connection.cursor() as cursor:
            cursor.execute(_EMPTY.format(names=" ".join(_tables(alias)), large=LARGE_BYTES))
    else:
        connection.ops.execute_sql_flush(connection.ops.sql_flush(no_style(), _tables(alias)))


@cache
def _tables(alias: str) -> list[str]:
    names = connections[alias].introspection.django_table_names(only_existing=True, include_views=False)
    return sorted(set(names) - FILLED_BY_DJANGO)


@cache
def _may_leave_triggers_out(alias: str) -> bool:
    """Deleting rows is quicker than truncating tables, but their triggers must not fire: only a superuser may."""
    connection = connections[alias]
    if connection.vendor != "postgresql":
        return False
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('is_superuser') = 'on'")
        return bool(cursor.fetchone()[0])
