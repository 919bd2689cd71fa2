"""Workspaces, and who may do what in them: members, keys, accounts at a provider, failed logins."""

from uuid import uuid4

from django.conf import settings
from django.db import migrations, models

from schedules.database.clock import estimated_now
from schedules.migrations.initial.ids import auto_id, ulid

OPERATIONS = (
    migrations.CreateModel(
        "Workspace",
        fields=[
            ("id", models.UUIDField(default=uuid4, editable=False, primary_key=True, serialize=False)),
            ("name", models.CharField(max_length=100, unique=True)),
            ("created_at", models.DateTimeField(default=estimated_now, editable=False)),
            (
                "max_in_flight",
                models.PositiveIntegerField(
                    blank=True,
                    help_text="Calls at one time; empty: three quarters of the workers' threads; 0: no limit",
                    null=True,
                ),
            ),
        ],
        options={"ordering": ["name"]},
    ),
    migrations.CreateModel(
        "Membership",
        fields=[
            ("id", auto_id()),
            (
                "role",
                models.CharField(
                    choices=[
                        ("viewer", "Viewer"),
                        ("operator", "Operator"),
                        ("editor", "Editor"),
                        ("administrator", "Administrator"),
                    ],
                    max_length=20,
                ),
            ),
            ("created_at", models.DateTimeField(default=estimated_now, editable=False)),
            (
                "created_by_id",
                models.CharField(editable=False, help_text="How its giver signs", max_length=40),
            ),
            (
                "user",
                models.ForeignKey(
                    db_index=False,
                    on_delete=models.CASCADE,
                    related_name="memberships",
                    to=settings.AUTH_USER_MODEL,
                ),
            ),
            (
                "workspace",
                models.ForeignKey(
                    on_delete=models.CASCADE, related_name="memberships", to="schedules.workspace"
                ),
            ),
        ],
        options={
            "constraints": [models.UniqueConstraint(fields=("user", "workspace"), name="membership_unique")],
            "ordering": ["workspace__name", "user__username"],
            "verbose_name": "member",
        },
    ),
    migrations.CreateModel(
        "ProviderAccount",
        fields=[
            ("id", auto_id()),
            ("issuer", models.CharField(max_length=255)),
            ("subject", models.CharField(max_length=255)),
            ("created_at", models.DateTimeField(default=estimated_now, editable=False)),
            (
                "user",
                models.OneToOneField(
                    on_delete=models.CASCADE, related_name="provider_account", to=settings.AUTH_USER_MODEL
                ),
            ),
        ],
        options={
            "constraints": [
                models.UniqueConstraint(fields=("issuer", "subject"), name="provider_account_unique")
            ]
        },
    ),
    migrations.CreateModel(
        "LoginFailures",
        fields=[
            ("key", models.CharField(max_length=100, primary_key=True, serialize=False)),
            ("count", models.IntegerField(db_default=0)),
            ("last_at", models.DateTimeField()),
        ],
    ),
    migrations.CreateModel(
        "ApiKey",
        fields=[
            ("id", ulid()),
            ("name", models.CharField(blank=True, max_length=100)),
            ("secret_sha256", models.CharField(editable=False, max_length=64)),
            (
                "scope",
                models.CharField(
                    choices=[
                        ("read", "Read only"),
                        ("trigger", "Read, and run schedules now"),
                        ("write", "Read and write schedules"),
                        ("admin", "Everything, agents too"),
                    ],
                    default="write",
                    max_length=10,
                ),
            ),
            ("is_enabled", models.BooleanField(default=True)),
            ("expires_at", models.DateTimeField(blank=True, null=True)),
            ("revoked_at", models.DateTimeField(blank=True, null=True)),
            ("last_used_at", models.DateTimeField(blank=True, editable=False, null=True)),
            ("created_at", models.DateTimeField(default=estimated_now, editable=False)),
            (
                "workspace",
                models.ForeignKey(
                    on_delete=models.CASCADE, related_name="api_keys", to="schedules.workspace"
                ),
            ),
            (
                "agent_ids",
                models.JSONField(
                    blank=True,
                    editable=False,
                    help_text="The agents it is limited to; null: all, also new ones",
                    null=True,
                ),
            ),
            (
                "replaces",
                models.ForeignKey(
                    blank=True,
                    editable=False,
                    null=True,
                    on_delete=models.SET_NULL,
                    related_name="replaced_by",
                    to="schedules.apikey",
                ),
            ),
            (
                "last_used_address",
                models.CharField(blank=True, db_default="", default="", editable=False, max_length=45),
            ),
            (
                "created_by_id",
                models.CharField(
                    blank=True,
                    db_default="",
                    default="",
                    editable=False,
                    help_text="How its creator signs; empty: not on record",
                    max_length=40,
                ),
            ),
        ],
        options={"ordering": ["-id"], "verbose_name": "API key"},
    ),
)
