"""The versions of one order with their documents, folded from its whole stream."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ledger.envelope import EventMapper, RecordedEvent, document_digest
from ledger.ids import Site
from ledger.order import Order
from projections.order_document import order_json
from projections.past.columns import values_of
from projections.past.kept_documents import KeptDocument
from projections.past.versions import fork_of, is_revised
from projections.rebuild.folding import StreamFolder

Row = tuple[Any, ...]


@dataclass(slots=True)
class WholeOrder:
    """What the events of one order come to.

    ``rows`` are what the index must have, by ``consumer.ROW_COLUMNS``: the versions that later ones replaced.
    ``states`` has the order after each event, and ``digests`` the SHA-256 in hex of the document that was answered with
    it, as the event has it; None where there was no answer.
    """

    rows: list[Row] = field(default_factory=list)
    states: list[Order] = field(default_factory=list)
    digests: list[str | None] = field(default_factory=list)

    def has_only_true(self, documents: Mapping[int, bytes]) -> bool:
        """Whether these documents, by version, are what was answered, or what the events come to under current code."""
        return all(
            0 < version <= len(self.states)
            and (self.digests[version - 1] == document_digest(document) or self._json(version) == document)
            for version, document in documents.items()
        )

    def documents_beside(self, kept: Mapping[int, bytes]) -> Iterator[KeptDocument]:
        """The documents of other versions than these, as far as they may be kept."""
        for version in range(1, len(self.states) + 1):
            if version not in kept:
                document = KeptDocument(self.states[0].id, version, self._json(version))
                if document.is_small:
                    yield document

    def _json(self, version: int) -> bytes:
        return order_json(self.states[version - 1])


def whole_order(site: Site, mapper: EventMapper, events: Sequence[RecordedEvent]) -> WholeOrder:
    """What the events of one stream come to.

    Raises:
        StreamBroken: an event cannot be believed or read.
    """
    found = WholeOrder()
    folder = StreamFolder(site, mapper)
    last: RecordedEvent | None = None
    before: Order | None = None
    for event in events:
        found.digests.append(folder.add(event).document)
        order = folder.order
        assert order is not None
        found.states.append(order)
        if last is not None and before is not None:
            found.rows.append(_row(before, last, order, event))
        last, before = event, order
    return found


def _row(before: Order, made_by: RecordedEvent, order: Order, replaced_by: RecordedEvent) -> Row:
    return (
        order.id,
        made_by.version,
        made_by.position,
        replaced_by.position,
        made_by.recorded_at,
        replaced_by.recorded_at,
        fork_of(made_by.position, replaced_by.position),
        is_revised(before, order),
        *values_of(before),
    )
