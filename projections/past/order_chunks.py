"""The whole streams of orders, some at a time, read ahead while those before are folded."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

from ledger.envelope import RecordedEvent
from ledger.ids import Position, Site, StreamId
from ledger.sql import query as ledger_query
from ledger.store import recorded
from projections.rebuild.folding import ORDER_PREFIX
from projections.sql import query

# In front of the streams of all orders, and behind them.
_BEGINNING, _END = StreamId(ORDER_PREFIX), StreamId("order.")


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderChunk:
    """The streams of orders behind one and up to another, with all of their events up to a position of the log.

    Some events behind the position may be there as well.
    """

    after: StreamId
    until: StreamId
    events: tuple[RecordedEvent, ...]
    position: Position

    @property
    def is_last(self) -> bool:
        """Whether there are no orders behind these."""
        return self.until == _END

    @property
    def ids(self) -> tuple[str, str | None]:
        """Behind which id the orders are, and up to which; None where there are no more."""
        until = None if self.is_last else self.until.removeprefix(ORDER_PREFIX)
        return self.after.removeprefix(ORDER_PREFIX), until


async def chunks_ahead(database: Any, site: Site, orders: int) -> AsyncGenerator[OrderChunk, None]:
    """All orders, about so many at a time; while the caller is busy with some, the database reads the next ones."""
    reading: asyncio.Task[OrderChunk] | None = asyncio.create_task(_next(database, site, _BEGINNING, orders))
    try:
        while reading is not None:
            chunk = await reading
            reading = None if chunk.is_last else asyncio.create_task(_next(database, site, chunk.until, orders))
            yield chunk
    finally:
        if reading is not None:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)


async def chunk_between(database: Any, site: Site, after: StreamId, until: StreamId) -> OrderChunk:
    """The orders behind one stream and up to another, as the log has them now."""
    position = await database.fetchval(ledger_query("head_position"), site)
    rows = await database.fetch(query("order_events_between"), site, after, until)
    return OrderChunk(after=after, until=until, events=tuple(map(recorded, rows)), position=Position(position or 0))


async def _next(database: Any, site: Site, after: StreamId, orders: int) -> OrderChunk:
    streams = await database.fetch(query("next_order_streams"), site, after, orders)
    until = StreamId(streams[-1]["stream"]) if len(streams) == orders else _END
    return await chunk_between(database, site, after, until)
