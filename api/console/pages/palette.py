"""Goes to whatever an id names: an order, an invoice, a request, an event, a place of the log, a reference."""

import re
from collections.abc import Awaitable, Callable
from urllib.parse import quote, urlencode

from aiohttp import web

from api.console.pages.event import place_of
from api.console.rendering import answer
from api.console.visitor import services_of, visitor_of
from api.services import Services
from ledger.ids import Position, Site, invoice_stream, order_stream
from ledger.limits import CONSOLE_QUERY_LENGTH_MAX
from projections.search.search import orders_with_words

_position = re.compile(r"#?(\d{1,16})", re.ASCII).fullmatch

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
    return place_of(found) if found else None


async def _place(services: Services, site: Site, text: str) -> str | None:
    named = _position(text)
    found = await services.store.events_at(site, [Position(int(named[1]))]) if named else []
    return place_of(found[0]) if found else None


async def _words(services: Services, site: Site, text: str) -> str | None:
    """A reference, a tracking id, or whatever else the filter bar finds orders by."""
    found = await orders_with_words(services.pool, site, text)
    if len(found.ids) == 1:
        return f"/console/orders/{quote(found.ids[0])}"
    return f"/console/orders?{urlencode({'q': _quoted(text)})}" if found.ids else None


def _quoted(text: str) -> str:
    return '"' + text.replace('"', " ") + '"'


_FINDERS: tuple[Find, ...] = (_order, _invoice, _request, _event, _place, _words)
