"""The screen of an invoice: what is known of it, its orders, and how its money was split over them."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from aiohttp import web

from api.console.pages.orders import OrderLine
from api.console.rendering import answer
from api.console.visitor import services_of, visitor_of
from api.console.write_out import written_out
from ledger.envelope import EventMapper
from ledger.errors import ResourceNotFound
from ledger.invoice import InvoiceFacts, InvoiceLine
from ledger.invoice_shares import line_total
from ledger.limits import CONSOLE_ROWS
from ledger.reader import StreamReader
from projections.listing import Filter, Operator, OrderQuery, Sort


class Share(msgspec.Struct, frozen=True):
    """The part of an invoice line that an order ships; amounts in minor units."""

    invoice_line_item_id: str
    fulfillment_quantity: int
    fulfillment_amount: int
    amount_paid: int
    amount_adjusted: int


class InvoiceOrder(OrderLine, frozen=True, kw_only=True):
    """What the screen shows of an order."""

    payment_status: str | None = None
    order_date: int | None = None
    shipping_date: int | None = None
    amount_paid: int | None = None
    amount_adjusted: int | None = None
    order_line_items: tuple[Share, ...] = ()


@dataclass(frozen=True, slots=True)
class LineSplit:
    """A line of the invoice, its total, and its shares by order, as many as there are orders."""

    line: InvoiceLine
    total: int
    shares: Sequence[Share | None]

    @property
    def rest(self) -> int:
        """What is in none of these orders; negative where they hold more than the line."""
        return self.total - sum(share.fulfillment_amount for share in self.shares if share)


_decoder = msgspec.json.Decoder(InvoiceOrder)


async def show(request: web.Request) -> web.Response:
    """GET /console/invoices/{id}"""
    services, site = services_of(request), visitor_of(request).site
    invoice_id = request.match_info["id"]
    reader = StreamReader(services.store, EventMapper(), site)
    invoice = (await reader.invoice(invoice_id)).state
    if invoice is None:
        raise ResourceNotFound(f"There is no invoice {invoice_id}.")
    found = await services.orders.page(
        site,
        OrderQuery(
            filters=(Filter("invoice_id", Operator.IS, (invoice_id,)),), sort=Sort("created_at"), limit=CONSOLE_ROWS
        ),
    )
    orders = [_decoder.decode(document) for document in found.documents]
    splits = _splits(invoice.facts, orders)
    return answer(
        request,
        "invoice.html",
        invoice=invoice,
        facts=invoice.facts,
        orders=orders,
        has_more=found.next_start is not None,
        splits=splits,
        # Of more orders than are shown nobody knows here what is left.
        has_rest=found.next_start is None and any(split.rest for split in splits),
        lines=written_out(invoice.description),
    )


def _splits(facts: InvoiceFacts, orders: Sequence[InvoiceOrder]) -> list[LineSplit]:
    shares = [{share.invoice_line_item_id: share for share in order.order_line_items} for order in orders]
    return [
        LineSplit(line, line_total(line, facts.price_type), [of_order.get(line.id) for of_order in shares])
        for line in facts.line_items
    ]
