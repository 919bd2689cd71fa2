"""The fingerprints of the keys that secrets were sealed with: a process with another key is noticed."""

from django.db import migrations, models
from django.db.models.functions import Now


class Migration(migrations.Migration):
    dependencies = [("schedules", "0020_process_registrations")]

    operations = [
        migrations.CreateModel(
            name="KnownEncryptionKey",
            fields=[
                ("fingerprint", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("first_seen_at", models.DateTimeField(db_default=Now())),
                (
                    "retired_at",
                    models.DateTimeField(
                        blank=True, help_text="Since when nothing is sealed with it any more", null=True
                    ),
                ),
            ],
        ),
    ]
