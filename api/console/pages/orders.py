"""The screen of orders: a filter bar, the site at a glance, the list at any moment."""

from urllib.parse import urlencode

import msgspec
from aiohttp import web

from api.console.bar import Chip
from api.console.found_orders import OrderFinder
from api.console.glance import glance
from api.console.order_bar import HELP
from api.console.rendering import answer
from api.console.visitor import services_of, visitor_of, zone_of
from api.found_orders import FoundOrders
from ledger.errors import LedgerError


class OrderLine(msgspec.Struct, frozen=True):
    """What the list shows of an order."""

    id: str
    status: str
    invoice_id: str
    order_type: str
    created_at: int
    updated_at: int
    deleted: bool = False
    subscription_id: str | None = None
    reference_id: str | None = None
    currency_code: str | None = None
    total: int | None = None
    cancellation_reason: str | None = None


_decoder = msgspec.json.Decoder(OrderLine)


async def show(request: web.Request) -> web.Response:
    """GET /console/orders?q=…&at=…&offset=…"""
    services, site, zone = services_of(request), visitor_of(request).site, await zone_of(request)
    bar, at, offset = (request.query.get(name, "").strip() for name in ("q", "at", "offset"))
    # In front of the list: what comes in between is told, not missed.
    head = await services.store.head_position(site) or 0
    found, refused = FoundOrders(), None
    chips: tuple[Chip, ...] = ()
    try:
        finder = OrderFinder(services, site, zone, bar=bar, at=at)
        found, chips = await finder.page(offset), finder.chips
    except LedgerError as error:
        if error.http_status >= 500:
            raise
        refused = error
    return answer(
        request,
        "orders.html",
        status=refused.http_status if refused else 200,
        glance=await glance(services, site, zone) if not at and not offset else None,
        bar=bar,
        at=at,
        chips=chips,
        orders=[_decoder.decode(document) for document in found.documents],
        following=_path(bar, at, found.next_offset) if found.next_offset else None,
        is_first=not offset,
        refused=refused,
        qualifiers=HELP,
        zone=zone,
        stream="/console/activity/stream",
        head=head,
    )


def _path(bar: str, at: str, offset: str) -> str:
    return "/console/orders?" + urlencode({"q": bar, "at": at, "offset": offset})
