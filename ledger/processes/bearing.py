"""Which invoices an event of the log bears on: whose orders it may bring about or change (chargebee/events.md, 4)."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from ledger.envelope import Metadata, RecordedEvent
from ledger.events import (
    CreditNoteCreated,
    CreditNoteRecorded,
    GiftRecorded,
    InvoiceRecorded,
    InvoiceUpdated,
    SubscriptionRecorded,
)
from ledger.ids import INVOICE_STREAM, Position, Site, credit_note_stream, gift_stream, subscription_stream
from ledger.sql import query
from ledger.store import Store

_OF_INVOICE = frozenset({InvoiceRecorded.TOPIC, InvoiceUpdated.TOPIC})
# As it stands in the canonical body of an invoice.
_LISTS_NOTES = b'"cn_id":'
_CREDIT_NOTE = credit_note_stream("")
_SUBSCRIPTION = subscription_stream("")
_GIFT = gift_stream("")


class Cause(msgspec.Struct, frozen=True, kw_only=True):
    """An invoice whose orders are to be looked at, and the event that asks for it."""

    invoice_id: str
    position: Position
    event_id: str
    correlation_id: str | None = None


async def causes(
    connection: Any, store: Store, site: Site, page: Sequence[RecordedEvent], *, generates: bool
) -> list[Cause]:
    """What the events of a page bear on, each invoice once, in the order of the log.

    An invoice's own news are its cause where there are any: what came with it on the page is seen with it.

    Args:
        generates: False where the site never made orders from invoices: then nothing but credit notes, and the
            invoices that list some, bear on any.
    """
    bears = await _of_credit_notes(store, site, page)
    if generates:
        bears = [*_of_gifts(page), *await _of_subscriptions(connection, site, page), *bears, *_of_invoices(page)]
    else:
        bears += [(event, invoice_id) for event, invoice_id in _of_invoices(page) if _LISTS_NOTES in event.body]
    found = {invoice_id: event for event, invoice_id in bears}
    return sorted(
        (cause_of(invoice_id, event) for invoice_id, event in found.items()),
        key=lambda cause: (cause.position, cause.invoice_id),
    )


def cause_of(invoice_id: str, event: RecordedEvent) -> Cause:
    """The cause that an event is for an invoice."""
    try:
        correlation_id = _metadata.decode(event.body).metadata.correlation_id
    except msgspec.MsgspecError:
        correlation_id = None
    return Cause(invoice_id=invoice_id, position=event.position, event_id=event.event_id, correlation_id=correlation_id)


def _of_invoices(page: Iterable[RecordedEvent]) -> Iterable[tuple[RecordedEvent, str]]:
    return [(event, event.stream.removeprefix(INVOICE_STREAM)) for event in page if event.type in _OF_INVOICE]


def _of_gifts(page: Iterable[RecordedEvent]) -> Iterable[tuple[RecordedEvent, str]]:
    return [(event, event.stream.removeprefix(_GIFT)) for event in page if event.type == GiftRecorded.TOPIC]


async def _of_subscriptions(
    connection: Any, site: Site, page: Iterable[RecordedEvent]
) -> list[tuple[RecordedEvent, str]]:
    """A subscription bears on the invoices that its orders came from; others look at it when they come."""
    latest = {
        event.stream.removeprefix(_SUBSCRIPTION): event for event in page if event.type == SubscriptionRecorded.TOPIC
    }
    if not latest:
        return []
    rows = await connection.fetch(query("invoices_of_subscriptions"), site, list(latest))
    return [(latest[row["subscription_id"]], row["invoice_id"]) for row in rows]


async def _of_credit_notes(store: Store, site: Site, page: Iterable[RecordedEvent]) -> list[tuple[RecordedEvent, str]]:
    found, unnamed = [], {}
    for event in page:
        if event.type == CreditNoteRecorded.TOPIC:
            invoice_id = _named_invoice(event.body)
            if invoice_id:
                found.append((event, invoice_id))
            else:
                unnamed[event.stream] = event
    # A note that a command on an order made began with its invoice.
    for stream, records in (await store.load_streams(site, unnamed)).items() if unnamed else ():
        if records[0].type == CreditNoteCreated.TOPIC and (invoice_id := _made_for(records[0].body)):
            found.append((unnamed[stream], invoice_id))
    return found


class _Note(msgspec.Struct):
    reference_invoice_id: str | None = None


class _Recorded(msgspec.Struct):
    credit_note: _Note


class _RecordedBody(msgspec.Struct):
    data: _Recorded


class _Created(msgspec.Struct):
    invoice_id: str | None = None


class _CreatedBody(msgspec.Struct):
    data: _Created


class _MetadataBody(msgspec.Struct):
    metadata: Metadata


_recorded = msgspec.json.Decoder(_RecordedBody)
_created = msgspec.json.Decoder(_CreatedBody)
_metadata = msgspec.json.Decoder(_MetadataBody)


def _named_invoice(body: bytes) -> str | None:
    try:
        return _recorded.decode(body).data.credit_note.reference_invoice_id
    except msgspec.MsgspecError:
        return None


def _made_for(body: bytes) -> str | None:
    try:
        return _created.decode(body).data.invoice_id
    except msgspec.MsgspecError:
        return None
