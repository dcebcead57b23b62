"""The screen of an invoice: what is known of it, its orders, and how its money was split over them."""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from aiohttp import web

from api.console.rendering import answer
from api.console.visitor import services_of, visitor_of
from api.console.write_out import written_out
from ledger.errors import ResourceNotFound
from projections.invoice_document import (
    InvoiceDocument,
    InvoiceLineDocument,
    InvoiceOrderDocument,
    LineShareDocument,
    invoice_document,
)


class Split(NamedTuple):
    """A row of the table: a line of the invoice, and what each order has of it, in the order of the columns."""

    line: InvoiceLineDocument
    by_order: Sequence[Sequence[LineShareDocument]]


async def show(request: web.Request) -> web.Response:
    """GET /console/invoices/{id}"""
    services, invoice_id = services_of(request), request.match_info["id"]
    invoice = await invoice_document(services.store, services.orders, visitor_of(request).site, invoice_id)
    if invoice is None:
        raise ResourceNotFound(f"There is no invoice {invoice_id}.")
    return answer(
        request,
        "invoice.html",
        invoice=invoice,
        splits=_splits(invoice),
        has_rest=any(line.in_no_order for line in invoice.line_items),
        lines=written_out(invoice.description),
    )


def _splits(invoice: InvoiceDocument) -> list[Split]:
    return [_split(line, invoice.orders) for line in invoice.line_items]


def _split(line: InvoiceLineDocument, orders: Sequence[InvoiceOrderDocument]) -> Split:
    shares: defaultdict[str, list[LineShareDocument]] = defaultdict(list)
    for share in line.shares:
        shares[share.order_id].append(share)
    return Split(line, [shares[order.id] for order in orders])
