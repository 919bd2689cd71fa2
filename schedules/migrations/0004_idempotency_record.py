import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('schedules', '0003_schedule_revision'),
    ]

    operations = [
        migrations.CreateModel(
            name='IdempotencyRecord',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=255)),
                ('fingerprint', models.CharField(help_text='Of operation, path and body', max_length=64)),
                ('status', models.PositiveSmallIntegerField(default=0, help_text='0 only until the transaction ends')),
                ('headers', models.JSONField(default=dict)),
                ('body', models.TextField(default='null', help_text='JSON as text: its order and digits stay')),
                ('created_at', models.DateTimeField()),
                ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='idempotency_records', to='schedules.workspace')),
            ],
            options={
                'ordering': ['id'],
                'indexes': [models.Index(fields=['created_at'], name='idempotency_by_age')],
                'constraints': [models.UniqueConstraint(fields=('workspace', 'key'), name='idempotency_one_per_key')],
            },
        ),
    ]
