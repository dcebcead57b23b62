"""The rows of a view in the order of their orders' ids, read as they are needed."""

from typing import Any

_PAGE_ROWS = 500


class SortedRows:
    """Rows of a cursor that is sorted by the column ``id``."""

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor
        self._page: list[Any] = []

    async def until(self, order_id: str | None) -> list[tuple[Any, ...]]:
        """The next rows up to an order, its own included; None for all that are left."""
        found: list[tuple[Any, ...]] = []
        bound = None if order_id is None else order_id.encode()
        while (row := await self._next()) is not None and (bound is None or row["id"].encode() <= bound):
            found.append(tuple(self._page.pop()))
        return found

    async def _next(self) -> Any | None:
        if not self._page:
            self._page = (await self._cursor.fetch(_PAGE_ROWS))[::-1]
        return self._page[-1] if self._page else None
