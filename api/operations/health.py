"""How a site stands, each in one answer: as a whole, at a glance, and what its last verification said.

All of them are of the whole site, so they are not for callers of one business entity.
"""

import msgspec
from aiohttp import web

from api.call import Call
from api.operations.time_zone import zone_of_site
from api.rendering import single
from api.responses import json_response
from api.routing import Route
from api.verification import site_verification
from ledger.errors import AuthorizationFailed
from projections.overview import site_overview
from projections.site_health import site_health

_encode = msgspec.json.Encoder().encode


async def health(call: Call, _: str) -> web.Response:
    """GET /ledger/health"""
    _require_whole_site(call, "the health")
    found = await site_health(call.services.pool, call.site, call.services.clock_ms())
    return json_response(200, single("health", _encode(found)))


async def overview(call: Call, _: str) -> web.Response:
    """GET /ledger/overview"""
    _require_whole_site(call, "the overview")
    zone = await zone_of_site(call)
    found = await site_overview(call.services.pool, call.site, zone, call.services.clock_ms())
    return json_response(200, single("overview", _encode(found)))


async def verification(call: Call, _: str) -> web.Response:
    """GET /ledger/verification"""
    _require_whole_site(call, "the verification")
    found = site_verification(call.services.verifications, call.site)
    return json_response(200, single("verification", _encode(found)))


ROUTES: tuple[Route, ...] = (
    Route("ledger_health", "GET", "/ledger/health", health),
    Route("ledger_overview", "GET", "/ledger/overview", overview),
    Route("ledger_verification", "GET", "/ledger/verification", verification),
)


def _require_whole_site(call: Call, what: str) -> None:
    if call.origin.business_entity_id:
        raise AuthorizationFailed(f"Sorry, {what} of a site is not for callers of one business entity")
