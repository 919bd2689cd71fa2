"""Roles of people in workspaces. Whoever is no superuser sees nothing in the console until given one (`grant_role`)."""

from typing import ClassVar

from django.conf import settings
from django.db import migrations, models
from django.db.models import deletion

import schedules.database.clock

ROLES = [(role, role.capitalize()) for role in ("viewer", "operator", "editor", "administrator")]


class Migration(migrations.Migration):
    """Adds a table; what is stored stays as it is."""

    dependencies: ClassVar = [
        ("schedules", "0028_journal"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="Membership",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("role", models.CharField(choices=ROLES, max_length=20)),
                (
                    "created_at",
                    models.DateTimeField(default=schedules.database.clock.estimated_now, editable=False),
                ),
                (
                    "created_by_id",
                    models.CharField(editable=False, help_text="How its giver signs", max_length=40),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=deletion.CASCADE,
                        related_name="memberships",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=deletion.CASCADE, related_name="memberships", to="schedules.workspace"
                    ),
                ),
            ],
            options={
                "verbose_name": "member",
                "ordering": ["workspace__name", "user__username"],
                "constraints": [
                    models.UniqueConstraint(fields=("user", "workspace"), name="membership_unique")
                ],
            },
        ),
    ]
