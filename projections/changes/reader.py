"""Exact pages of a site's log: from the index as far as it has come, and from the log itself behind that."""

from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg

from ledger.envelope import RecordedEvent
from ledger.errors import OperationFailed
from ledger.ids import Position, Site
from ledger.store import Store
from projections.changes.query import ChangeQuery, change_conditions, matches, range_of
from projections.changes.row import ChangeRow, rows_of
from projections.changes.tail import Ends, LogTail
from projections.changes.times import positions_of_times
from projections.changes.walk import Extent, walk
from projections.sql.conditions import Condition


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


class ChangeLog:
    """Reads the log of a site by its filters."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._store = Store(pool)
        self._tail = LogTail(pool)

    async def page(self, site: Site, wanted: ChangeQuery) -> ChangePage:
        """One page, complete whatever the index has come to.

        Raises:
            TemporaryError: the index is being built, and the page needs what it has not come to.
            ResourceNotFound: there is no such site.
        """
        conditions = change_conditions(wanted.filters)
        if conditions is None:
            return ChangePage((), None)
        ends = await self._tail.ends(site)
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

    async def _newer(self, site: Site, conditions: tuple[Condition, ...], extent: Extent) -> list[LoggedEvent]:
        """The events behind the index, in order."""
        if extent.is_empty:
            return []
        return await self.matching(site, conditions, await self._tail.events(site, extent.first, extent.last))

    async def _indexed(
        self,
        site: Site,
        conditions: tuple[Condition, ...],
        extent: Extent,
        ends: Ends,
        wants: int,
        *,
        descending: bool,
    ) -> tuple[list[LoggedEvent], Position | None]:
        """The first events that the index leads to, and where the walk ended, if before the end and without them."""
        time = range_of(conditions, "recorded_at")
        first, last = await positions_of_times(
            self._pool, site, (time.first, time.last), (extent.first, extent.last), indexed=ends.indexed
        )
        walked = await walk(self._pool, site, conditions, Extent(first, last), descending=descending, wanted=wants)
        events = await self._store.events_at(site, walked.positions)
        if len(events) < len(walked.positions):
            raise OperationFailed("Events that the log had are not there any more.")
        rows = await rows_of(self._pool, site, events)
        found = [LoggedEvent(record, row) for record, row in zip(events, rows, strict=True)]
        return found, walked.stopped_at


def _extent(conditions: tuple[Condition, ...], wanted: ChangeQuery, ends: Ends) -> Extent:
    """The positions that a page can hold."""
    positions = range_of(conditions, "position")
    extent = Extent(max(1, positions.first), min(ends.head, positions.last))
    return extent if wanted.start is None else extent.behind(wanted.start, descending=wanted.descending)


def _page(found: list[LoggedEvent], limit: int, stopped_at: Position | None) -> ChangePage:
    """One event more than a page has tells that there is another page, and so does a walk that ended early."""
    shown = tuple(found[:limit])
    return ChangePage(shown, shown[-1].record.position if len(found) > limit else stopped_at)
