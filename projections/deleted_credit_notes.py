"""Orders of a list without the credit notes that were deleted (chargebee/orders.md, section 6: list).

The API does not tell of a linked credit note whether it was deleted, so the document of an order does not know it
either: its events do. A deleted note is voided, and few orders have one, so few are looked at.
"""

import asyncio
from collections.abc import Sequence

import msgspec
from eventsourcing.persistence import MapperDeserialisationError
from msgspec.structs import replace

from ledger.envelope import EventMapper, RecordedEvent, events_of
from ledger.errors import RecordUnreadable
from ledger.ids import Site, order_stream
from ledger.order import Order, fold
from ledger.store import Store
from ledger.vocabulary import CreditNoteStatus
from projections.order_document import order_json

_mapper = EventMapper()


class _Note(msgspec.Struct):
    status: str


class _Shown(msgspec.Struct):
    id: str
    resource_version: int
    linked_credit_notes: tuple[_Note, ...] = ()

    @property
    def may_hold_deleted_notes(self) -> bool:
        return any(note.status == CreditNoteStatus.VOIDED for note in self.linked_credit_notes)


_decoder = msgspec.json.Decoder(_Shown)


async def without_deleted_credit_notes(store: Store, site: Site, documents: Sequence[bytes]) -> tuple[bytes, ...]:
    """The documents of a page of orders, each as it was after the same change, without the notes that were deleted.

    Raises:
        RecordUnreadable: the events of an order cannot be read any more.
    """
    shown = [_decoder.decode(document) for document in documents]
    wanted = [order_stream(order.id) for order in shown if order.may_hold_deleted_notes]
    if not wanted:
        return tuple(documents)
    records = await store.load_streams(site, wanted)
    return tuple(
        [
            await _shortened(document, order, records[order_stream(order.id)])
            if order.may_hold_deleted_notes
            else document
            for document, order in zip(documents, shown, strict=True)
        ]
    )


async def _shortened(document: bytes, shown: _Shown, records: Sequence[RecordedEvent]) -> bytes:
    # Others get their turn between two orders.
    await asyncio.sleep(0)
    order = _folded([record for record in records if record.recorded_at <= shown.resource_version])
    left = tuple(note for note in order.linked_credit_notes if not note.is_deleted)
    return document if left == order.linked_credit_notes else order_json(replace(order, linked_credit_notes=left))


def _folded(records: Sequence[RecordedEvent]) -> Order:
    try:
        order = fold(events_of(_mapper, records))
    except (MapperDeserialisationError, ValueError) as error:
        raise RecordUnreadable from error
    if order is None:
        raise RecordUnreadable
    return order
