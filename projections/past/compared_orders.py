"""Some orders as the log has them beside what the index has of them: what differs, and what puts it right."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ledger.envelope import EventMapper, RecordedEvent
from ledger.ids import Site, StreamId, order_stream
from ledger.limits import FOLD_EVENTS_AT_ONCE
from projections.past.columns import order_id_of
from projections.past.indexed_orders import IndexedOrder
from projections.past.kept_documents import KeptDocument
from projections.past.whole_orders import Row, WholeOrder, whole_order
from projections.rebuild.folding import StreamBroken

Folded = Mapping[str, WholeOrder | StreamBroken]
"""What the events of orders come to, or why they cannot be read, by order id."""


async def folded(site: Site, mapper: EventMapper, records: Iterable[RecordedEvent], position: int) -> Folded:
    """Fold the events of some orders up to a position of the log."""
    events: dict[str, list[RecordedEvent]] = {}
    for record in records:
        if record.position <= position:
            events.setdefault(order_id_of(record), []).append(record)
    found: dict[str, WholeOrder | StreamBroken] = {}
    for count, (order_id, own) in enumerate(events.items()):
        if count % FOLD_EVENTS_AT_ONCE == 0:
            # Others get their turn, the one who reads ahead as well.
            await asyncio.sleep(0)
        try:
            found[order_id] = whole_order(site, mapper, own)
        except StreamBroken as broken:
            found[order_id] = broken
    return found


@dataclass(slots=True)
class ComparedOrders:
    """What became of a comparison, and of how many events.

    ``wrong`` are ids of orders whose rows or documents are removed, ``rows`` and ``documents`` what is added then.
    ``lacking`` counts the documents that might have been there.
    """

    events: int = 0
    versions: int = 0
    lacking: int = 0
    wrong: list[str] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    documents: list[KeptDocument] = field(default_factory=list)
    broken: dict[StreamId, StreamBroken] = field(default_factory=dict)
    readable: list[StreamId] = field(default_factory=list)

    @classmethod
    def of(cls, folded: Folded, indexed: Mapping[str, IndexedOrder]) -> "ComparedOrders":
        """Compare; orders that the log does not know are wrong as well, and of those that cannot be read nothing is."""
        found = cls()
        for order_id in sorted({*indexed, *folded}):
            truth = folded.get(order_id, WholeOrder())
            if isinstance(truth, StreamBroken):
                found.broken[order_stream(order_id)] = truth
            else:
                found._compare(order_id, truth, indexed.get(order_id, IndexedOrder()))
        return found

    def _compare(self, order_id: str, truth: WholeOrder, seen: IndexedOrder) -> None:
        self.readable.append(order_stream(order_id))
        self.events += len(truth.states)
        self.versions += len(truth.rows)
        lacking = list(truth.documents_beside(seen.documents))
        self.lacking += len(lacking)
        if seen.is_true(truth):
            self.documents += lacking
            return
        self.wrong.append(order_id)
        self.rows += truth.rows
        self.documents += truth.documents_beside({})

    def changes_anything(self, parked: set[str]) -> bool:
        """Whether something is to be written, where these streams are parked."""
        return bool(self.wrong or self.documents or self.broken or not parked.isdisjoint(self.readable))
