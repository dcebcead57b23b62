"""One order's whole stream, folded once for all comparisons that need to know what it comes to."""

from collections.abc import Sequence
from dataclasses import dataclass

from eventsourcing.persistence import MapperDeserialisationError

from ledger.envelope import EventMapper, RecordedEvent
from ledger.order import Order, evolve
from projections.order_document import order_json
from projections.order_row import order_row
from projections.rebuild.folding import StreamBroken, TrueRow, order_id_of

_mapper = EventMapper()


@dataclass(frozen=True, slots=True)
class FoldedOrder:
    """What the events of an order come to: the row that it must have, or why they cannot be read.

    ``states`` has the order after each event that can be read, and ``digests`` the SHA-256 in hex of the document that
    was answered with it, as the event has it; None where there was no answer.
    """

    order_id: str
    events: Sequence[RecordedEvent]
    states: Sequence[Order]
    digests: Sequence[str | None]
    result: TrueRow | StreamBroken

    def document(self, version: int) -> bytes:
        """The document of a version that can be read, as this version of the code makes it."""
        return order_json(self.states[version - 1])


def folded_order(events: Sequence[RecordedEvent]) -> FoldedOrder:
    """Fold the events of one stream, which were verified; nothing is hashed again."""
    order: Order | None = None
    states: list[Order] = []
    digests: list[str | None] = []
    order_id = order_id_of(events[0].stream)
    for event in events:
        try:
            envelope, happened = _mapper.open(event.body)
            order = evolve(order, happened)
        except (MapperDeserialisationError, ValueError) as error:
            broken = StreamBroken(event, f"Event {event.position}: {error}.")
            return FoldedOrder(order_id, events, states, digests, broken)
        states.append(order)
        digests.append(envelope.document)
    assert order is not None
    return FoldedOrder(order_id, events, states, digests, TrueRow(order_row(order), events[-1].position))
