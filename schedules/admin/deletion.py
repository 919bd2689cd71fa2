"""Rows that others refer to cannot be deleted: the page says so without reading all that refers to them."""

from typing import Any, TypeVar

from django.db.models import Model

from schedules.admin.base import ConsoleAdmin

M = TypeVar("M", bound=Model)

SHOWN_USERS = 20


class InUse(ConsoleAdmin[M]):
    """Pages of rows that stay as long as something in `used_by` (a reverse relation) refers to them."""

    used_by = ""

    def get_deleted_objects(
        self, objs: Any, request: Any
    ) -> tuple[list[Any], dict[str, int], set[str], list[str]]:
        """Django's answer for unused rows; else some of what keeps them, deleted schedules included."""
        users = [str(user) for row in objs for user in getattr(row, self.used_by).all()[:SHOWN_USERS]]
        return ([], {}, set(), users[:SHOWN_USERS]) if users else super().get_deleted_objects(objs, request)
