"""States of orders as they are answered with: an order at a moment, its place in the log, and two sides compared."""

from dataclasses import dataclass

import msgspec

from ledger.envelope import RecordedEvent
from ledger.order import Order
from projections.history.difference import MemberChange
from projections.history.moments import Moment
from projections.order_document import Document, order_json


class AsOf(Document, frozen=True, kw_only=True):
    """Which state of an order it is, and when and where the site's log came to it (seconds)."""

    version: int
    position: int
    recorded_at: int


class Place(Document, frozen=True, kw_only=True):
    """The same for an order that has to be named."""

    order_id: str
    version: int
    position: int
    recorded_at: int


@dataclass(frozen=True, slots=True)
class OrderAt:
    """An order as it was after an event."""

    order: Order
    record: RecordedEvent

    @property
    def as_of(self) -> AsOf:
        """Which state it is."""
        record = self.record
        return AsOf(version=record.version, position=record.position, recorded_at=record.recorded_at // 1000)

    @property
    def place(self) -> Place:
        """Which state of which order it is."""
        as_of = self.as_of
        return Place(
            order_id=self.order.id, version=as_of.version, position=as_of.position, recorded_at=as_of.recorded_at
        )

    @property
    def document(self) -> bytes:
        """The order as the API sends it; what it answered with then, byte for byte."""
        return order_json(self.order)


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a comparison; without a moment the newest state."""

    order_id: str
    moment: Moment | None = None


class DiffDocument(Document, frozen=True, kw_only=True):
    """``diff``. ``from_`` is absent where the other side is the first version of the order and nothing was before."""

    object: str
    from_: Place | None = msgspec.field(name="from", default=None)
    to: Place
    changes: tuple[MemberChange, ...]
