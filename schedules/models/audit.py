"""AuditResult: what a recount of the ledger said, kept for operators to see."""

from typing import Self

from django.db import models


class AuditResultQuerySet(models.QuerySet["AuditResult"]):
    """Audits by what they looked at."""

    def whole(self) -> Self:
        """Audits of everything retention keeps."""
        return self.filter(is_whole=True)

    def newest(self) -> "AuditResult | None":
        """The audit that ended last."""
        return self.order_by("-id").first()


class AuditResult(models.Model):
    """How many instants there were from `since` to `audited_at`, and how many had exactly one record."""

    audited_at = models.DateTimeField(help_text="The moment up to which the ledger was recounted")
    since = models.DateTimeField(help_text="The moment from which it was recounted")
    is_whole = models.BooleanField(help_text="It went back as far as history is kept")
    settled_until = models.DateTimeField(help_text="What was due before this had been fired by then")
    expected_count = models.PositiveBigIntegerField()
    accounted_count = models.PositiveBigIntegerField()
    finding_count = models.PositiveBigIntegerField()
    findings = models.JSONField(default=list, help_text="The first of them, in words")
    duration = models.DurationField()

    objects = AuditResultQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name = "ledger audit"

    def __str__(self) -> str:
        return f"{self.accounted_count:,} of {self.expected_count:,} instants accounted for"

    @property
    def is_clean(self) -> bool:
        """Whether nothing was found."""
        return self.finding_count == 0
