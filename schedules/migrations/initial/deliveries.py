"""Endpoints, and the messages that leave for them."""

from django.db import migrations, models
from django.db.models import Q

from schedules.database.clock import estimated_now
from schedules.migrations.initial.ids import auto_id, ulid

OPERATIONS = (
    migrations.CreateModel(
        "Webhook",
        fields=[
            ("id", ulid()),
            ("display_name", models.CharField(max_length=100)),
            (
                "channel",
                models.CharField(
                    choices=[
                        ("webhook", "Webhook"),
                        ("email", "E-mail"),
                        ("slack", "Slack"),
                        ("pagerduty", "PagerDuty"),
                    ],
                    default="webhook",
                    max_length=10,
                ),
            ),
            (
                "target",
                models.CharField(
                    help_text="As it may be shown: a URL, mail addresses with commas between, or what is left of a secret",
                    max_length=1000,
                ),
            ),
            (
                "sealed_target",
                models.TextField(blank=True, default="", editable=False, help_text="Where it is a secret"),
            ),
            (
                "rules",
                models.JSONField(blank=True, default=list, help_text="What it is told of; none: everything"),
            ),
            (
                "sealed_signing_secrets",
                models.JSONField(
                    blank=True,
                    default=list,
                    editable=False,
                    help_text="The newest first; two during a rotation",
                ),
            ),
            (
                "old_secret_until",
                models.DateTimeField(
                    blank=True, editable=False, help_text="Until when the older one signs as well", null=True
                ),
            ),
            ("is_enabled", models.BooleanField(default=True)),
            (
                "disabled_reason",
                models.CharField(
                    blank=True,
                    choices=[
                        ("by_hand", "switched off by somebody"),
                        ("gone", "it answered HTTP 410"),
                        ("dead_letters", "ten messages in a row could not be delivered"),
                    ],
                    default="",
                    editable=False,
                    max_length=20,
                ),
            ),
            (
                "dead_count",
                models.PositiveIntegerField(default=0, editable=False, help_text="Dead letters in a row"),
            ),
            (
                "failing_since",
                models.DateTimeField(
                    editable=False, help_text="When the first of them was tried first", null=True
                ),
            ),
            ("created_at", models.DateTimeField(default=estimated_now, editable=False)),
            ("created_by_id", models.CharField(blank=True, default="", editable=False, max_length=40)),
            ("updated_at", models.DateTimeField(default=estimated_now, editable=False)),
            (
                "workspace",
                models.ForeignKey(
                    on_delete=models.CASCADE, related_name="webhooks", to="schedules.workspace"
                ),
            ),
        ],
        options={
            "constraints": [
                models.CheckConstraint(
                    condition=Q(
                        Q(("disabled_reason", ""), ("is_enabled", True)),
                        Q(("is_enabled", False), Q(("disabled_reason", ""), _negated=True)),
                        _connector="OR",
                    ),
                    name="webhook_disabled_for_a_reason",
                )
            ],
            "ordering": ["-id"],
        },
    ),
    migrations.CreateModel(
        "Delivery",
        fields=[
            ("id", ulid()),
            ("channel", models.CharField(max_length=10)),
            ("type", models.CharField(help_text="Such as agent.outage.opened", max_length=60)),
            ("severity", models.CharField(max_length=10)),
            ("summary", models.CharField(help_text="One sentence for people", max_length=500)),
            ("incident_id", models.CharField(blank=True, default="", max_length=26)),
            ("is_end", models.BooleanField(default=False, help_text="Whether it tells of an incident's end")),
            ("body", models.TextField(help_text="JSON, as a webhook gets it, to the byte")),
            (
                "state",
                models.CharField(
                    choices=[("pending", "Pending"), ("delivered", "Delivered"), ("dead", "Dead")],
                    default="pending",
                    max_length=10,
                ),
            ),
            ("attempt_count", models.PositiveIntegerField(default=0)),
            (
                "first_attempt",
                models.PositiveIntegerField(
                    default=1, help_text="The attempt that its retries are counted from: a replay begins anew"
                ),
            ),
            (
                "next_attempt_at",
                models.DateTimeField(
                    help_text="When it is sent next; while it is on its way, when its sender is given up"
                ),
            ),
            ("last_attempt_at", models.DateTimeField(null=True)),
            ("tried_since", models.DateTimeField(help_text="When its first attempt began", null=True)),
            (
                "last_status",
                models.PositiveIntegerField(help_text="HTTP status of the last answer", null=True),
            ),
            (
                "last_error",
                models.CharField(blank=True, default="", help_text="Code of the last failure", max_length=40),
            ),
            ("last_message", models.CharField(blank=True, default="", max_length=500)),
            ("ended_at", models.DateTimeField(help_text="When it was delivered, or given up", null=True)),
            ("created_at", models.DateTimeField(default=estimated_now)),
            (
                "workspace",
                models.ForeignKey(
                    db_index=False,
                    on_delete=models.CASCADE,
                    related_name="deliveries",
                    to="schedules.workspace",
                ),
            ),
            (
                "webhook",
                models.ForeignKey(
                    db_index=False,
                    null=True,
                    on_delete=models.CASCADE,
                    related_name="deliveries",
                    to="schedules.webhook",
                ),
            ),
        ],
        options={
            "indexes": [
                models.Index(
                    condition=Q(("state", "pending")),
                    fields=["next_attempt_at", "webhook"],
                    name="delivery_due",
                ),
                models.Index(fields=["workspace", "-id"], name="delivery_of_workspace"),
                models.Index(fields=["webhook", "state", "-id"], name="delivery_of_webhook"),
                models.Index(
                    condition=Q(("state", "dead")), fields=["workspace", "-id"], name="delivery_dead"
                ),
                models.Index(
                    condition=Q(("state", "pending"), _negated=True),
                    fields=["ended_at"],
                    name="delivery_ended",
                ),
            ],
            "ordering": ["-id"],
            "verbose_name_plural": "deliveries",
        },
    ),
    migrations.CreateModel(
        "DeliveryCount",
        fields=[
            ("id", auto_id()),
            ("channel", models.CharField(max_length=10)),
            ("outcome", models.CharField(max_length=10)),
            ("count", models.BigIntegerField(db_default=0, default=0)),
        ],
        options={
            "constraints": [
                models.UniqueConstraint(fields=("channel", "outcome"), name="delivery_count_once")
            ]
        },
    ),
)
