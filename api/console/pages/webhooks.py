"""The screen of webhooks: endpoints, what became of deliveries, and making some again."""

from aiohttp import web

from api.console.rendering import answer
from api.console.sign_in import require_own_form
from api.console.visitor import services_of, visitor_of
from ledger.errors import AuthorizationFailed, ParamWrongValue
from ledger.limits import CONSOLE_ROWS
from projections.webhooks.delivery_documents import delivery_counts, delivery_page
from projections.webhooks.delivery_list import TROUBLED, DeliveryQuery, ShownDelivery
from projections.webhooks.resending import Resending


async def show(request: web.Request) -> web.Response:
    """GET /console/webhooks"""
    services, site = services_of(request), visitor_of(request).site
    endpoints = await services.endpoints.of(site)
    counted = await delivery_counts(services.pool, site, endpoints)
    troubled = await delivery_page(services.pool, site, DeliveryQuery(statuses=TROUBLED, limit=CONSOLE_ROWS))
    return answer(
        request,
        "webhooks.html",
        endpoints=endpoints.in_order_of_calls(),
        counts={each.endpoint_id: each.statuses for each in counted.endpoints},
        troubled=troubled.deliveries,
        made=request.query.get("made", ""),
    )


async def preview(request: web.Request) -> web.Response:
    """GET /console/webhooks/resend?event=…&event=…: what would be delivered again."""
    return answer(request, "resend.html", found=await _deliveries(request, request.query.getall("event", [])))


async def resend(request: web.Request) -> web.Response:
    """POST /console/webhooks/resend: deliver again what was previewed."""
    await require_own_form(request)
    if not visitor_of(request).may_change:
        raise AuthorizationFailed
    events = [each for each in (await request.post()).getall("event", []) if isinstance(each, str)]
    found = await _deliveries(request, events)
    made = await _resending(request).resend(found, services_of(request).clock_ms())
    return web.Response(status=303, headers={"Location": f"/console/webhooks?made={made}"})


def _resending(request: web.Request) -> Resending:
    return Resending(services_of(request).pool, visitor_of(request).site)


async def _deliveries(request: web.Request, events: list[str]) -> list[ShownDelivery]:
    if not 0 < len(events) <= CONSOLE_ROWS:
        raise ParamWrongValue(f"should be 1 to {CONSOLE_ROWS} events", param="event")
    return await _resending(request).of_events(list(dict.fromkeys(events)), services_of(request).clock_ms())
