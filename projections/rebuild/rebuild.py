"""Builds the order view of a site again from its log, beside the one that the service goes on writing.

One pass reads streams and rows side by side in one snapshot and keeps the rows that differ in a table of their own.
Then the orders that changed meanwhile are looked at again, until the rest is read under the lock of the site's head
and the kept rows are put in place. Before that nothing that readers see has changed, so a rebuild can be cancelled or
killed at any moment (docs/decisions/0011-rebuild.md).
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from ledger.envelope import EventMapper, RecordedEvent
from ledger.ids import Position, Site, StreamId, order_stream, system_clock_ms
from ledger.limits import LOG_PAGE_EVENTS
from ledger.sql import query as ledger_query
from ledger.store import recorded
from projections.rebuild.comparison import Finding, RowDifference, ViewDigest, compare
from projections.rebuild.folding import StreamBroken, fold_stream, is_order, order_id_of
from projections.rebuild.parking import ORDERS, park, parked, unpark
from projections.rebuild.shadow import Shadow
from projections.rebuild.snapshot import Pair, pairs
from projections.sql import query

_KEPT_TOGETHER = 500


@dataclass(kw_only=True, slots=True)
class Progress:
    """How far a rebuild is. ``events_total`` is how many events of orders there were when it began."""

    events_total: int = 0
    events: int = 0
    orders: int = 0
    findings: dict[Finding, int] = field(default_factory=lambda: dict.fromkeys(Finding, 0))
    broken: dict[StreamId, StreamBroken] = field(default_factory=dict)
    caught_up: int = 0
    put: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """What a rebuild found and did.

    Digests are of the snapshot that was compared, without orders that cannot be read. ``caught_up`` counts orders
    that were looked at again because they changed meanwhile, ``put`` the rows that were put in place.
    """

    site: Site
    position: int
    orders: int
    events: int
    seconds: float
    findings: dict[Finding, int]
    broken: tuple[StreamBroken, ...]
    view_digest: str
    log_digest: str
    caught_up: int
    put: int

    @property
    def is_true(self) -> bool:
        """Whether the view was what the log says, and all of the log could be read."""
        return not any(self.findings.values()) and not self.broken


@dataclass(frozen=True, kw_only=True, slots=True)
class Listener:
    """Is told what happens: after each page, and of each difference."""

    on_progress: Callable[[Progress], None] = lambda _: None
    on_difference: Callable[[RowDifference], None] = lambda _: None


class Rebuild:
    """One rebuild of one site's order view.

    Args:
        check_only: compare, and change nothing, the list of parked streams included.
    """

    def __init__(
        self,
        pool: asyncpg.Pool,
        site: Site,
        *,
        check_only: bool = False,
        listener: Listener | None = None,
        clock_ms: Callable[[], int] = system_clock_ms,
    ) -> None:
        self._pool = pool
        self._site = site
        self._check_only = check_only
        self._listener = listener or Listener()
        self._clock_ms = clock_ms
        self._mapper = EventMapper()
        self._shadow = Shadow.begin(site, clock_ms())
        self._progress = Progress()
        self._view_digest, self._log_digest = ViewDigest(), ViewDigest()
        self._parked: set[str] = set()

    async def run(self) -> Report:
        """Rebuild or check the view of the whole site."""
        began = time.monotonic()
        async with self._pool.acquire() as connection:
            self._parked = {each.stream for each in await parked(connection, self._site) if each.projection == ORDERS}
            if self._check_only:
                position = await self._compare_all(connection)
            else:
                position = await self._rebuild(connection)
        return self._report(position, time.monotonic() - began)

    async def run_for(self, order_id: str) -> Report:
        """Rebuild or check the row of one order, under the lock of the site's head."""
        began = time.monotonic()
        stream = order_stream(order_id)
        async with self._pool.acquire() as connection, connection.transaction():
            self._parked = {each.stream for each in await parked(connection, self._site) if each.projection == ORDERS}
            position = Position(await connection.fetchval(query("lock_head"), self._site) or 0)
            pair, events = await self._pair_now(connection, stream)
            self._progress.events = events
            found = await self._take(connection, pair)
            if found and not self._check_only:
                await self._shadow.keep(connection, [found])
                self._progress.put += await self._shadow.put(connection)
        return self._report(position, time.monotonic() - began)

    async def _rebuild(self, connection: Any) -> Position:
        await self._shadow.forget_old_runs(connection)
        try:
            position = await self._compare_all(connection)
            await self._swap(connection, await self._catch_up(connection, position))
        finally:
            await self._shadow.forget(connection)
        return position

    async def _compare_all(self, connection: Any) -> Position:
        """Compare everything in one snapshot and keep what differs; the position of the snapshot."""
        kept: list[RowDifference] = []
        async with self._pool.acquire() as reader, reader.transaction(isolation="repeatable_read", readonly=True):
            position = Position(await reader.fetchval(ledger_query("head_position"), self._site) or 0)
            self._progress.events_total = await reader.fetchval(query("count_order_events"), self._site)
            async for pair in pairs(reader, self._site, self._mapper, on_events=self._advance):
                found = await self._take(connection, pair)
                if found and not self._check_only:
                    kept.append(found)
                if len(kept) >= _KEPT_TOGETHER:
                    await self._shadow.keep(connection, kept)
                    kept = []
        await self._shadow.keep(connection, kept)
        self._listener.on_progress(self._progress)
        return position

    def _advance(self, events: int) -> None:
        self._progress.events += events
        self._listener.on_progress(self._progress)

    async def _take(self, connection: Any, pair: Pair) -> RowDifference | None:
        """Count an order, park it if it cannot be read, and tell how its row differs."""
        if isinstance(pair.truth, StreamBroken):
            self._progress.orders += 1
            await self._park(connection, pair.truth)
            return None
        if pair.shown is not None:
            self._view_digest.add(tuple(pair.shown))
        if pair.truth is not None:
            self._progress.orders += 1
            self._log_digest.add(pair.truth.values)
            await self._unpark(connection, order_stream(pair.order_id))
        found = compare(pair.order_id, pair.shown, pair.truth)
        if found:
            self._progress.findings[found.finding] += 1
            self._listener.on_difference(found)
        return found

    async def _catch_up(self, connection: Any, position: Position) -> Position:
        """Look again at what changed since the snapshot, until little is left; how far that went."""
        while True:
            page = await self._log_page(connection, position)
            if len(page) < LOG_PAGE_EVENTS:
                return position
            async with connection.transaction():
                await self._look_again(connection, page)
            position = page[-1].position
            self._listener.on_progress(self._progress)

    async def _swap(self, connection: Any, position: Position) -> None:
        """Put the kept rows in place. The lock is held for a moment only: other appends come between."""
        put = None
        while put is None or put:
            async with connection.transaction():
                await connection.fetchval(query("lock_head"), self._site)
                while page := await self._log_page(connection, position):
                    await self._look_again(connection, page)
                    position = page[-1].position
                put = await self._shadow.put(connection)
            self._progress.put += put
            self._listener.on_progress(self._progress)

    async def _look_again(self, connection: Any, page: Iterable[RecordedEvent]) -> None:
        """Compare orders that changed after the snapshot once more; what was kept of them is replaced."""
        for stream in sorted({event.stream for event in page if is_order(event.stream)}):
            pair, _ = await self._pair_now(connection, stream)
            await self._shadow.forget(connection, pair.order_id)
            self._progress.caught_up += 1
            if isinstance(pair.truth, StreamBroken):
                await self._park(connection, pair.truth)
            elif found := compare(pair.order_id, pair.shown, pair.truth):
                await self._shadow.keep(connection, [found])

    async def _pair_now(self, connection: Any, stream: StreamId) -> tuple[Pair, int]:
        """An order as it is now, and how many events it has.

        A change in between only makes the row newer than the events; the order is then in a later page of the log,
        and under the lock of the head there is none.
        """
        order_id = order_id_of(stream)
        events = await connection.fetch(ledger_query("load_streams"), self._site, [stream], [0])
        shown = await connection.fetchrow(query("order_row"), self._site, order_id)
        truth = fold_stream(self._site, self._mapper, map(recorded, events))
        return Pair(order_id, shown, truth), len(events)

    async def _log_page(self, connection: Any, after: Position) -> list[RecordedEvent]:
        rows = await connection.fetch(ledger_query("read_log"), self._site, after, LOG_PAGE_EVENTS)
        return [recorded(row) for row in rows]

    async def _park(self, connection: Any, broken: StreamBroken) -> None:
        self._progress.broken[broken.stream] = broken
        if not self._check_only:
            await park(connection, self._site, ORDERS, broken, self._clock_ms())

    async def _unpark(self, connection: Any, stream: StreamId) -> None:
        if stream in self._parked and not self._check_only:
            await unpark(connection, self._site, ORDERS, stream)

    def _report(self, position: Position, seconds: float) -> Report:
        progress = self._progress
        return Report(
            site=self._site,
            position=position,
            orders=progress.orders,
            events=progress.events,
            seconds=seconds,
            findings=progress.findings,
            broken=tuple(progress.broken.values()),
            view_digest=self._view_digest.hex(),
            log_digest=self._log_digest.hex(),
            caught_up=progress.caught_up,
            put=progress.put,
        )
