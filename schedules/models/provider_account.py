"""Which user somebody is whom a single sign-on provider has confirmed."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from schedules.database.clock import estimated_now


class ProviderAccount(models.Model):
    """A person at a provider: its issuer and the subject there, which never belong to anybody else."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="provider_account"
    )
    issuer = models.CharField(max_length=255)
    subject = models.CharField(max_length=255)
    created_at = models.DateTimeField(default=estimated_now, editable=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["issuer", "subject"], name="provider_account_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.subject} at {self.issuer}"
