"""The rows of a view in the order of their orders' ids, read as they are needed."""

from bisect import bisect_right
from operator import itemgetter
from typing import Any

_PAGE_ROWS = 500
# Text compares by code points, which sorts as the bytes of its UTF-8 do, by which the database sorts.
_id_of = itemgetter("id")


class SortedRows:
    """Rows of a cursor that is sorted by the column ``id``."""

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor
        self._page: list[Any] = []
        self._taken = 0

    async def until(self, order_id: str | None) -> list[tuple[Any, ...]]:
        """The next rows up to an order, its own included; None for all that are left."""
        found: list[tuple[Any, ...]] = []
        while await self._has_more():
            last = len(self._page)
            if order_id is not None:
                last = bisect_right(self._page, order_id, lo=self._taken, key=_id_of)
            found += map(tuple, self._page[self._taken : last])
            self._taken = last
            if last < len(self._page):
                break
        return found

    async def _has_more(self) -> bool:
        if self._taken == len(self._page):
            self._page, self._taken = await self._cursor.fetch(_PAGE_ROWS), 0
        return bool(self._page)
