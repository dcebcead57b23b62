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


@dataclass(frozen=True, slots=True)
class OrderRange:
    """The streams of orders behind one and up to another, by default all."""

    after: StreamId = _BEGINNING
    until: StreamId = _END

    @property
    def ids(self) -> tuple[str, str | None]:
        """Behind which id the orders are, and up to which; None where there are no more."""
        until = None if self.until == _END else self.until.removeprefix(ORDER_PREFIX)
        return self.after.removeprefix(ORDER_PREFIX), until


ALL_ORDERS = OrderRange()


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderChunk:
    """The events of some orders up to a position of the log; some behind it may be there as well."""

    orders: OrderRange
    events: tuple[RecordedEvent, ...]
    position: Position


async def chunks_ahead(database: Any, site: Site, orders: OrderRange, count: int) -> AsyncGenerator[OrderChunk, None]:
    """The orders of a range, about so many at a time; while the caller is busy, the database reads the next ones."""
    reading: asyncio.Task[OrderChunk] | None = asyncio.create_task(_next(database, site, orders, count))
    try:
        while reading is not None:
            chunk = await reading
            rest = OrderRange(chunk.orders.until, orders.until)
            is_last = rest.after == rest.until
            reading = None if is_last else asyncio.create_task(_next(database, site, rest, count))
            yield chunk
    finally:
        if reading is not None:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)


async def chunk_of(database: Any, site: Site, orders: OrderRange) -> OrderChunk:
    """The orders of a range, as the log has them now."""
    position = await database.fetchval(ledger_query("head_position"), site)
    rows = await database.fetch(query("order_events_between"), site, orders.after, orders.until)
    return OrderChunk(orders=orders, events=tuple(map(recorded, rows)), position=Position(position or 0))


async def halves(database: Any, site: Site, share: float) -> tuple[OrderRange, OrderRange] | None:
    """The first orders by id, about so large a share of all, and the others; None where there is nothing to part."""
    first = await database.fetchval(query("order_at_share"), site, share)
    if first is None:
        return None
    return OrderRange(_BEGINNING, StreamId(first)), OrderRange(StreamId(first), _END)


async def _next(database: Any, site: Site, orders: OrderRange, count: int) -> OrderChunk:
    """The first orders of a range."""
    streams = await database.fetch(query("next_order_streams"), site, orders.after, orders.until, count)
    until = StreamId(streams[-1]["stream"]) if len(streams) == count else orders.until
    return await chunk_of(database, site, OrderRange(orders.after, until))
