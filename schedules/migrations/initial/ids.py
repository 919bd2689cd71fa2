"""The two kinds of keys that tables have."""

from django.db import models

from schedules.database.ulids import new_ulid


def ulid() -> "models.CharField[str, str]":
    """Made by the service, in the order of time."""
    return models.CharField(
        default=new_ulid, editable=False, max_length=26, primary_key=True, serialize=False
    )


def auto_id() -> "models.BigAutoField[int, int]":
    """Made by the database."""
    return models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")
