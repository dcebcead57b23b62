"""The versions of one order with their documents, folded from its whole stream."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from ledger.envelope import EventMapper, RecordedEvent
from ledger.ids import Site
from projections.order_document import order_json
from projections.past.columns import columns_of, order_id_of
from projections.past.kept_documents import KeptDocument
from projections.past.versions import Standing, Superseded, is_revised
from projections.rebuild.folding import StreamFolder


@dataclass(slots=True)
class PastVersions:
    """What the index must have of orders: the versions that later ones replaced.

    ``documents`` are those of all versions that may be kept.
    """

    versions: list[Superseded] = field(default_factory=list)
    documents: list[KeptDocument] = field(default_factory=list)

    def add(self, other: "PastVersions") -> None:
        """Take in those of another order."""
        self.versions += other.versions
        self.documents += other.documents


def past_versions(site: Site, mapper: EventMapper, events: Sequence[RecordedEvent]) -> PastVersions:
    """What the events of one stream come to.

    Raises:
        StreamBroken: an event cannot be believed or read.
    """
    found = PastVersions()
    folder = StreamFolder(site, mapper)
    last: Standing | None = None
    for event in events:
        folder.add(event)
        assert folder.order is not None
        columns = columns_of(folder.order)
        if last is not None:
            found.versions.append(_superseded(last, event, is_revised=is_revised(last.columns, columns)))
        document = KeptDocument(folder.order.id, folder.order.version, order_json(folder.order))
        if document.is_small:
            found.documents.append(document)
        last = Standing(event.version, event.position, event.recorded_at, columns)
    return found


def _superseded(last: Standing, event: RecordedEvent, *, is_revised: bool) -> Superseded:
    return Superseded(
        order_id=order_id_of(event),
        version=last.version,
        from_position=last.position,
        to_position=event.position,
        from_ms=last.since_ms,
        to_ms=event.recorded_at,
        columns=last.columns,
        is_revised=is_revised,
    )
