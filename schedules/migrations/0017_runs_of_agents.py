"""A run knows its agent and workspace, so that calls in flight and tallies need no join."""

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """The columns; what is stored gets them in the next migration."""

    dependencies: ClassVar = [("schedules", "0016_attempts")]

    operations: ClassVar = [
        migrations.AddField(
            model_name='run',
            name='agent',
            field=models.ForeignKey(blank=True, db_constraint=False, db_index=False, help_text="Its schedule's, kept here for whoever counts runs", null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='schedules.agent'),
        ),
        migrations.AddField(
            model_name='run',
            name='workspace',
            field=models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='schedules.workspace'),
        ),
        migrations.AddIndex(
            model_name='run',
            index=models.Index(condition=models.Q(('state', 'running')), fields=['workspace', 'agent'], name='run_in_flight'),
        ),
    ]
