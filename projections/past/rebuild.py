"""Builds the index of past orders of a site again from its log, some orders at a time, while it is in use.

The orders are folded as a whole, every event is hashed and held against its columns, and what that comes to is
compared with the rows, which the consumer made with a fold of its own. Rows that differ are compared again and replaced
under the lock of the consumer's checkpoint, all of an order in one transaction, so a reader never sees half of them; a
rebuild that is stopped has put right what it came to. Where nothing differs, nobody has to wait.
"""

import time
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import asyncpg

from ledger.envelope import EventMapper
from ledger.ids import Position, Site, order_stream, system_clock_ms
from ledger.sql import query as ledger_query
from ledger.store import recorded
from projections.past.clock_rebuild import ClockRebuild
from projections.past.compared_orders import ComparedOrders, Folded, folded
from projections.past.consumer import CONSUMER, add_rows
from projections.past.indexed_orders import IndexedOrder, indexed_orders
from projections.past.kept_documents import add_documents
from projections.past.order_chunks import ALL_ORDERS, OrderChunk, OrderRange, chunk_of, chunks_ahead
from projections.past.versions_report import VersionsReport
from projections.rebuild.parking import park, parked, unpark
from projections.sql import query

_ORDERS_AT_ONCE = 200


class VersionsRebuild:
    """One rebuild of the index of past orders.

    Args:
        check_only: compare, and change nothing, the list of parked streams included.
        on_progress: is told after each step.
    """

    def __init__(
        self,
        pool: asyncpg.Pool,
        site: Site,
        *,
        check_only: bool = False,
        on_progress: Callable[[VersionsReport], None] = lambda _: None,
        clock_ms: Callable[[], int] = system_clock_ms,
    ) -> None:
        self._pool = pool
        self._site = site
        self._check_only = check_only
        self._on_progress = on_progress
        self._clock_ms = clock_ms
        self._mapper = EventMapper()
        self._report = VersionsReport(site=site)
        self._parked: set[str] = set()

    async def run(self) -> VersionsReport:
        """Rebuild or check the index of the whole site."""
        began = time.monotonic()
        self._report.events_total = await self._pool.fetchval(query("count_order_events"), self._site)
        await self.run_part(ALL_ORDERS)
        await self.run_clock()
        self._report.seconds = time.monotonic() - began
        return self._report

    async def run_part(self, part: OrderRange) -> VersionsReport:
        """Rebuild or check what the index has of some orders; while some are folded, the database reads the next."""
        async with (
            self._pool.acquire() as connection,
            self._pool.acquire() as reader,
            aclosing(chunks_ahead(reader, self._site, part, _ORDERS_AT_ONCE)) as chunks,
        ):
            await self._begin(connection)
            async for chunk in chunks:
                await self._compare(connection, chunk)
                self._on_progress(self._report)
        return self._report

    async def run_clock(self) -> VersionsReport:
        """Rebuild or check what is known of the log's times."""
        async with self._pool.acquire() as connection:
            async with self._step(connection, locked=False) as position:
                self._report.position = position
            clock = ClockRebuild(connection, self._site, position)
            self._report.clock_differs = await clock.differs()
            if self._report.clock_differs and not self._check_only:
                async with self._step(connection, locked=True):
                    await clock.write()
        return self._report

    async def run_for(self, order_id: str) -> VersionsReport:
        """Rebuild or check the versions of one order."""
        began = time.monotonic()
        async with self._pool.acquire() as connection:
            await self._begin(connection)
            await self._compare(connection, await self._events_of(connection, order_id), order_id)
        self._report.seconds = time.monotonic() - began
        return self._report

    async def _begin(self, connection: Any) -> None:
        self._parked = {each.stream for each in await parked(connection, self._site) if each.projection == CONSUMER}

    def _step(self, connection: Any, *, locked: bool) -> "_Step":
        return _Step(connection, self._site, locked=locked)

    async def _compare(self, connection: Any, chunk: OrderChunk, order_id: str | None = None) -> None:
        """Compare some orders, or one, with what the index has of them where it has come to now; put it right."""
        async with self._step(connection, locked=False) as position:
            known = await self._folded(connection, chunk, order_id, position)
            found = ComparedOrders.of(known, await self._indexed(connection, chunk, order_id))
        if not self._check_only and found.changes_anything(self._parked):
            async with self._step(connection, locked=True) as locked_at:
                if locked_at != position:
                    position = locked_at
                    known = await self._folded(connection, chunk, order_id, position)
                found = ComparedOrders.of(known, await self._indexed(connection, chunk, order_id))
                await self._put(connection, found)
        self._note(position, known, found)

    async def _folded(self, connection: Any, chunk: OrderChunk, order_id: str | None, position: Position) -> Folded:
        if position > chunk.position:
            chunk = await self._read_again(connection, chunk, order_id)
        return await folded(self._site, self._mapper, chunk.events, position)

    async def _read_again(self, connection: Any, chunk: OrderChunk, order_id: str | None) -> OrderChunk:
        if order_id is not None:
            return await self._events_of(connection, order_id)
        return await chunk_of(connection, self._site, chunk.orders)

    async def _events_of(self, connection: Any, order_id: str) -> OrderChunk:
        stream = order_stream(order_id)
        position = await connection.fetchval(ledger_query("head_position"), self._site)
        rows = await connection.fetch(ledger_query("load_streams"), self._site, [stream], [0])
        return OrderChunk(
            orders=OrderRange(stream, stream), events=tuple(map(recorded, rows)), position=Position(position or 0)
        )

    async def _indexed(self, connection: Any, chunk: OrderChunk, order_id: str | None) -> dict[str, IndexedOrder]:
        if order_id is not None:
            return await indexed_orders(connection, self._site, [order_id])
        return await indexed_orders(connection, self._site, None, *chunk.orders.ids)

    async def _put(self, connection: Any, found: ComparedOrders) -> None:
        """Replace what the index has of some orders, add what it lacks of others, and park what cannot be read."""
        if found.wrong:
            await connection.execute(query("remove_versions"), self._site, found.wrong)
            await connection.execute(query("remove_version_documents"), self._site, found.wrong)
        await add_rows(connection, self._site, found.rows)
        await add_documents(connection, self._site, found.documents)
        for broken in found.broken.values():
            await park(connection, self._site, CONSUMER, broken, self._clock_ms())
        for stream in filter(self._parked.__contains__, found.readable):
            await unpark(connection, self._site, CONSUMER, stream)

    def _note(self, position: Position, known: Folded, found: ComparedOrders) -> None:
        report = self._report
        report.position = position
        report.orders += len(known)
        report.events += found.events
        report.versions += found.versions
        report.without_document += found.lacking
        report.differing += found.wrong
        report.broken |= found.broken


@dataclass(slots=True)
class _Step:
    """A transaction in which the index stands still: locked, or seen in one snapshot where nothing is changed."""

    connection: Any
    site: Site
    locked: bool
    _transaction: Any = None

    async def __aenter__(self) -> Position:
        isolation = {} if self.locked else {"isolation": "repeatable_read", "readonly": True}
        self._transaction = self.connection.transaction(**isolation)
        await self._transaction.start()
        find = query("lock_consumer") if self.locked else ledger_query("find_consumer")
        return Position(await self.connection.fetchval(find, self.site, CONSUMER) or 0)

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        await (self._transaction.commit() if kind is None else self._transaction.rollback())
