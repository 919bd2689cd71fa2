"""Keys may be of four scopes, each including the ones before it: read, trigger, write, admin."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    """Widens a column."""

    dependencies: ClassVar = [("schedules", "0014_deleted_agents")]

    operations: ClassVar = [
        migrations.AlterField(
            model_name='apikey',
            name='scope',
            field=models.CharField(choices=[('read', 'Read only'), ('trigger', 'Read, and run schedules now'), ('write', 'Read and write schedules'), ('admin', 'Everything, agents too')], default='write', max_length=10),
        ),
    ]
