"""A run keeps its earlier attempts, what was asked of it again, and both traces: ours and the agent's."""

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """What `trace_id` held was the agent's. Processes of the version before write theirs into the new column: shown as ours."""

    dependencies: ClassVar = [("schedules", "0015_scopes")]

    operations: ClassVar = [
        migrations.RenameField(model_name="run", old_name="trace_id", new_name="agent_trace_id"),
        migrations.AddField(
            model_name='run',
            name='again_of',
            field=models.CharField(blank=True, db_default='', default='', help_text='The ended run whose work it repeats', max_length=26),
        ),
        migrations.AddField(
            model_name='run',
            name='attempt_started_at',
            field=models.DateTimeField(blank=True, help_text='When this attempt began', null=True),
        ),
        migrations.AddField(
            model_name='run',
            name='output_types',
            field=models.JSONField(blank=True, help_text='What kinds of items the output holds, in order of appearance', null=True),
        ),
        migrations.AddField(
            model_name='run',
            name='silent_count',
            field=models.PositiveIntegerField(db_default=0, default=0, help_text='Attempts that ended in silence: the agent may still be at work'),
        ),
        migrations.AlterField(
            model_name='run',
            name='agent_tag',
            field=models.CharField(blank=True, help_text='The pinned version, or the active one at the first claim', max_length=100, null=True),
        ),
        migrations.AlterField(
            model_name='run',
            name='response_id',
            field=models.CharField(blank=True, db_default='', default='', max_length=2000),
        ),
        migrations.AddField(
            model_name='run',
            name='trace_id',
            field=models.CharField(blank=True, db_default='', default='', help_text='Ours', max_length=64),
        ),
        migrations.CreateModel(
            name='RunAttempt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField(help_text='From 1')),
                ('worker', models.CharField(blank=True, db_default='', default='', max_length=255)),
                ('started_at', models.DateTimeField(blank=True, null=True)),
                ('ended_at', models.DateTimeField()),
                ('outcome', models.CharField(choices=[('failed', 'Failed'), ('lost', 'Lost: its worker stopped renewing the lease')], max_length=10)),
                ('error_code', models.CharField(blank=True, db_default='', default='', max_length=100)),
                ('error_message', models.TextField(blank=True, db_default='', default='')),
                ('response_id', models.CharField(blank=True, db_default='', default='', max_length=2000)),
                ('trace_id', models.CharField(blank=True, db_default='', default='', max_length=64)),
            ],
            options={
                'ordering': ['number'],
            },
        ),
        migrations.AddField(
            model_name='runattempt',
            name='run',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='attempts', to='schedules.run'),
        ),
        migrations.AddConstraint(
            model_name='runattempt',
            constraint=models.UniqueConstraint(fields=('run', 'number'), name='run_attempt_once'),
        ),
    ]
