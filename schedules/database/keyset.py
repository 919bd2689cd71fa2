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
    newest_first = rows.order_by("-pk")
    if after is not None:
        if not whole_list.filter(pk=after).exists():
            raise InvalidRequest(
                "after is not a next_after of this list; start again without it", param="after"
            )
        newest_first = newest_first.filter(pk__lt=after)
    if limit is None:
        return Page(list(newest_first), None)
    rows_and_one = list(newest_first[: limit + 1])
    return Page(rows_and_one[:limit], rows_and_one[limit - 1].pk if len(rows_and_one) > limit else None)
