"""Keyset pages: newest first by id, each page begun after the last one of the page before."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db.models import Model, QuerySet

from schedules.errors import InvalidRequest

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Some rows, and where the next page begins; None when this is the last one."""

    rows: list[Row]
    next_after: str | None


def page(rows: QuerySet[Row], whole_list: QuerySet[Row], after: str | None, limit: int | None) -> Page[Row]:
    """The newest `limit` (None: all) of `rows` older than the id `after` (None: from the newest on).

    InvalidRequest unless `whole_list` has a row of that id: a position elsewhere means nothing here.
    """
    older = older_than(after, rows, whole_list)
    if limit is None:
        return Page(list(older), None)
    rows_and_one = list(older[: limit + 1])
    return Page(rows_and_one[:limit], rows_and_one[limit - 1].pk if len(rows_and_one) > limit else None)


def older_than(after: str | None, rows: QuerySet[Row], whole_list: QuerySet[Row]) -> QuerySet[Row]:
    """The `rows` from there on, newest first; InvalidRequest as for `page`."""
    newest_first = rows.order_by("-pk")
    if after is None:
        return newest_first
    if not whole_list.filter(pk=after).exists():
        raise InvalidRequest("after is not a next_after of this list; start again without it", param="after")
    return newest_first.filter(pk__lt=after)
