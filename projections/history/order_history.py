"""The history of one order, the order at a moment, and what differs between two: folded from its stream when asked.

Nothing here is stored and nothing is remembered between two questions. A stream is read at once and its events are
decoded once; differences are made for what is shown.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass

from eventsourcing.persistence import MapperDeserialisationError

from ledger.envelope import EventMapper, RecordedEvent
from ledger.errors import RecordUnreadable, ResourceNotFound
from ledger.ids import Position, Site, Version, order_stream, system_clock_ms
from ledger.limits import FOLD_EVENTS_AT_ONCE
from ledger.order import Order, evolve
from ledger.store import Store
from projections.history.changes import Change, Entry
from projections.history.difference import difference
from projections.history.document_shape import plain_document
from projections.history.history_query import HistoryQuery, passes
from projections.history.moments import AtPosition, AtVersion, Moment, refuse_future, version_at
from projections.history.order_states import DiffDocument, OrderAt, Side
from projections.history.successive_documents import SuccessiveDocuments


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """Entries of one page; ``next_behind`` is the version behind which the next page starts, None on the last one."""

    changes: tuple[Change, ...]
    next_behind: int | None


class OrderHistory:
    """Reads orders of the past.

    Everywhere, ``business_entity_id`` is the entity that the caller is restricted to: orders of others are not found.
    Deleted orders are found.
    """

    def __init__(self, store: Store, clock_ms: Callable[[], int] = system_clock_ms) -> None:
        self._store = store
        self._clock_ms = clock_ms
        self._mapper = EventMapper()

    async def require(self, site: Site, order_id: str, business_entity_id: str | None = None) -> None:
        """Raise ResourceNotFound unless the order was ever there for the caller."""
        await self._stream(site, order_id, business_entity_id)

    async def page(
        self, site: Site, order_id: str, query: HistoryQuery, business_entity_id: str | None = None
    ) -> HistoryPage:
        """One page of what happened to an order.

        Raises:
            ResourceNotFound: there never was such an order for the caller.
        """
        records = await self._stream(site, order_id, business_entity_id)
        found = await self._found(records, query)
        shown = found[: query.limit]
        changes = []
        for entry in shown:
            changes.append(entry.change())
            await asyncio.sleep(0)
        return HistoryPage(tuple(changes), shown[-1].record.version if len(found) > query.limit else None)

    async def entries(self, site: Site, order_id: str, business_entity_id: str | None = None) -> list[Entry]:
        """Everything that happened to an order, from its first event on.

        Raises:
            ResourceNotFound: there never was such an order for the caller.
        """
        records = await self._stream(site, order_id, business_entity_id)
        return [entry async for entry in self._entries(records)]

    async def at(
        self, site: Site, order_id: str, moment: Moment | None, business_entity_id: str | None = None
    ) -> OrderAt:
        """The order as it was at a moment; as it is now without one.

        Raises:
            ResourceNotFound: there never was such an order for the caller, or not yet.
            ParamWrongValue: the moment lies in the future.
        """
        head = await self._head(site, moment)
        until = moment.version if isinstance(moment, AtVersion) else None
        records = await self._stream(site, order_id, business_entity_id, until=until)
        return await self._at(records, moment, head)

    async def diff(self, site: Site, before: Side, after: Side, business_entity_id: str | None = None) -> DiffDocument:
        """What differs between two states of an order, or of two orders.

        The second one is the newest where no moment is given. The first one is then the version before it; of
        another order it is the newest too.

        Raises:
            ResourceNotFound: as for ``at``; with ``to[order_id]`` where the other order is not there.
            ParamWrongValue: as for ``at``.
        """
        head = await self._head(site, before.moment, after.moment)
        ours = theirs = await self._stream(site, before.order_id, business_entity_id)
        is_same_order = after.order_id == before.order_id
        if not is_same_order:
            theirs = await self._other_stream(site, after.order_id, business_entity_id)
        new = await self._at(theirs, after.moment, head)
        old = None
        if before.moment is not None or not is_same_order:
            old = await self._at(ours, before.moment, head)
        elif new.record.version > 1:
            old = await self._at(ours, AtVersion(version=new.record.version - 1), head)
        return DiffDocument(
            object="diff",
            from_=old.place if old else None,
            to=new.place,
            changes=difference(plain_document(old.order) if old else {}, plain_document(new.order)),
        )

    async def _head(self, site: Site, *moments: Moment | None) -> Position | None:
        """The site's last position where one is asked about. Read before the streams: what it covers is in them."""
        if any(isinstance(moment, AtPosition) for moment in moments):
            return await self._store.head_position(site)
        return None

    async def _stream(
        self, site: Site, order_id: str, business_entity_id: str | None, *, until: int | None = None
    ) -> Sequence[RecordedEvent]:
        """The events of an order that the caller may see, up to a version, at least one."""
        stream = order_stream(order_id)
        if until is None:
            records = (await self._store.load_streams(site, [stream])).get(stream)
        else:
            records = await self._store.load_stream_until(site, stream, until)
        if not records:
            raise ResourceNotFound
        if business_entity_id is not None:
            # An order belongs to the same entity all its life.
            with _readable():
                born = evolve(None, self._mapper.event(records[0].body))
            if born.business_entity_id != business_entity_id:
                raise ResourceNotFound
        return records

    async def _other_stream(self, site: Site, order_id: str, business_entity_id: str | None) -> Sequence[RecordedEvent]:
        try:
            return await self._stream(site, order_id, business_entity_id)
        except ResourceNotFound as refused:
            raise ResourceNotFound(refused.reason, param="to[order_id]") from refused

    async def _at(self, records: Sequence[RecordedEvent], moment: Moment | None, head: Position | None) -> OrderAt:
        version = Version(len(records))
        if moment is not None:
            refuse_future(moment, now_ms=self._clock_ms(), head=head)
            version = version_at(moment, records)
        order = await self._folded(records[:version])
        return OrderAt(order, records[version - 1])

    async def _folded(self, records: Sequence[RecordedEvent]) -> Order:
        order: Order | None = None
        with _readable():
            for count, record in enumerate(records, 1):
                order = evolve(order, self._mapper.event(record.body))
                await _give_way(count)
        assert order is not None, "a stream that was found has events"
        return order

    async def _found(self, records: Sequence[RecordedEvent], query: HistoryQuery) -> list[Entry]:
        """Entries of the page, and one more where there is another page. What lies behind it is not decoded."""
        if query.descending:
            end = len(records) if query.behind is None else max(0, query.behind - 1)
            entries = [entry async for entry in self._entries(records[:end])]
            return await _first(_backwards(entries), query)
        return await _first(self._entries(records), query)

    async def _entries(self, records: Sequence[RecordedEvent]) -> AsyncGenerator[Entry, None]:
        documents = SuccessiveDocuments()
        before: Order | None = None
        for count, record in enumerate(records, 1):
            with _readable():
                envelope, event = self._mapper.open(record.body)
                after = evolve(before, event)
            yield Entry(record, envelope, event, before, after, documents=documents)
            before = after
            await _give_way(count)


@contextmanager
def _readable() -> Iterator[None]:
    """What is wrong with stored bytes is told as what it is."""
    try:
        yield
    except (MapperDeserialisationError, ValueError) as error:
        raise RecordUnreadable from error


async def _first(entries: AsyncGenerator[Entry, None], query: HistoryQuery) -> list[Entry]:
    """The first entries that are behind the start of the page and pass, one more than the page has."""
    found: list[Entry] = []
    start = 0 if query.descending else query.behind or 0
    async with aclosing(entries):
        async for entry in entries:
            if entry.record.version > start and passes(entry, query):
                found.append(entry)
                if len(found) > query.limit:
                    break
    return found


async def _backwards(entries: Sequence[Entry]) -> AsyncGenerator[Entry, None]:
    for count, entry in enumerate(reversed(entries), 1):
        yield entry
        await _give_way(count)


async def _give_way(count: int) -> None:
    """Let others have their turn from time to time: a long history must not hold up the process."""
    if count % FOLD_EVENTS_AT_ONCE == 0:
        await asyncio.sleep(0)
