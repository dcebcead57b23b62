"""Goes to whatever an id or a position names: an order, an invoice, a request, an event, a place of the log."""

import re
from collections.abc import Awaitable, Callable
from urllib.parse import quote

from aiohttp import web

from api.console.rendering import answer
from api.console.visitor import services_of, visitor_of
from api.services import Services
from ledger.ids import Site, invoice_stream, order_stream
from ledger.limits import CONSOLE_QUERY_LENGTH_MAX

_position = re.compile(r"#?(\d{1,16})", re.ASCII).fullmatch
_ORDER = order_stream("")

Find = Callable[[Services, Site, str], Awaitable[str | None]]


async def go(request: web.Request) -> web.Response:
    """GET /console/go?to=…"""
    wanted = request.query.get("to", "").strip()[:CONSOLE_QUERY_LENGTH_MAX]
    services, site = services_of(request), visitor_of(request).site
    if wanted:
        for find in _FINDERS:
            if place := await find(services, site, wanted):
                return web.Response(status=303, headers={"Location": place})
    return answer(request, "palette.html", status=404 if wanted else 200, wanted=wanted)


async def _order(services: Services, site: Site, text: str) -> str | None:
    if await services.store.stream_exists(site, order_stream(text)):
        return f"/console/orders/{quote(text)}"
    return None


async def _invoice(services: Services, site: Site, text: str) -> str | None:
    if await services.store.stream_exists(site, invoice_stream(text)):
        return f"/console/invoices/{quote(text)}"
    return None


async def _request(services: Services, site: Site, text: str) -> str | None:
    found = await services.requests.find(site, text)
    return f"/console/requests/{quote(text)}" if found else None


async def _event(services: Services, site: Site, text: str) -> str | None:
    found = await services.store.find_event(site, text)
    if found is None:
        return None
    if found.stream.startswith(_ORDER):
        return f"/console/orders/{quote(found.stream.removeprefix(_ORDER))}?v={found.version}"
    return f"/console/activity?before={found.position + 1}"


async def _place(services: Services, site: Site, text: str) -> str | None:
    found = _position(text)
    if found is None or int(found[1]) > (await services.store.head_position(site) or 0):
        return None
    return f"/console/activity?before={int(found[1]) + 1}"


_FINDERS: tuple[Find, ...] = (_order, _invoice, _request, _event, _place)
