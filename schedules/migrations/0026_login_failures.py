"""Failed logins, for the time that Redis cannot count them."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("schedules", "0025_calls_in_flight")]

    operations = [
        migrations.CreateModel(
            name="LoginFailures",
            fields=[
                ("key", models.CharField(max_length=100, primary_key=True, serialize=False)),
                ("count", models.IntegerField(db_default=0)),
                ("last_at", models.DateTimeField()),
            ],
        ),
    ]
