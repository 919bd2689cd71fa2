"""A deleted agent stays as a row while its history does; its key is free again."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    """Two live agents of one key and workspace stay impossible throughout: one constraint comes before the other goes."""

    dependencies: ClassVar = [("schedules", "0013_settings_of_agents")]

    operations: ClassVar = [
        migrations.AddField(
            model_name='agent',
            name='deleted_at',
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name='agent',
            name='retired_at',
            field=models.DateTimeField(blank=True, editable=False, help_text='When the last schedule of a deleted agent had ended', null=True),
        ),
        migrations.AddIndex(
            model_name='agent',
            index=models.Index(condition=models.Q(('deleted_at__isnull', False), ('retired_at', None)), fields=['deleted_at'], name='agent_to_retire'),
        ),
        migrations.AddConstraint(
            model_name='agent',
            constraint=models.UniqueConstraint(condition=models.Q(('deleted_at', None)), fields=('workspace', 'key'), name='agent_live_key_unique_in_workspace'),
        ),
        migrations.RemoveConstraint(
            model_name='agent',
            name='agent_key_unique_in_workspace',
        ),
    ]
