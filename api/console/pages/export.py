"""Downloads of the orders that a filter bar finds, as JSON lines or CSV, at constant memory."""

import csv
import io
from collections.abc import Callable

import msgspec
from aiohttp import web

from api.console.found_orders import OrderFinder
from api.console.visitor import services_of, visitor_of, zone_of
from ledger.errors import ParamWrongValue

_COLUMNS = (
    "id",
    "document_number",
    "status",
    "cancellation_reason",
    "payment_status",
    "order_type",
    "invoice_id",
    "subscription_id",
    "customer_id",
    "currency_code",
    "total",
    "amount_paid",
    "refundable_credits",
    "order_date",
    "shipping_date",
    "created_at",
    "updated_at",
    "reference_id",
    "tracking_id",
    "note",
    "deleted",
)
# What a spreadsheet would take for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


async def orders(request: web.Request) -> web.StreamResponse:
    """GET /console/export/orders?q=…&at=…&form=jsonl|csv"""
    services, site, zone = services_of(request), visitor_of(request).site, await zone_of(request)
    form = request.query.get("form", "jsonl")
    if form not in _FORMS:
        raise ParamWrongValue("should be jsonl or csv", param="form")
    head, line, content_type = _FORMS[form]
    bar, at = request.query.get("q", "").strip(), request.query.get("at", "").strip()
    finder = OrderFinder(services, site, zone, bar=bar, at=at)
    response = web.StreamResponse(
        headers={"Content-Disposition": f'attachment; filename="orders.{form}"', "Content-Type": content_type}
    )
    await response.prepare(request)
    await response.write(head())
    async for document in finder.all():
        await response.write(line(document))
    await response.write_eof()
    return response


def _json_head() -> bytes:
    return b""


def _json_line(document: bytes) -> bytes:
    return document + b"\n"


def _csv_head() -> bytes:
    return _csv(list(_COLUMNS))


def _csv_line(document: bytes) -> bytes:
    order = msgspec.json.decode(document)
    return _csv([_cell(order.get(name)) for name in _COLUMNS])


def _csv(cells: list[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(cells)
    return text.getvalue().encode()


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA) else value
    return msgspec.json.encode(value).decode()


_FORMS: dict[str, tuple[Callable[[], bytes], Callable[[bytes], bytes], str]] = {
    "jsonl": (_json_head, _json_line, "application/jsonl; charset=utf-8"),
    "csv": (_csv_head, _csv_line, "text/csv; charset=utf-8"),
}
