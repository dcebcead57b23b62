"""Reading all that bears on the orders of an invoice, and no more than the invoice and the settings where there is
nothing to do.
"""

from collections.abc import Iterable, Mapping, Sequence

from ledger.billing import CreditNoteFacts, GiftFacts, SubscriptionFacts
from ledger.decision import Stream
from ledger.decisions.reconcile import Surroundings
from ledger.generation.due import is_due
from ledger.ids import SETTINGS_STREAM, credit_note_stream, invoice_stream, order_stream, subscription_stream
from ledger.invoice import Invoice
from ledger.limits import STREAMS_READ_AT_ONCE
from ledger.order import Order
from ledger.reader import StreamReader


async def read_surroundings(invoice_id: str, reader: StreamReader) -> Surroundings | None:
    """What bears on the orders of an invoice; None where it is not known, or has no orders and none are due."""
    # In one statement: a setting changed before the invoice was recorded is then never missing.
    await reader.prefetch(SETTINGS_STREAM, invoice_stream(invoice_id))
    found = await reader.invoice(invoice_id)
    if found.state is None:
        return None
    invoice = Stream(found.id, found.state, found.version, found.timestamp, found.leaf)
    settings = await reader.settings_at_start(invoice.id)
    follows = settings.order_generation_enabled
    gift = await _gift(invoice.state, reader) if follows else None
    order_ids = await reader.order_ids_of_invoice(invoice_id)
    if not order_ids and not invoice.state.generated and not is_due(invoice.state.facts, settings, gift):
        return None
    orders = await _orders([*order_ids, *(each.order_id for each in invoice.state.generated)], reader)
    return Surroundings(
        invoice=invoice,
        settings=settings,
        gift=gift,
        orders=orders,
        credit_notes=await _credit_notes(invoice.state, (order.state for order in orders), reader),
        subscriptions=await _subscriptions(invoice.state, reader) if follows else {},
    )


async def _gift(invoice: Invoice, reader: StreamReader) -> GiftFacts | None:
    if not invoice.facts.is_gifted:
        return None
    gift = (await reader.gift(invoice.facts.id)).state
    return gift.facts if gift else None


async def _orders(ids: Iterable[str], reader: StreamReader) -> Sequence[Stream[Order]]:
    unique = list(dict.fromkeys(ids))
    for start in range(0, len(unique), STREAMS_READ_AT_ONCE):
        await reader.prefetch(*(order_stream(each) for each in unique[start : start + STREAMS_READ_AT_ONCE]))
    streams = [await reader.any_order(each) for each in unique]
    return [
        Stream(stream.id, stream.state, stream.version, stream.timestamp, stream.leaf)
        for stream in streams
        if stream.state is not None
    ]


async def _credit_notes(invoice: Invoice, orders: Iterable[Order], reader: StreamReader) -> Sequence[CreditNoteFacts]:
    """Those that the invoice lists, that say they were made for it, and that its orders issued or are linked to."""
    listed = (note.cn_id for note in invoice.facts.issued_credit_notes + invoice.facts.adjustment_credit_notes)
    linked = (note.id for order in orders for note in order.linked_credit_notes)
    noted = await reader.credit_note_ids_of_invoice(invoice.facts.id)
    ids = dict.fromkeys([*listed, *linked, *noted, *invoice.issued])
    await reader.prefetch(*map(credit_note_stream, ids))
    notes = [(await reader.credit_note(each)).state for each in ids]
    return [note.facts for note in notes if note]


async def _subscriptions(invoice: Invoice, reader: StreamReader) -> Mapping[str, SubscriptionFacts]:
    ids = sorted(invoice.facts.subscription_ids)
    await reader.prefetch(*map(subscription_stream, ids))
    known = {each: (await reader.subscription(each)).state for each in ids}
    return {each: subscription.facts for each, subscription in known.items() if subscription}
