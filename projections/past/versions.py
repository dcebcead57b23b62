"""From events to the versions that they replaced: pure, page by page.

Whoever has a page of the log and what the orders in it were before gets the rows of ``ledger.order_version`` that the
page brings about. The consumer writes them; a reader makes the same rows of what the consumer has not come to yet.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from operator import attrgetter

from ledger.envelope import RecordedEvent
from ledger.ids import Position, StreamId, Version
from ledger.order import Order
from projections.past.columns import Columns, evolve_columns, order_id_of
from projections.rebuild.folding import StreamBroken, is_order

REVISED = ("order_date", "shipping_date", "shipped_at", "paid_on", "resent_status")
"""Members that get a value once and are seldom changed then."""

_seldom_changed = attrgetter(*REVISED)


@dataclass(frozen=True, slots=True)
class Standing:
    """A version of an order that nothing has replaced yet: since when, in the log and in milliseconds."""

    version: Version
    position: Position
    since_ms: int
    columns: Columns

    @property
    def lead_s(self) -> int:
        """By how much the creation that the order names lies behind the event."""
        return self.columns.created_at - self.columns.updated_at


@dataclass(frozen=True, slots=True)
class Superseded:
    """A version of an order, from the event that made it to the one that replaced it, which is not in it any more.

    ``is_revised`` tells that a member of ``REVISED`` that had a value has another one, or none, after it.
    """

    order_id: str
    version: int
    from_position: int
    to_position: int
    from_ms: int
    to_ms: int
    columns: Columns
    is_revised: bool = False

    @property
    def fork(self) -> int:
        """``fork_of`` its positions."""
        return fork_of(self.from_position, self.to_position)


@dataclass(slots=True)
class Replaced:
    """What a page of the log replaced, and the streams in it that cannot be read from an event on."""

    versions: list[Superseded] = field(default_factory=list)
    broken: dict[StreamId, StreamBroken] = field(default_factory=dict)
    born: list[Standing] = field(default_factory=list)


def replaced(page: Iterable[RecordedEvent], before: Mapping[StreamId, Standing | StreamBroken]) -> Replaced:
    """The versions that the events of a page replaced.

    Args:
        page: events in the order of the log; those of other streams than orders' are left out.
        before: the orders that were there before the page, or why they cannot be read.
    """
    found = Replaced()
    standing: dict[StreamId, Standing | StreamBroken] = dict(before)
    for event in order_events(page):
        last = standing.get(event.stream)
        if not isinstance(last, StreamBroken):
            standing[event.stream] = _after(last, event, found)
    found.broken = {stream: each for stream, each in standing.items() if isinstance(each, StreamBroken)}
    return found


def order_events(page: Iterable[RecordedEvent]) -> Iterator[RecordedEvent]:
    """The events of orders."""
    return (event for event in page if is_order(event.stream))


def _after(last: Standing | None, event: RecordedEvent, found: Replaced) -> Standing | StreamBroken:
    """What stands after an event. A version is known to be over also where its successor cannot be read."""
    version, since_ms, position = (last.version, last.since_ms, last.position) if last else (0, -1, 0)
    if event.version != version + 1 or event.recorded_at <= since_ms or event.position <= position:
        return StreamBroken(event, f"Event {event.position}: it does not follow version {version} of its stream.")
    after: Standing | StreamBroken
    try:
        columns = evolve_columns(last.columns if last else None, event)
        after = Standing(event.version, event.position, event.recorded_at, columns)
    except StreamBroken as broken:
        after = broken
    if last is not None:
        found.versions.append(_superseded(last, event, after))
    elif isinstance(after, Standing):
        found.born.append(after)
    return after


def _superseded(last: Standing, event: RecordedEvent, after: Standing | StreamBroken) -> Superseded:
    return Superseded(
        order_id=order_id_of(event),
        version=last.version,
        from_position=last.position,
        to_position=event.position,
        from_ms=last.since_ms,
        to_ms=event.recorded_at,
        columns=last.columns,
        is_revised=isinstance(after, StreamBroken) or is_revised(last.columns, after.columns),
    )


def fork_of(from_position: int, to_position: int) -> int:
    """Of a version's positions, the one that the highest power of two divides (``schema/016_order_version.sql``)."""
    before, last = from_position - 1, to_position - 1
    return last >> (size := (before ^ last).bit_length() - 1) << size


def is_revised(before: Columns | Order, after: Columns | Order) -> bool:
    """Whether a member that seldom changes once it is set has changed."""
    values, later = _seldom_changed(before), _seldom_changed(after)
    return values != later and any(value is not None and value != new for value, new in zip(values, later, strict=True))
