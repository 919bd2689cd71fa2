"""SQL of one kind of database within a migration."""

from collections.abc import Callable, Sequence

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


def on(vendor: str, made: Sequence[str], dropped: Sequence[str]) -> migrations.RunPython:
    """Run these statements forwards and those backwards, one by one; on other databases nothing happens."""
    return migrations.RunPython(_run(vendor, made), _run(vendor, dropped))


def _run(vendor: str, statements: Sequence[str]) -> Callable[[StateApps, BaseDatabaseSchemaEditor], None]:
    def run(_: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
        if editor.connection.vendor == vendor:
            for statement in statements:
                editor.execute(statement, params=None)

    return run
