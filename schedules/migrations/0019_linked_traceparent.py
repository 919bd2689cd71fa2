"""A run keeps the span that asked for it: its trace is linked to a request's, or to an ended run's."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("schedules", "0018_runs_of_agents_stored")]

    operations = [
        migrations.AddField(
            model_name="run",
            name="linked_traceparent",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="The span that asked for it: a request's, or an ended run's",
                max_length=55,
            ),
        ),
    ]
