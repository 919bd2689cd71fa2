"""Lists that may have millions of rows, newest first: a page begins where another one ended, however deep it lies.

The address says so: `?after=<id>` the rows older than that one, `?before=<id>` those newer. Sorted otherwise, a list
has numbered pages.
"""

from functools import cached_property
from typing import Any, Final

from django.contrib.admin.views.main import ORDER_VAR
from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import QuerySet
from django.http import HttpRequest

from schedules import access
from schedules.admin.base import ConsoleList
from schedules.admin.bounded_paginator import BoundedPaginator
from schedules.database.choice import is_postgresql
from schedules.database.ulids import is_ulid

_ESTIMATE: Final = "SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass"
AFTER: Final = "after"
BEFORE: Final = "before"


class KeysetPaginator(BoundedPaginator):
    """Links to the neighbouring pages; a template that reads what KeysetList says."""

    template_name = "console/keyset_pagination.html"


class KeysetList(ConsoleList):
    """One page of such a list. `older_url`, `newer_url`: None at its ends; `is_numbered`: it is sorted otherwise."""

    older_url: str | None = None
    newer_url: str | None = None
    is_numbered = False
    _is_whole = False
    """Whether the person sees the rows of all workspaces, all of which a count of the table may tell."""

    def get_queryset(self, request: HttpRequest, *args: Any, **kwargs: Any) -> QuerySet[Any]:
        """The list's rows, wherever its page begins: where that is chooses none of them."""
        for params in (self.params, self.filter_params):
            for name in (AFTER, BEFORE):
                params.pop(name, None)
        rows: QuerySet[Any] = super().get_queryset(request, *args, **kwargs)
        return rows

    def get_results(self, request: HttpRequest) -> None:
        """The page's rows, and where its neighbours begin."""
        self.is_numbered = ORDER_VAR in self.params
        if not self.is_numbered:
            self.page_num = 1
        super().get_results(request)
        permission = self.model_admin.permission("view")
        self._is_whole = access.workspaces_where(request.user, permission) is None
        if not self.is_numbered:
            self.can_show_all = False
            self.result_list = self._page(request)

    def _page(self, request: HttpRequest) -> list[Any]:
        after, before = (self._position(request.GET.get(name, "")) for name in (AFTER, BEFORE))
        if before is not None:
            ids = self._ids(self.queryset.filter(pk__gt=before).order_by("pk"))
            page = self._rows(ids[: self.list_per_page][::-1])
            self._link(page, is_newer=len(ids) > self.list_per_page, is_older=True)
            return page
        older = self.queryset if after is None else self.queryset.filter(pk__lt=after)
        ids = self._ids(older.order_by("-pk"))
        page = self._rows(ids[: self.list_per_page])
        self._link(page, is_newer=after is not None, is_older=len(ids) > self.list_per_page)
        return page

    def _ids(self, rows: QuerySet[Any]) -> list[Any]:
        """Of the page and one more: an index finds them before anything is read of the rows and of what is theirs."""
        return list(rows.values_list("pk", flat=True)[: self.list_per_page + 1])

    def _rows(self, ids: list[Any]) -> list[Any]:
        found = {row.pk: row for row in self.queryset.filter(pk__in=ids).order_by()}
        return [found[pk] for pk in ids if pk in found]

    def _link(self, page: list[Any], *, is_newer: bool, is_older: bool) -> None:
        if page and is_newer:
            self.newer_url = self.get_query_string({BEFORE: page[0].pk})
        if page and is_older:
            self.older_url = self.get_query_string({AFTER: page[-1].pk})

    def _position(self, text: str) -> Any:
        """An id that a row could have, there or not; None for anything else."""
        try:
            position = self.opts.pk.to_python(text) if text else None
        except ValidationError:
            return None
        return None if isinstance(position, str) and not is_ulid(position) else position

    @cached_property
    def newest_url(self) -> str:
        """Where the list begins."""
        return self.get_query_string()

    @property
    def count_words(self) -> str:
        """`3 runs`, `more than 10,000 runs` or, of all there are, `about 5,000,000 runs`."""
        name = self.opts.verbose_name if self.result_count == 1 else self.opts.verbose_name_plural
        if not self.paginator.is_cut:
            return f"{self.result_count:,} {name}"
        about = self._estimate() if self._is_whole and not self.is_narrowed else None
        return f"about {about:,} {name}" if about else f"more than {self.result_count:,} {name}"

    def _estimate(self) -> int | None:
        """As the planner knows it; None: it knows of fewer than were counted."""
        if not is_postgresql():
            return None
        with connection.cursor() as cursor:
            cursor.execute(_ESTIMATE, [self.opts.db_table])
            count = int(cursor.fetchone()[0])
        return count if count > self.result_count else None
