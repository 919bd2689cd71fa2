from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('schedules', '0004_idempotency_record'),
    ]

    operations = [
        migrations.CreateModel(
            name='AuditResult',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('audited_at', models.DateTimeField(help_text='The moment up to which the ledger was recounted')),
                ('since', models.DateTimeField(help_text='The moment from which it was recounted')),
                ('is_whole', models.BooleanField(help_text='It went back as far as history is kept')),
                ('settled_until', models.DateTimeField(help_text='What was due before this had been fired by then')),
                ('expected_count', models.PositiveBigIntegerField()),
                ('accounted_count', models.PositiveBigIntegerField()),
                ('finding_count', models.PositiveBigIntegerField()),
                ('findings', models.JSONField(default=list, help_text='The first of them, in words')),
                ('duration', models.DurationField()),
            ],
            options={
                'verbose_name': 'ledger audit',
                'ordering': ['-id'],
            },
        ),
    ]
