"""IdempotencyRecord: what a request with an Idempotency-Key was answered, so that its repetition gets the same."""

from typing import ClassVar

from django.db import models

from schedules.models.workspace import Workspace


class IdempotencyRecord(models.Model):
    """One key of a workspace, the request it stands for, and the answer to it."""

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="idempotency_records", db_index=False
    )
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64, help_text="Of operation, path and body")
    status = models.PositiveSmallIntegerField(default=0, help_text="0 only until the transaction ends")
    headers = models.JSONField(default=dict)
    body = models.TextField(default="null", help_text="JSON as text: its order and digits stay")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["workspace", "key"], name="idempotency_one_per_key"),
        ]
        indexes: ClassVar = [models.Index(fields=["created_at"], name="idempotency_by_age")]

    def __str__(self) -> str:
        return self.key
