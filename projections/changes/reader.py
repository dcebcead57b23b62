"""Exact pages of a site's log: from the index as far as it has come, and from the log itself behind that."""

from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg

from ledger.envelope import RecordedEvent
from ledger.errors import OperationFailed, ResourceNotFound, TemporaryError
from ledger.ids import Position, Site
from ledger.limits import CHANGES_BEHIND_INDEX_MAX, INTEGER_MAX, LOG_PAGE_EVENTS
from ledger.store import Store
from ledger.subscription import assert_none_missed
from projections.changes.index import CONSUMER
from projections.changes.query import ChangeQuery, change_conditions, matches, range_of
from projections.changes.row import ChangeRow, rows_of
from projections.changes.walk import Extent, walk
from projections.sql import query
from projections.sql.conditions import Condition

# About as long as the index needs for half a million events.
_INDEX_RETRY_S = 30


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """An event with what it was about."""

    record: RecordedEvent
    row: ChangeRow


@dataclass(frozen=True, slots=True)
class ChangePage:
    """The events of a page, and where the next one starts; None on the last page."""

    events: tuple[LoggedEvent, ...]
    next_start: Position | None


@dataclass(frozen=True, slots=True)
class _Ends:
    """The last position of the log, and the last that the index has."""

    head: int
    indexed: int


class ChangeLog:
    """Reads the log of a site by its filters."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._store = Store(pool)

    async def page(self, site: Site, wanted: ChangeQuery) -> ChangePage:
        """One page, complete whatever the index has come to.

        Raises:
            TemporaryError: the index is being built, and the page needs what it has not come to.
            ResourceNotFound: there is no such site.
        """
        conditions = change_conditions(wanted.filters)
        if conditions is None:
            return ChangePage((), None)
        ends = await self._ends(site)
        extent = _extent(conditions, wanted, ends)
        indexed = Extent(extent.first, min(extent.last, ends.indexed))
        newer = Extent(max(extent.first, ends.indexed + 1), extent.last)
        wants = wanted.limit + 1
        if wanted.descending:
            found = (await self._newer(site, conditions, newer))[::-1][:wants]
            older, stopped_at = await self._indexed(
                site, conditions, indexed, ends, wants - len(found), descending=True
            )
            found += older
        else:
            found, stopped_at = await self._indexed(site, conditions, indexed, ends, wants, descending=False)
            if len(found) < wants and stopped_at is None:
                found += await self._newer(site, conditions, newer)
        return _page(found, wanted.limit, stopped_at)

    async def matching(
        self, site: Site, conditions: tuple[Condition, ...], events: Sequence[RecordedEvent]
    ) -> list[LoggedEvent]:
        """Those of some events of a site that fulfil all conditions, as they come from the log."""
        rows = await rows_of(self._pool, site, events)
        return [LoggedEvent(record, row) for record, row in zip(events, rows, strict=True) if matches(row, conditions)]

    async def _ends(self, site: Site) -> _Ends:
        row = await self._pool.fetchrow(query("log_extent"), site, CONSUMER)
        if row is None:
            raise ResourceNotFound(f"There is no site {site}.")
        if row["indexed"] > row["head"]:
            raise OperationFailed("The log of the site ends before what was read of it: it is an older copy.")
        return _Ends(row["head"], row["indexed"])

    async def _newer(self, site: Site, conditions: tuple[Condition, ...], extent: Extent) -> list[LoggedEvent]:
        """The events behind the index, in order."""
        if extent.is_empty:
            return []
        if extent.last - extent.first >= CHANGES_BEHIND_INDEX_MAX:
            raise TemporaryError(
                f"The index of the log is being built and has {extent.last - extent.first + 1} events to go. "
                "Please try again.",
                retry_after_s=_INDEX_RETRY_S,
            )
        events: list[RecordedEvent] = []
        while (after := extent.first - 1 + len(events)) < extent.last:
            page = await self._store.read_log(
                site, after=Position(after), limit=min(LOG_PAGE_EVENTS, extent.last - after)
            )
            assert_none_missed(site, Position(after), page)
            events += page
            if not page:
                raise OperationFailed("The log of the site has become shorter: it is an older copy.")
        return await self.matching(site, conditions, events)

    async def _indexed(
        self,
        site: Site,
        conditions: tuple[Condition, ...],
        extent: Extent,
        ends: _Ends,
        wants: int,
        *,
        descending: bool,
    ) -> tuple[list[LoggedEvent], Position | None]:
        """The first events that the index leads to, and where the walk ended, if before the end and without them."""
        extent = await self._within_time(site, conditions, extent, ends)
        walked = await walk(self._pool, site, conditions, extent, descending=descending, wanted=wants)
        events = await self._store.events_at(site, walked.positions)
        if len(events) < len(walked.positions):
            raise OperationFailed("Events that the log had are not there any more.")
        rows = await rows_of(self._pool, site, events)
        found = [LoggedEvent(record, row) for record, row in zip(events, rows, strict=True)]
        return found, walked.stopped_at

    async def _within_time(self, site: Site, conditions: tuple[Condition, ...], extent: Extent, ends: _Ends) -> Extent:
        """The part of an extent in which events of the range of time can stand."""
        time = range_of(conditions, "recorded_at")
        first, last = extent.first, extent.last
        if time.first > 0 and first <= last:
            first = max(first, 1 + await self._before(site, ends, time.first))
        if time.last < INTEGER_MAX and first <= last:
            lag = await self._pool.fetchval(query("change_lag"), site)
            last = min(last, await self._before(site, ends, time.last + lag + 1))
        return Extent(first, last)

    async def _before(self, site: Site, ends: _Ends, time_ms: int) -> int:
        return int(await self._pool.fetchval(query("positions_before"), site, ends.indexed, time_ms))


def _extent(conditions: tuple[Condition, ...], wanted: ChangeQuery, ends: _Ends) -> Extent:
    """The positions that a page can hold."""
    positions = range_of(conditions, "position")
    extent = Extent(max(1, positions.first), min(ends.head, positions.last))
    return extent if wanted.start is None else extent.behind(wanted.start, descending=wanted.descending)


def _page(found: list[LoggedEvent], limit: int, stopped_at: Position | None) -> ChangePage:
    """One event more than a page has tells that there is another page, and so does a walk that ended early."""
    shown = tuple(found[:limit])
    return ChangePage(shown, shown[-1].record.position if len(found) > limit else stopped_at)
