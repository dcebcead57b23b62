"""The screen of an order that cannot be folded, because an event of it cannot be read: what the log has of it."""

from aiohttp import web

from api.console.rendering import answer
from api.console.visitor import services_of, visitor_of
from ledger.ids import order_stream
from ledger.limits import CONSOLE_ROWS
from projections.changes.query import ChangeQuery
from projections.listing import Filter, Operator


async def show(request: web.Request, order_id: str, reason: Exception) -> web.Response:
    """In place of the order's screen; whether its bytes stand in the anchored log is told as for others."""
    services, site = services_of(request), visitor_of(request).site
    stream = order_stream(order_id)
    records = (await services.store.load_streams(site, [stream])).get(stream, [])
    wanted = ChangeQuery(filters=(Filter("order_id", Operator.IS, (order_id,)),), limit=CONSOLE_ROWS)
    found = await services.changes.page(site, wanted)
    return answer(
        request,
        "unreadable_order.html",
        status=500,
        order_id=order_id,
        reason=str(reason),
        standing=await services.standing.check(site, records),
        changes=await services.change_opener.open(site, found.events),
    )
