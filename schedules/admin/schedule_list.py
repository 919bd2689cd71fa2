"""The list of schedules: its rows with their newest runs, and its order by the next fire."""

from collections.abc import Sequence
from typing import Any

from django.core.paginator import Page
from django.db.models import QuerySet
from django.http import HttpRequest

from schedules import holds
from schedules.admin.keyset_list import KeysetList, KeysetPaginator
from schedules.admin.run_strips import remember_runs
from schedules.database.clock import estimated_now

NEXT_FIRE = "next_fire__fire_time"


class ScheduleList(KeysetList):
    """The list's rows: without their payloads, with what holds them and how they ran, each read once for all."""

    def get_queryset(self, *args: Any, **kwargs: Any) -> QuerySet[Any]:
        """One statement, however many rows."""
        rows: QuerySet[Any] = super().get_queryset(*args, **kwargs)
        return rows.defer("payload")

    def get_results(self, request: HttpRequest) -> None:
        """With what the cells show."""
        super().get_results(request)
        self.result_list = list(self.result_list)
        holds.remember(self.result_list)
        remember_runs(self.result_list, estimated_now())


class SchedulePaginator(KeysetPaginator):
    """Pages; by the next fire those that have one first, by its index, and then all that have none."""

    def page(self, number: Any) -> Any:
        """One page."""
        rows: Any = self.object_list
        order = rows.query.order_by if isinstance(rows, QuerySet) else ()
        if not any(str(name).lstrip("-") == NEXT_FIRE for name in order):
            return super().page(number)
        number = self.validate_number(number)
        begin = (number - 1) * self.per_page
        return Page(_slice(rows, begin, min(begin + self.per_page, self.count)), number, self)


def _slice(rows: "QuerySet[Any]", begin: int, end: int) -> Sequence[Any]:
    """By the index alone: who fires at the same instant comes in no order, for a herd would have to be sorted."""
    by_fire_time = [name for name in rows.query.order_by if NEXT_FIRE in str(name)]
    with_fire = rows.filter(next_fire__isnull=False).order_by(*by_fire_time)
    found = list(with_fire[begin:end])
    if len(found) == end - begin:
        return found
    count = begin + len(found) if found else with_fire.order_by().count()
    rest = rows.filter(next_fire__isnull=True).order_by("-pk")
    return [*found, *rest[max(0, begin - count) : end - count]]
