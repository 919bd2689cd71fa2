"""KnownEncryptionKey: a key that secrets in this database were sealed with, by its fingerprint."""

from typing import Self

from django.db import models
from django.db.models.functions import Now


class KnownEncryptionKeyQuerySet(models.QuerySet["KnownEncryptionKey"]):
    """Known keys by whether they are still needed."""

    def in_use(self) -> Self:
        """Something may be sealed with it."""
        return self.filter(retired_at=None)


class KnownEncryptionKey(models.Model):
    """Every key a process was ever started with here. The key itself is never stored."""

    fingerprint = models.CharField(primary_key=True, max_length=64)
    first_seen_at = models.DateTimeField(db_default=Now())
    retired_at = models.DateTimeField(
        null=True, blank=True, help_text="Since when nothing is sealed with it any more"
    )

    objects = KnownEncryptionKeyQuerySet.as_manager()

    def __str__(self) -> str:
        return self.fingerprint[:12]
