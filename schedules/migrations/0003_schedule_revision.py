from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('schedules', '0002_cadence_epochs'),
    ]

    operations = [
        migrations.AddField(
            model_name='schedule',
            name='revision',
            field=models.PositiveBigIntegerField(db_default=1, default=1, help_text='Counts the edits; a firing is none'),
        ),
    ]
