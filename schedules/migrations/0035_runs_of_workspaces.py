"""Indexes for whoever asks about a whole workspace or an agent: its runs, the unsuccessful ones, its schedules,
and what was missed of late.

PostgreSQL builds them while the service goes on writing. Where that is broken off, an index that is not valid stays:
drop it, and migrate again.
"""

from typing import Any, ClassVar

from django.db import migrations, models
from django.db.models import F, Q

UNSUCCESSFUL = Q(("state__in", ("failed", "cancelled", "discarded")))


class AddIndexBesideWriters(migrations.AddIndex):
    """AddIndex that keeps nobody from writing, where the database can."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor != "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        model = to_state.apps.get_model(app_label, self.model_name)
        schema_editor.add_index(model, self.index, concurrently=True)


def _newest_first(name: str, *fields: str, condition: Q | None = None) -> models.Index:
    return models.Index(*map(F, fields), F("id").desc(), name=name, condition=condition)


class Migration(migrations.Migration):
    atomic = False

    dependencies: ClassVar = [("schedules", "0034_counted_runs")]

    operations: ClassVar = [
        AddIndexBesideWriters("run", _newest_first("run_unsuccessful_of_workspace", "workspace", "state", condition=UNSUCCESSFUL)),
        AddIndexBesideWriters("run", _newest_first("run_of_reason", "workspace", "reason", condition=~Q(("reason", "")))),
        AddIndexBesideWriters("run", _newest_first("run_unsuccessful_of_agent", "agent", "state", condition=UNSUCCESSFUL)),
        AddIndexBesideWriters("run", _newest_first("run_of_agent", "workspace", "agent")),
        AddIndexBesideWriters("run", _newest_first("run_again", "again_of", condition=~Q(("again_of", "")))),
        AddIndexBesideWriters("schedule", _newest_first("schedule_of_workspace", "workspace", condition=Q(("deleted_at", None)))),
        AddIndexBesideWriters("missedfiring", models.Index(fields=["recorded_at"], name="missed_recently")),
    ]
