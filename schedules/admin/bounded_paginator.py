"""Pages of a list that may have millions of rows: counted only as far as anybody leafs."""

from functools import cached_property
from typing import Any

from django.db.models import QuerySet

from schedules.admin.typed import Paginator

COUNTED_ROWS = 10_000


class BoundedPaginator(Paginator[Any]):
    """Counts at most COUNTED_ROWS rows, so that a list costs the same however long the history is.

    What lies behind them is found with the filters and the search.
    """

    template_name = "console/bounded_pagination.html"

    @cached_property
    def _counted(self) -> int:
        rows = self.object_list
        if isinstance(rows, QuerySet):
            # Without an order the database may stop at any COUNTED_ROWS + 1 rows.
            return rows.order_by()[: COUNTED_ROWS + 1].count()
        return len(rows)

    @cached_property
    def count(self) -> int:
        """How many rows there are to leaf through."""
        return min(self._counted, COUNTED_ROWS)

    @property
    def is_cut(self) -> bool:
        """Whether there are more rows than these."""
        return self._counted > COUNTED_ROWS
