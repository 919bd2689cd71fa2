"""What the journal is asked for: acts on some agents, which limited keys read, and the acts of somebody."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("schedules", "0029_memberships")]

    operations: ClassVar = [
        migrations.AddField(
            model_name="journalentry",
            name="agent_id",
            field=models.CharField(
                help_text="Of the agent it is about, or whose schedule or run it is", max_length=26, null=True
            ),
        ),
        migrations.AlterModelOptions(
            name="journalentry",
            options={
                "ordering": ["-id"],
                "verbose_name": "journal entry",
                "verbose_name_plural": "journal entries",
            },
        ),
        migrations.AddIndex(
            model_name="journalentry",
            index=models.Index(models.F("actor_id"), models.F("id"), name="journal_of_actor"),
        ),
    ]
