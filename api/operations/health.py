"""How a site stands, in one answer."""

import msgspec
from aiohttp import web

from api.call import Call
from api.rendering import single
from api.responses import json_response
from api.routing import Route
from ledger.errors import AuthorizationFailed
from projections.site_health import site_health

_encode = msgspec.json.Encoder().encode


async def health(call: Call, _: str) -> web.Response:
    """GET /ledger/health"""
    if call.origin.business_entity_id:
        raise AuthorizationFailed("Sorry, the health of a site is not for callers of one business entity")
    found = await site_health(call.services.pool, call.site, call.services.clock_ms())
    return json_response(200, single("health", _encode(found)))


ROUTES: tuple[Route, ...] = (Route("ledger_health", "GET", "/ledger/health", health),)
