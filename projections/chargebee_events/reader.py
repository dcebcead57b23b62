"""The events of a site as Chargebee shows them: one by its id, and exact pages of many.

A page comes from the index as far as that has come, and from the log itself behind it. Events stand by the second and
then by their position. A page is read by the place of the last event before it, never by a row count: an event that
was there when a walk began is in it exactly once, whatever is appended meanwhile.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import asyncpg

from ledger.envelope import RecordedEvent
from ledger.errors import OperationFailed, ResourceNotFound
from ledger.ids import Site, system_clock_ms
from ledger.limits import EVENT_RETRIEVED_DAYS_MAX
from ledger.store import Store
from projections.changes.row import rows_of
from projections.changes.tail import Ends, LogTail
from projections.chargebee_events.candidates import positions_of_ids
from projections.chargebee_events.checks import Checks
from projections.chargebee_events.contents import metadata_of, orders_after
from projections.chargebee_events.delivery import NOT_CONFIGURED
from projections.chargebee_events.event_types import SHOWN
from projections.chargebee_events.query import EventQuery, Place, Wanted, wanted_of
from projections.chargebee_events.resource import event_json
from projections.chargebee_events.search import search
from projections.webhooks.statuses import deliveries

_RETRIEVED_MS_MAX = EVENT_RETRIEVED_DAYS_MAX * 24 * 60 * 60 * 1000


@dataclass(frozen=True, slots=True)
class EventPage:
    """The events of a page, ready to be sent, and where the next one starts; None on the last page."""

    documents: tuple[bytes, ...]
    next_start: Place | None


class ChargebeeEvents:
    """Reads events of orders through a pool of connections."""

    def __init__(self, pool: asyncpg.Pool, clock_ms: Callable[[], int] = system_clock_ms) -> None:
        self._pool = pool
        self._clock_ms = clock_ms
        self._store = Store(pool)
        self._tail = LogTail(pool)

    async def retrieve(self, site: Site, event_id: str, business_entity_id: str | None = None) -> bytes:
        """An event that is not too old.

        Args:
            business_entity_id: the entity that the caller is restricted to; events of others are not found.

        Raises:
            ResourceNotFound: there is no such event for the caller, or not any more.
            RecordUnreadable: it cannot be read any more, or one of the order before it.
        """
        record = await self._record(site, event_id)
        if record.recorded_at < self._clock_ms() - _RETRIEVED_MS_MAX:
            raise ResourceNotFound
        [row] = await rows_of(self._pool, site, [record])
        if business_entity_id not in {None, row.business_entity_id}:
            raise ResourceNotFound
        [document] = await self._documents(site, [record])
        return document

    async def find(self, site: Site, event_id: str) -> bytes:
        """An event, however old it is; errors as for ``retrieve``."""
        [document] = await self._documents(site, [await self._record(site, event_id)])
        return document

    async def page(self, site: Site, query: EventQuery) -> EventPage:
        """One page, complete whatever the index has come to.

        Raises:
            TemporaryError: the index is being built, and too much of the log is not in it.
            ResourceNotFound: there is no such site.
            RecordUnreadable: an event of the page cannot be read any more.
        """
        wanted = wanted_of(query.filters, now_s=self._clock_ms() // 1000)
        if wanted is None:
            return EventPage((), None)
        found, next_start = await self._places(site, query, wanted)
        records = await self._store.events_at(site, [place.position for place in found])
        if len(records) < len(found):
            raise OperationFailed("Events that the log had are not there any more.")
        return EventPage(await self._documents(site, records), next_start)

    async def _record(self, site: Site, event_id: str) -> RecordedEvent:
        records = await self._store.events_at(site, await positions_of_ids(self._pool, site, [event_id]))
        if not records or records[0].type not in SHOWN:
            raise ResourceNotFound
        return records[0]

    async def _places(self, site: Site, query: EventQuery, wanted: Wanted) -> tuple[list[Place], Place | None]:
        """The places of a page, and where the next one starts."""
        ends = await self._tail.ends(site)
        newer = await self._newer(site, wanted, ends)
        sifted = await search(self._pool, site, query, wanted, indexed=ends.indexed)
        bounds = _Bounds(query.start, sifted.stopped_at, query.descending)
        found = sorted([*sifted.places, *filter(bounds.hold, newer)], reverse=query.descending)
        shown = found[: query.limit]
        return shown, shown[-1] if len(found) > query.limit else sifted.stopped_at

    async def _newer(self, site: Site, wanted: Wanted, ends: Ends) -> Sequence[Place]:
        """The events behind the index that fit."""
        if ends.indexed >= ends.head:
            return []
        events = await self._tail.events(site, ends.indexed + 1, ends.head)
        rows = await rows_of(self._pool, site, events)
        places = [
            Place(row.recorded_at // 1000, row.position)
            for row, event in zip(rows, events, strict=True)
            if wanted.holds(row) and wanted.holds_id(event.event_id)
        ]
        return await Checks(self._pool, site, wanted).with_statuses(places)

    async def _documents(self, site: Site, records: Sequence[RecordedEvent]) -> tuple[bytes, ...]:
        orders = await orders_after(self._pool, site, records)
        delivered = await deliveries(self._pool, site, [record.position for record in records])
        documents = []
        for record in records:
            delivery = delivered.get(record.position, NOT_CONFIGURED)
            documents.append(event_json(site, record, metadata_of(record), orders[record.position], delivery))
            # A page may hold many large orders: others get their turn.
            await asyncio.sleep(0)
        return tuple(documents)


@dataclass(frozen=True, slots=True)
class _Bounds:
    """What a page can hold: behind its start, and up to where its search ended."""

    start: Place | None
    stopped_at: Place | None
    descending: bool

    def hold(self, place: Place) -> bool:
        is_behind = self.start is None or self._comes_before(self.start, place)
        return is_behind and not (self.stopped_at is not None and self._comes_before(self.stopped_at, place))

    def _comes_before(self, one: Place, other: Place) -> bool:
        return one > other if self.descending else one < other
