"""Orders folded from their streams, one stream after the other: constant memory, however long the log is.

Everything that is read is hashed again and held against what stands beside it, so a fold that succeeds is also an
audit of the stream; what the tree of the whole log proves is ``order-ledger verify``'s matter.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter
from typing import Protocol

from eventsourcing.persistence import MapperDeserialisationError

from ledger.batch import OrderRow
from ledger.envelope import Envelope, EventMapper, RecordedEvent, leaf_hash
from ledger.ids import Position, Site, StreamId, Version
from ledger.merkle.faults import ColumnDiffers, LeafDiffers, LinkBreaks, VersionBreaks
from ledger.order import Order, evolve
from projections.order_row import order_row

ORDER_PREFIX = "order-"
_COLUMNS = ("stream", "version", "type", "recorded_at", "event_id")
_columns_of = attrgetter(*_COLUMNS)


class EventPlace(Protocol):
    """Where an event is."""

    @property
    def stream(self) -> StreamId: ...

    @property
    def position(self) -> Position: ...

    @property
    def version(self) -> Version: ...


class StreamBroken(ValueError):
    """An event cannot be believed or read. The text says what is wrong."""

    def __init__(self, event: EventPlace, reason: str) -> None:
        super().__init__(reason)
        self.stream = event.stream
        self.position = event.position
        self.version = event.version
        self.reason = reason


@dataclass(frozen=True, slots=True)
class TrueRow:
    """The row that an order must have, and the position of its last event."""

    row: OrderRow
    position: Position

    @property
    def values(self) -> tuple[object, ...]:
        """By the columns of ``queries/order_rows.sql``."""
        return (*_row_values(self.row), self.position)


COLUMNS: tuple[str, ...] = (*(name for name in OrderRow.__struct_fields__ if name != "stream"), "position")
"""The columns of a row of the order view behind ``site``."""
_row_values = attrgetter(*COLUMNS[:-1])


@dataclass(slots=True)
class StreamFolder:
    """Folds the events of one order's stream as they are read.

    Args:
        site: whose log.
        mapper: reads bodies under current code.
    """

    site: Site
    mapper: EventMapper
    order: Order | None = None
    _leaf: bytes | None = None
    _last: RecordedEvent | None = field(default=None, repr=False)

    def add(self, event: RecordedEvent) -> Envelope:
        """Take the next event of the stream; what its body says around the data.

        Raises:
            StreamBroken: it is not what its columns say, does not follow, or cannot be read under current code.
        """
        envelope = self._checked(event)
        try:
            self.order = evolve(self.order, self.mapper.event_of(envelope))
        except (MapperDeserialisationError, ValueError) as error:
            raise StreamBroken(event, f"Event {event.position}: {error}.") from error
        self._leaf, self._last = event.leaf, event
        return envelope

    def result(self) -> TrueRow:
        """The row after the last event."""
        assert self.order is not None
        assert self._last is not None
        return TrueRow(order_row(self.order), self._last.position)

    def _checked(self, event: RecordedEvent) -> Envelope:
        computed = leaf_hash(event.body)
        if computed != event.leaf:
            raise StreamBroken(event, LeafDiffers(event.position, event.leaf, computed).sentence)
        try:
            envelope = self.mapper.envelope(event.body)
        except MapperDeserialisationError as error:
            raise StreamBroken(event, f"Event {event.position}: {error}.") from error
        if envelope.site != self.site:
            raise StreamBroken(event, ColumnDiffers(event.position, "site", self.site, envelope.site).sentence)
        if _columns_of(event) != _columns_of(envelope):
            for column, stored, in_body in zip(_COLUMNS, _columns_of(event), _columns_of(envelope), strict=True):
                if stored != in_body:
                    raise StreamBroken(event, ColumnDiffers(event.position, column, stored, in_body).sentence)
        expected = self._last.version + 1 if self._last else 1
        if event.version != expected:
            raise StreamBroken(event, VersionBreaks(event.position, event.stream, expected, event.version).sentence)
        link = self._leaf.hex() if self._leaf else None
        if envelope.previous != link:
            raise StreamBroken(event, LinkBreaks(event.position, event.stream, envelope.previous, link).sentence)
        return envelope


def fold_stream(site: Site, mapper: EventMapper, events: Iterable[RecordedEvent]) -> TrueRow | StreamBroken | None:
    """What the events of one stream come to: a row, why they cannot be read, or None where there are none."""
    folder = StreamFolder(site, mapper)
    try:
        for event in events:
            folder.add(event)
    except StreamBroken as broken:
        return broken
    return folder.result() if folder.order else None


@dataclass(frozen=True, slots=True)
class FoldedStream:
    """One stream of a page: its id, and what it came to."""

    stream: StreamId
    result: TrueRow | StreamBroken


class PagedFolder:
    """Folds pages of events that come by stream and version; a stream may go on in the next page."""

    def __init__(self, site: Site, mapper: EventMapper) -> None:
        self._site = site
        self._mapper = mapper
        self._stream: StreamId | None = None
        self._folder = StreamFolder(site, mapper)
        self._broken: StreamBroken | None = None

    def add(self, page: Iterable[RecordedEvent]) -> Iterator[FoldedStream]:
        """Take a page; the streams that are known to be over."""
        for stream, events in groupby(page, key=lambda event: event.stream):
            if stream != self._stream:
                yield from self.finish()
                self._stream = stream
            self._fold(events)

    def finish(self) -> Iterator[FoldedStream]:
        """The stream that was read last; call it behind the last page too."""
        if self._stream is not None:
            yield FoldedStream(self._stream, self._broken or self._folder.result())
        self._stream, self._broken = None, None
        self._folder = StreamFolder(self._site, self._mapper)

    def _fold(self, events: Iterable[RecordedEvent]) -> None:
        for event in events:
            if self._broken is None:
                try:
                    self._folder.add(event)
                except StreamBroken as broken:
                    self._broken = broken


def order_id_of(stream: StreamId) -> str:
    """The id of the order whose stream it is."""
    return stream.removeprefix(ORDER_PREFIX)


def is_order(stream: StreamId) -> bool:
    """Whether it is the stream of an order."""
    return stream.startswith(ORDER_PREFIX)
