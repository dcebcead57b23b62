"""A change in a site's log as the API shows it: what happened, who asked, and through which door."""

import asyncio
from collections.abc import Iterable, Sequence

from eventsourcing.persistence import MapperDeserialisationError

from ledger.envelope import EventMapper, Metadata, RecordedEvent
from ledger.ids import Site, StreamId, order_stream
from ledger.limits import FOLD_EVENTS_AT_ONCE
from ledger.order import Order, evolve
from ledger.store import Store
from projections.changes.reader import LoggedEvent
from projections.changes.sentences import UNREADABLE, sentence_of
from projections.history.changes import Entry, RequestDocument, occurred_at, request_of
from projections.history.difference import MemberChange
from projections.history.sentences import sentence
from projections.order_document import Document

_ORDER = order_stream("")

# What reading and folding raise for events that somebody changed, or that do not follow each other.
_BROKEN = (MapperDeserialisationError, ValueError, LookupError, TypeError, AttributeError)


class LoggedChange(Document, frozen=True, kw_only=True):
    """``change``: one event of a site's log. Times are seconds; ``occurred_at`` is there where the domain says
    another time than the recorded one. ``leaf`` is the event's leaf in the site's Merkle tree, in hex.
    """

    position: int
    version: int
    type: str
    sentence: str
    stream: str
    order_id: str | None = None
    invoice_id: str | None = None
    business_entity_id: str | None = None
    recorded_at: int
    recorded_at_ms: int
    occurred_at: int | None = None
    actor: str
    actor_kind: str
    source: str
    correlation_id: str
    causation_id: str
    event_id: str
    leaf: str
    object: str
    request: RequestDocument
    changes: tuple[MemberChange, ...] = ()


class ChangeOpener:
    """Opens events of a site's log: a sentence about an order needs the order before and after.

    Args:
        remembered_max: orders that are remembered as they were after the last event that was opened. Whoever opens
            a log from one end to the other then reads no event twice.
    """

    def __init__(self, store: Store, *, remembered_max: int = 0) -> None:
        self._store = store
        self._mapper = EventMapper()
        self._remembered_max = remembered_max
        self._remembered: dict[tuple[Site, StreamId], Order] = {}

    async def open(
        self, site: Site, events: Sequence[LoggedEvent], *, with_differences: bool = False
    ) -> list[LoggedChange]:
        """What people and programs look at, in the order of the events.

        An event that cannot be read, because it or one before it in its stream is not what was written, is shown
        with what its columns say.
        """
        entries = await self._entries(site, (each.record for each in events))
        changes = []
        for logged in events:
            entry = entries.get((logged.record.stream, logged.record.version))
            changes.append(self._change(logged, entry, with_differences=with_differences))
            if with_differences:
                await asyncio.sleep(0)
        return changes

    def _change(self, logged: LoggedEvent, entry: Entry | None, *, with_differences: bool) -> LoggedChange:
        record, row = logged.record, logged.row
        told, metadata = self._told(logged, entry)
        return LoggedChange(
            position=record.position,
            version=record.version,
            type=record.type,
            sentence=told,
            stream=record.stream,
            order_id=row.order_id,
            invoice_id=row.invoice_id,
            business_entity_id=row.business_entity_id,
            recorded_at=record.recorded_at // 1000,
            recorded_at_ms=record.recorded_at,
            occurred_at=occurred_at(entry.event) if entry else None,
            actor=metadata.actor,
            actor_kind=metadata.actor_kind,
            source=metadata.source,
            correlation_id=metadata.correlation_id,
            causation_id=metadata.causation_id,
            event_id=record.event_id,
            leaf=record.leaf.hex(),
            object="change",
            request=request_of(metadata),
            changes=entry.differences if entry and with_differences else (),
        )

    def _told(self, logged: LoggedEvent, entry: Entry | None) -> tuple[str, Metadata]:
        if entry is not None:
            return sentence(entry.event, entry.before, entry.after), entry.envelope.metadata
        try:
            envelope, event = self._mapper.open(logged.record.body)
            is_order = logged.record.stream.startswith(_ORDER)
            return UNREADABLE if is_order else sentence_of(event), envelope.metadata
        except _BROKEN:
            return UNREADABLE, _unknown(logged)

    async def _entries(self, site: Site, records: Iterable[RecordedEvent]) -> dict[tuple[str, int], Entry]:
        """The events of orders among the records, by stream and version, with the orders before and after them."""
        wanted: dict[StreamId, dict[int, RecordedEvent]] = {}
        for record in records:
            if record.stream.startswith(_ORDER):
                wanted.setdefault(record.stream, {})[record.version] = record
        starts = {stream: self._start(site, stream, min(versions)) for stream, versions in wanted.items()}
        read = await self._read(site, wanted, starts)
        found: dict[tuple[str, int], Entry] = {}
        folded = 0
        for stream, versions in wanted.items():
            before = starts[stream]
            for version in range(_version(before) + 1, max(versions) + 1):
                entry = self._entry(versions.get(version) or read.get((stream, version)), before)
                if entry is None:
                    break
                if version in versions:
                    found[stream, version] = entry
                before = entry.after
                folded += 1
                if folded % FOLD_EVENTS_AT_ONCE == 0:
                    await asyncio.sleep(0)
            else:
                self._remember(site, stream, before)
        return found

    def _start(self, site: Site, stream: StreamId, first: int) -> Order | None:
        """The order to fold on from, if one is remembered that lies before the first version."""
        known = self._remembered.get((site, stream))
        return known if known is not None and known.version < first else None

    def _remember(self, site: Site, stream: StreamId, order: Order | None) -> None:
        if order is None or not self._remembered_max:
            return
        self._remembered.pop((site, stream), None)
        self._remembered[site, stream] = order
        if len(self._remembered) > self._remembered_max:
            del self._remembered[next(iter(self._remembered))]

    async def _read(
        self, site: Site, wanted: dict[StreamId, dict[int, RecordedEvent]], starts: dict[StreamId, Order | None]
    ) -> dict[tuple[str, int], RecordedEvent]:
        """The events that have to be folded too and are not among those that are wanted."""
        after = {
            stream: _version(starts[stream])
            for stream, versions in wanted.items()
            if len(versions) < max(versions) - _version(starts[stream])
        }
        streams = await self._store.load_streams(site, after, after=after) if after else {}
        return {(record.stream, record.version): record for records in streams.values() for record in records}

    def _entry(self, record: RecordedEvent | None, before: Order | None) -> Entry | None:
        """The event with the orders before and after it; None where it is not there or does not follow."""
        if record is None:
            return None
        try:
            envelope, event = self._mapper.open(record.body)
            return Entry(record, envelope, event, before, evolve(before, event))
        except _BROKEN:
            return None


def _version(order: Order | None) -> int:
    return order.version if order else 0


def _unknown(logged: LoggedEvent) -> Metadata:
    row = logged.row
    return Metadata(
        actor=row.actor,
        actor_kind="",
        source=row.source,
        request_id=row.request_id,
        correlation_id="",
        causation_id="",
    )
