"""The runs that are stored get their agent and workspace, a few thousand in each short transaction.

Nothing stops meanwhile. A run of a process of the version before gets them at its claim. Safe to repeat.
"""

from typing import ClassVar

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps
from django.db.models import OuterRef, Subquery

BATCH = 5000


def fill(apps: StateApps, _: BaseDatabaseSchemaEditor) -> None:
    """Walks through the primary key: no index is needed, and each batch begins where the one before it ended."""
    runs, schedules = apps.get_model("schedules", "Run").objects, apps.get_model("schedules", "Schedule").objects
    of_run = schedules.filter(id=OuterRef("schedule_id"))
    after = ""
    while ids := list(runs.filter(id__gt=after).order_by("id").values_list("id", flat=True)[:BATCH]):
        runs.filter(id__gt=after, id__lte=ids[-1], agent=None).update(
            agent_id=Subquery(of_run.values("agent_id")), workspace_id=Subquery(of_run.values("workspace_id"))
        )
        after = ids[-1]


class Migration(migrations.Migration):
    """Going back leaves them: the columns go with the migration before."""

    atomic = False

    dependencies: ClassVar = [("schedules", "0017_runs_of_agents")]

    operations: ClassVar = [migrations.RunPython(fill, migrations.RunPython.noop)]
