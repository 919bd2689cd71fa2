"""Whose agent an act was about: keys that are limited to some agents read those lines only."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("schedules", "0028_journal")]

    operations: ClassVar = [
        migrations.AddField(
            model_name="journalentry",
            name="agent_id",
            field=models.CharField(
                help_text="Of the agent it is about, or whose schedule or run it is", max_length=26, null=True
            ),
        ),
    ]
