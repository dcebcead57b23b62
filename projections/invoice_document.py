"""An invoice as the ledger knows it: its facts and lines, its orders, and how its money is split over them.

The split is what the orders themselves say: each of their lines names the line of the invoice that it ships a part of.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from ledger.envelope import EventMapper
from ledger.ids import Site
from ledger.invoice import Invoice, InvoiceFacts, InvoiceLine
from ledger.invoice_shares import line_total
from ledger.limits import INVOICE_ORDERS_SHOWN_MAX
from ledger.reader import StreamReader
from ledger.store import Store
from projections.listing import Filter, Operator, OrderQuery, Sort
from projections.order_document import Document
from projections.orders import OrderPage, OrderViews


class LineShareDocument(Document, frozen=True, kw_only=True):
    """The part of an invoice line that an order ships; amounts in minor units."""

    order_id: str
    fulfillment_quantity: int
    fulfillment_amount: int
    amount_paid: int
    amount_adjusted: int


class InvoiceLineDocument(Document, frozen=True, kw_only=True):
    """A line of the invoice. ``total`` is what it costs in the end, ``in_no_order`` what of it no order ships.

    ``in_no_order`` is negative where orders ship more than the line, and None where not all orders are known.
    """

    id: str
    entity_type: str
    entity_id: str | None = None
    description: str | None = None
    subscription_id: str | None = None
    date_from: int | None = None
    date_to: int | None = None
    unit_amount: int
    quantity: int
    amount: int
    discount_amount: int
    tax_amount: int
    total: int
    in_no_order: int | None = None
    shares: tuple[LineShareDocument, ...] = ()


class InvoiceOrderDocument(Document, frozen=True, kw_only=True):
    """What an invoice shows of one of its orders."""

    id: str
    status: str
    payment_status: str | None = None
    order_type: str
    order_date: int | None = None
    shipping_date: int | None = None
    total: int | None = None
    amount_paid: int | None = None
    amount_adjusted: int | None = None


class InvoiceDocument(Document, frozen=True, kw_only=True):
    """``invoice``: amounts in minor units, ``paid`` is with the credits that were applied.

    ``orders`` are the oldest ones, without deleted ones; ``description`` is the invoice as Chargebee described it last.
    """

    id: str
    status: str
    currency_code: str
    price_type: str
    customer_id: str | None = None
    subscription_id: str | None = None
    business_entity_id: str | None = None
    date: int | None = None
    paid_at: int | None = None
    deleted: bool = False
    total: int
    paid: int
    amount_paid: int
    credits_applied: int
    amount_adjusted: int
    write_off_amount: int
    has_more_orders: bool = False
    object: str
    line_items: tuple[InvoiceLineDocument, ...] = ()
    orders: tuple[InvoiceOrderDocument, ...] = ()
    description: dict[str, Any]


class _OrderLine(msgspec.Struct, frozen=True):
    invoice_line_item_id: str
    fulfillment_quantity: int
    fulfillment_amount: int
    amount_paid: int
    amount_adjusted: int


class _OrderLines(msgspec.Struct, frozen=True):
    id: str
    order_line_items: tuple[_OrderLine, ...] = ()


_Shares = Mapping[str, Sequence[LineShareDocument]]

_decode_order = msgspec.json.Decoder(InvoiceOrderDocument).decode
_decode_lines = msgspec.json.Decoder(_OrderLines).decode


async def invoice_document(
    store: Store, views: OrderViews, site: Site, invoice_id: str, business_entity_id: str | None = None
) -> InvoiceDocument | None:
    """An invoice as it is now; None where there is none that the caller may see.

    Args:
        business_entity_id: the entity that the caller is restricted to, who sees the orders of that entity alone.

    Raises:
        RecordUnreadable: an event of it cannot be read.
    """
    invoice = (await StreamReader(store, EventMapper(), site).invoice(invoice_id)).state
    if invoice is None or not invoice.facts.is_visible_to(business_entity_id):
        return None
    filters = [Filter("invoice_id", Operator.IS, (invoice_id,))]
    if business_entity_id is not None:
        filters.append(Filter("business_entity_id", Operator.IS, (business_entity_id,)))
    found = await views.page(
        site, OrderQuery(filters=tuple(filters), sort=Sort("created_at"), limit=INVOICE_ORDERS_SHOWN_MAX)
    )
    knows_all = found.next_start is None and business_entity_id is None
    return _document(invoice, found, _lines(invoice.facts, _shares(found.documents), knows_all=knows_all))


def _document(invoice: Invoice, found: OrderPage, lines: tuple[InvoiceLineDocument, ...]) -> InvoiceDocument:
    facts = invoice.facts
    return InvoiceDocument(
        id=facts.id,
        status=facts.status,
        currency_code=facts.currency_code,
        price_type=facts.price_type,
        customer_id=facts.customer_id,
        subscription_id=facts.subscription_id,
        business_entity_id=facts.business_entity_id,
        date=facts.date,
        paid_at=facts.paid_at,
        deleted=facts.deleted,
        total=facts.total,
        paid=facts.paid,
        amount_paid=facts.amount_paid,
        credits_applied=facts.credits_applied,
        amount_adjusted=facts.amount_adjusted,
        write_off_amount=facts.write_off_amount,
        has_more_orders=found.next_start is not None,
        object="invoice",
        line_items=lines,
        orders=tuple(map(_decode_order, found.documents)),
        description=invoice.description,
    )


def _lines(facts: InvoiceFacts, shares: _Shares, *, knows_all: bool) -> tuple[InvoiceLineDocument, ...]:
    return tuple(_line(facts, line, shares.get(line.id, ()), knows_all=knows_all) for line in facts.line_items)


def _line(
    facts: InvoiceFacts, line: InvoiceLine, shares: Sequence[LineShareDocument], *, knows_all: bool
) -> InvoiceLineDocument:
    total = line_total(line, facts.price_type)
    return InvoiceLineDocument(
        id=line.id,
        entity_type=line.entity_type,
        entity_id=line.entity_id,
        description=line.description,
        subscription_id=facts.subscription_of(line),
        date_from=line.date_from,
        date_to=line.date_to,
        unit_amount=line.unit_amount,
        quantity=line.quantity,
        amount=line.amount,
        discount_amount=line.discount_amount,
        tax_amount=line.tax_amount,
        total=total,
        in_no_order=total - sum(share.fulfillment_amount for share in shares) if knows_all else None,
        shares=tuple(shares),
    )


def _shares(documents: Iterable[bytes]) -> _Shares:
    """What orders ship, by line of the invoice."""
    found: defaultdict[str, list[LineShareDocument]] = defaultdict(list)
    for order in map(_decode_lines, documents):
        for line in order.order_line_items:
            share = LineShareDocument(
                order_id=order.id,
                fulfillment_quantity=line.fulfillment_quantity,
                fulfillment_amount=line.fulfillment_amount,
                amount_paid=line.amount_paid,
                amount_adjusted=line.amount_adjusted,
            )
            found[line.invoice_line_item_id].append(share)
    return found
