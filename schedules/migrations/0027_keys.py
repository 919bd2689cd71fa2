"""Keys that are limited to some agents, that have a predecessor and a creator, and that say where they were used."""

from typing import ClassVar

from django.db import migrations, models
from django.db.models import deletion


class Migration(migrations.Migration):
    """Adds columns; what is stored stays as it is."""

    dependencies: ClassVar = [("schedules", "0026_login_failures")]

    operations: ClassVar = [
        migrations.AddField(
            model_name="apikey",
            name="agent_ids",
            field=models.JSONField(
                blank=True,
                editable=False,
                help_text="The agents it is limited to; null: all, also new ones",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="apikey",
            name="replaces",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=deletion.SET_NULL,
                related_name="replaced_by",
                to="schedules.apikey",
            ),
        ),
        migrations.AddField(
            model_name="apikey",
            name="last_used_address",
            field=models.CharField(blank=True, db_default="", default="", editable=False, max_length=45),
        ),
        migrations.AddField(
            model_name="apikey",
            name="created_by_id",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                editable=False,
                help_text="How its creator signs; empty: not on record",
                max_length=40,
            ),
        ),
    ]
