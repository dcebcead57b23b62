"""All orders of one moment: what each one's events come to, beside the row that the view has of it."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

from ledger.envelope import EventMapper
from ledger.ids import Site
from ledger.store import recorded
from projections.rebuild.folding import PagedFolder, StreamBroken, TrueRow, order_id_of
from projections.sql import query

_PAGE_EVENTS = 2_000
_PAGE_ROWS = 500


@dataclass(frozen=True, slots=True)
class Pair:
    """An order in the log and in the view. ``shown`` is a row by ``folding.COLUMNS``; either side may be missing."""

    order_id: str
    shown: Any | None
    truth: TrueRow | StreamBroken | None


async def pairs(
    reader: Any, site: Site, mapper: EventMapper, *, on_events: Callable[[int], None] = lambda _: None
) -> AsyncIterator[Pair]:
    """Every order that the log or the view knows, by id; constant memory.

    Args:
        reader: a connection in a transaction that sees one snapshot.
        on_events: told how many events each page had.
    """
    rows = _Rows(await reader.cursor(query("order_rows"), site))
    events = await reader.cursor(query("order_events"), site)
    folder = PagedFolder(site, mapper)
    page: list[Any] | None = None
    while page is None or page:
        page = await events.fetch(_PAGE_EVENTS)
        for folded in folder.add(map(recorded, page)) if page else folder.finish():
            order_id = order_id_of(folded.stream)
            async for ghost in rows.before(order_id):
                yield Pair(ghost["id"], ghost, None)
            yield Pair(order_id, await rows.take(order_id), folded.result)
        on_events(len(page))
    async for ghost in rows.before(None):
        yield Pair(ghost["id"], ghost, None)


class _Rows:
    """The rows of the view in the order of their ids, read as they are needed."""

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor
        self._page: list[Any] = []

    async def before(self, order_id: str | None) -> AsyncIterator[Any]:
        """Rows in front of an id, or all that are left."""
        while (row := await self._next()) is not None and (order_id is None or _key(row["id"]) < _key(order_id)):
            yield self._page.pop()

    async def take(self, order_id: str) -> Any | None:
        """The row of an id, where it is next."""
        row = await self._next()
        return self._page.pop() if row is not None and row["id"] == order_id else None

    async def _next(self) -> Any | None:
        if not self._page:
            self._page = (await self._cursor.fetch(_PAGE_ROWS))[::-1]
        return self._page[-1] if self._page else None


def _key(order_id: str) -> bytes:
    """As the database sorts ids: by the bytes of their UTF-8."""
    return order_id.encode()
