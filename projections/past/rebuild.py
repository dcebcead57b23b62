"""Builds the index of past orders of a site again from its log, some orders at a time, while it is in use.

The orders are folded as a whole, every event is hashed and held against its columns, and what that comes to is
compared with the rows, which the consumer made with a fold of its own. Rows that differ are replaced under the lock of
the consumer's checkpoint, all of an order in one transaction, so a reader never sees half of them; a rebuild that is
stopped has put right what it came to.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from ledger.envelope import EventMapper, RecordedEvent
from ledger.ids import Position, Site, StreamId, order_stream, system_clock_ms
from ledger.limits import FOLD_EVENTS_AT_ONCE, LOG_PAGE_EVENTS
from ledger.sql import query as ledger_query
from ledger.store import recorded
from projections.past.clock import LogClock
from projections.past.columns import evolve_columns, order_id_of
from projections.past.consumer import CONSUMER, add_page, add_versions
from projections.past.indexed_orders import IndexedOrder, indexed_orders
from projections.past.kept_documents import add_documents
from projections.past.order_chunks import OrderChunk, chunk_between, chunks_ahead
from projections.past.versions import Standing, order_events
from projections.past.whole_orders import PastVersions, past_versions
from projections.rebuild.folding import StreamBroken
from projections.rebuild.parking import park, parked, unpark
from projections.sql import query

_ORDERS_AT_ONCE = 200


@dataclass(kw_only=True, slots=True)
class VersionsReport:
    """What a rebuild of the index found and did.

    ``differing`` are the ids of orders whose rows were not what their events say; ``clock_differs`` tells the same of
    what is known of the log's times. ``without_document`` counts versions whose document might be kept and was not,
    which is no fault: they are folded when they are shown. ``position`` is how far the index has come.
    """

    site: Site
    position: int = 0
    events_total: int = 0
    events: int = 0
    orders: int = 0
    versions: int = 0
    without_document: int = 0
    seconds: float = 0.0
    differing: list[str] = field(default_factory=list)
    clock_differs: bool = False
    broken: dict[StreamId, StreamBroken] = field(default_factory=dict)

    @property
    def is_true(self) -> bool:
        """Whether the index was what the log says, and all of it could be read."""
        return not (self.differing or self.clock_differs or self.broken)


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
        async with self._pool.acquire() as connection:
            await self._begin(connection)
            self._report.events_total = await connection.fetchval(query("count_order_events"), self._site)
            await self._compare_all(connection)
            await self._look_at_clock(connection)
        self._report.seconds = time.monotonic() - began
        return self._report

    async def _compare_all(self, connection: Any) -> None:
        """Compare all orders; while some are folded, the database reads the next ones."""
        async with (
            self._pool.acquire() as reader,
            aclosing(chunks_ahead(reader, self._site, _ORDERS_AT_ONCE)) as chunks,
        ):
            async for chunk in chunks:
                await self._compare(connection, chunk)
                self._on_progress(self._report)

    async def run_for(self, order_id: str) -> VersionsReport:
        """Rebuild or check the versions of one order."""
        began = time.monotonic()
        async with self._pool.acquire() as connection:
            await self._begin(connection)
            async with self._step(connection) as position:
                indexed = await indexed_orders(connection, self._site, [order_id])
                rows = await connection.fetch(ledger_query("load_streams"), self._site, [order_stream(order_id)], [0])
                await self._take(connection, map(recorded, rows), indexed, position)
        self._report.seconds = time.monotonic() - began
        return self._report

    async def _begin(self, connection: Any) -> None:
        self._parked = {each.stream for each in await parked(connection, self._site) if each.projection == CONSUMER}

    def _step(self, connection: Any) -> "_Step":
        return _Step(connection, self._site, check_only=self._check_only)

    async def _compare(self, connection: Any, chunk: OrderChunk) -> None:
        """Compare some orders with what the index has of them where it has come to now."""
        async with self._step(connection) as position:
            self._report.position = position
            if position > chunk.position:
                chunk = await chunk_between(connection, self._site, chunk.after, chunk.until)
            indexed = await indexed_orders(connection, self._site, None, *chunk.ids)
            await self._take(connection, chunk.events, indexed, position)

    async def _take(
        self, connection: Any, records: Iterable[RecordedEvent], indexed: Mapping[str, IndexedOrder], position: int
    ) -> None:
        """Compare orders with their rows; rows of orders that the log does not know are wrong as well."""
        events: dict[str, list[RecordedEvent]] = {}
        for record in records:
            if record.position <= position:
                events.setdefault(order_id_of(record), []).append(record)
        wrong: list[str] = []
        lacking = PastVersions()
        for count, order_id in enumerate(sorted({*indexed, *events})):
            if count % FOLD_EVENTS_AT_ONCE == 0:
                # Others get their turn, the one who reads ahead as well.
                await asyncio.sleep(0)
            truth = await self._truth(connection, order_id, events.get(order_id, []))
            if truth is None:
                continue
            seen = indexed.get(order_id, IndexedOrder())
            without_document = seen.without_document(truth)
            self._report.without_document += len(without_document)
            if seen.is_true(truth):
                lacking.documents += without_document
            else:
                wrong.append(order_id)
                lacking.add(truth)
        self._report.differing += wrong
        if not self._check_only:
            await self._put(connection, wrong, lacking)

    async def _put(self, connection: Any, wrong: Sequence[str], lacking: PastVersions) -> None:
        """Replace what the index has of some orders, and add what it lacks of others."""
        if wrong:
            await connection.execute(query("remove_versions"), self._site, wrong)
            await connection.execute(query("remove_version_documents"), self._site, wrong)
        await add_versions(connection, self._site, lacking.versions)
        await add_documents(connection, self._site, lacking.documents)

    async def _truth(self, connection: Any, order_id: str, events: Sequence[RecordedEvent]) -> PastVersions | None:
        """What the events of an order come to; None where they cannot be read."""
        self._report.orders += bool(events)
        self._report.events += len(events)
        stream = order_stream(order_id)
        try:
            truth = past_versions(self._site, self._mapper, events)
        except StreamBroken as broken:
            self._report.broken[stream] = broken
            if not self._check_only:
                await park(connection, self._site, CONSUMER, broken, self._clock_ms())
            return None
        if stream in self._parked and not self._check_only:
            await unpark(connection, self._site, CONSUMER, stream)
        self._report.versions += len(truth.versions)
        return truth

    async def _look_at_clock(self, connection: Any) -> None:
        """Compare what is known of the log's times, and write it anew where it is wrong."""
        until, after, clock = self._report.position, Position(0), LogClock()
        pages: list[tuple[int, LogClock]] = []
        while after < until:
            events = await connection.fetch(
                ledger_query("read_log"), self._site, after, min(LOG_PAGE_EVENTS, until - after)
            )
            page = list(map(recorded, events))
            rows = await connection.fetch(query("version_pages"), self._site, after, page[-1].position)
            noted = {row["position"]: LogClock(row["latest_ms"], row["lag_ms_max"], row["lead_s_max"]) for row in rows}
            for event in page:
                clock = clock.after([event], born(event))
                if noted.pop(event.position, clock) != clock:
                    self._report.clock_differs = True
            after = page[-1].position
            pages.append((after, clock))
        last = await connection.fetch(query("version_pages"), self._site, until - 1, until)
        self._report.clock_differs |= until > 0 and not last
        if self._report.clock_differs and not self._check_only:
            async with self._step(connection):
                await connection.execute(query("remove_version_pages"), self._site, until)
                for position, each in pages:
                    await add_page(connection, self._site, position, each)


@dataclass(slots=True)
class _Step:
    """A transaction in which the index stands still: locked, or seen in one snapshot where nothing is changed."""

    connection: Any
    site: Site
    check_only: bool
    _transaction: Any = None

    async def __aenter__(self) -> int:
        isolation = {"isolation": "repeatable_read", "readonly": True} if self.check_only else {}
        self._transaction = self.connection.transaction(**isolation)
        await self._transaction.start()
        find = ledger_query("find_consumer") if self.check_only else query("lock_consumer")
        return await self.connection.fetchval(find, self.site, CONSUMER) or 0

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        await (self._transaction.commit() if kind is None else self._transaction.rollback())


def born(event: RecordedEvent) -> list[Standing]:
    """The order that an event made, where it made one that can be read."""
    if event.version != 1 or not any(order_events([event])):
        return []
    try:
        columns = evolve_columns(None, event)
    except StreamBroken:
        return []
    return [Standing(event.version, event.position, event.recorded_at, columns)]
