"""LoginFailures: how often logging in failed, counted here while Redis cannot be reached."""

from django.db import models


class LoginFailures(models.Model):
    """Of one name from one address, or of one address; the key is a hash of them."""

    key = models.CharField(primary_key=True, max_length=100)
    count = models.IntegerField(db_default=0)
    last_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.key[-12:]}: {self.count}"
