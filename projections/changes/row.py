"""What an event was about, as the index keeps it: read from the body, as little of it as is needed.

An order's invoice and business entity are those that it was made with: it never gets others
(``projections/changes/owners.py``). A credit note belongs to the order that its first event names.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from ledger.envelope import RecordedEvent
from ledger.ids import Position, Site, StreamId, credit_note_stream, invoice_stream, order_stream
from projections.changes.owners import NO_OWNER, Owner, Owners, owners_in_view
from projections.sql import query

_ORDER = order_stream("")
_INVOICE = invoice_stream("")
_CREDIT_NOTE = credit_note_stream("")


class ChangeRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row of ``ledger.change``, without ``latest_at``; ``recorded_at`` in milliseconds.

    ``causation_id`` and ``correlation_id`` are None where they are the request's id, as for nearly all.
    """

    position: Position
    recorded_at: int
    type: str
    actor: str
    source: str
    request_id: str
    order_id: str | None = None
    invoice_id: str | None = None
    business_entity_id: str | None = None
    causation_id: str | None = None
    correlation_id: str | None = None

    def value(self, column: str) -> Any:
        """What a column means: links that the row leaves out are the request's id."""
        value = getattr(self, column)
        return self.request_id if value is None and column in LINKS else value


LINKS = frozenset({"causation_id", "correlation_id"})
"""Columns that lead to what an event follows from."""


class _Metadata(msgspec.Struct):
    actor: str = ""
    source: str = ""
    request_id: str = ""
    causation_id: str = ""
    correlation_id: str = ""


class _Invoice(msgspec.Struct):
    business_entity_id: str | None = None


class _Data(msgspec.Struct):
    order_id: str | None = None
    credit_note_id: str | None = None
    invoice: _Invoice | None = None


class _Body(msgspec.Struct):
    metadata: _Metadata = msgspec.field(default_factory=_Metadata)
    data: _Data = msgspec.field(default_factory=_Data)


_decoder = msgspec.json.Decoder(_Body)


async def rows_of(
    database: Any, site: Site, events: Sequence[RecordedEvent], *, owners: Owners = owners_in_view
) -> list[ChangeRow]:
    """The rows of events of a site, in their order.

    A body that is no event any more gives a row without actor: that somebody changed it is for ``order-ledger
    verify`` to say, and must not hide the others.

    Args:
        database: a pool or a connection.
        owners: where the invoices and business entities of orders are read.
    """
    opened = [(event, _read(event.body)) for event in events]
    makers = await _makers(database, site, opened)
    order_ids = [_order_of(event, body, makers) for event, body in opened]
    owned = await owners(database, site, {order_id for order_id in order_ids if order_id})
    return [_row(event, body, order_id, owned) for (event, body), order_id in zip(opened, order_ids, strict=True)]


def _row(event: RecordedEvent, body: _Body, order_id: str | None, owned: Mapping[str, Owner]) -> ChangeRow:
    invoice_id, entity = owned.get(order_id or "", NO_OWNER)
    if event.stream.startswith(_INVOICE):
        invoice_id = event.stream.removeprefix(_INVOICE)
        entity = body.data.invoice.business_entity_id if body.data.invoice else entity
    return ChangeRow(
        position=event.position,
        recorded_at=event.recorded_at,
        type=event.type,
        actor=body.metadata.actor,
        source=body.metadata.source,
        request_id=body.metadata.request_id,
        order_id=order_id,
        invoice_id=invoice_id,
        business_entity_id=entity,
        causation_id=_link(body.metadata, body.metadata.causation_id),
        correlation_id=_link(body.metadata, body.metadata.correlation_id),
    )


def _link(metadata: _Metadata, led_to_it: str) -> str | None:
    return None if led_to_it == metadata.request_id else led_to_it


def _read(body: bytes) -> _Body:
    try:
        return _decoder.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _Body()


def _order_of(event: RecordedEvent, body: _Body, makers: dict[str, str | None]) -> str | None:
    if event.stream.startswith(_ORDER):
        return event.stream.removeprefix(_ORDER)
    note = _voided_note(event, body)
    return makers.get(note) if note else body.data.order_id


def _voided_note(event: RecordedEvent, body: _Body) -> StreamId | None:
    """The stream of a credit note that the event is about without saying for which order it was made."""
    if body.data.order_id is not None:
        return None
    if event.stream.startswith(_CREDIT_NOTE):
        return event.stream
    return credit_note_stream(body.data.credit_note_id) if body.data.credit_note_id else None


async def _makers(database: Any, site: Site, opened: Iterable[tuple[RecordedEvent, _Body]]) -> dict[str, str | None]:
    """By stream of a credit note, the order that it was made for."""
    notes = {note for event, body in opened if (note := _voided_note(event, body))}
    if not notes:
        return {}
    rows = await database.fetch(query("first_events"), site, list(notes))
    return {row["stream"]: _read(row["body"]).data.order_id for row in rows}
