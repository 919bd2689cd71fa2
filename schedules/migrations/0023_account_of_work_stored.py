"""What is stored is counted: epochs, the length of payloads, and which attempts of a run were never kept.

Nothing stops meanwhile. Manual runs are numbered from now on: of older ones an audit expects nothing. Safe to repeat.
"""

from typing import ClassVar

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps
from django.db.models import Count, F, IntegerField, OuterRef, Subquery
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce

BATCH = 500


def fill(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Walks through the primary keys; each batch is a short transaction."""
    _fill_schedules(apps, schema_editor.connection.vendor)
    _fill_runs(apps)


def _fill_schedules(apps: StateApps, vendor: str) -> None:
    schedules, epochs = apps.get_model("schedules", "Schedule").objects, apps.get_model("schedules", "CadenceEpoch").objects
    of_schedule = epochs.filter(schedule=OuterRef("pk")).order_by().values("schedule")
    begun = Coalesce(Subquery(of_schedule.annotate(count=Count("pk")).values("count"), output_field=IntegerField()), 0)
    length = "octet_length(payload::text)" if vendor == "postgresql" else "length(CAST(payload AS BLOB))"
    after = ""
    while ids := list(schedules.filter(id__gt=after).order_by("id").values_list("id", flat=True)[:BATCH]):
        batch = schedules.filter(id__gt=after, id__lte=ids[-1])
        batch.filter(epoch_count=0).update(epoch_count=begun)
        batch.filter(payload_bytes=None).update(payload_bytes=RawSQL(length, ()))
        after = ids[-1]


def _fill_runs(apps: StateApps) -> None:
    """Attempts are kept since a migration before this one."""
    runs, attempts = apps.get_model("schedules", "Run").objects, apps.get_model("schedules", "RunAttempt").objects
    of_run = attempts.filter(run=OuterRef("pk")).order_by().values("run")
    kept = Coalesce(Subquery(of_run.annotate(count=Count("pk")).values("count"), output_field=IntegerField()), 0)
    after = ""
    while ids := list(
        runs.filter(id__gt=after, attempt__gt=1).order_by("id").values_list("id", flat=True)[:BATCH]
    ):
        runs.filter(id__in=ids).update(first_kept_attempt=F("attempt") - kept)
        after = ids[-1]


class Migration(migrations.Migration):
    """Going back leaves them: the columns go with the migration before."""

    atomic = False

    dependencies: ClassVar = [("schedules", "0022_account_of_work")]

    operations: ClassVar = [migrations.RunPython(fill, migrations.RunPython.noop)]
