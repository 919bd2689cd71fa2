"""What the stock site keeps of its work: a row for each call that ended well."""

from typing import ClassVar

from django.db import models


class Call(models.Model):
    """One call of an agent."""

    task_id = models.CharField(max_length=64)
    subject = models.CharField(max_length=200)
    called_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[models.Manager["Call"]] = models.Manager()

    class Meta:
        app_label = "stock"

    def __str__(self) -> str:
        return f"{self.subject} ({self.task_id})"
