"""The screen of health and proof: how far the log and all that follows it have come, and how it is anchored."""

from aiohttp import web

from api.console.rendering import answer
from api.console.sign_in import require_own_form
from api.console.visitor import services_of, visitor_of
from api.verification import site_verification
from ledger.errors import AuthorizationFailed
from ledger.transparency.signing_keys import SigningKeysUnusable
from projections.site_health import site_health


async def show(request: web.Request) -> web.Response:
    """GET /console/health"""
    services, site = services_of(request), visitor_of(request).site
    try:
        keys = services.proofs.keys(site)
    except SigningKeysUnusable:
        keys = None
    return answer(
        request,
        "health.html",
        health=await site_health(services.pool, site, services.clock_ms()),
        keys=keys,
        may_verify=services.verifications is not None and visitor_of(request).may_change,
        verification=site_verification(services.verifications, site),
    )


async def verify(request: web.Request) -> web.Response:
    """POST /console/health/verify: verify the whole site, in a process of its own."""
    await require_own_form(request)
    runs = services_of(request).verifications
    if runs is None or not visitor_of(request).may_change:
        raise AuthorizationFailed
    await runs.start(visitor_of(request).site)
    return web.Response(status=303, headers={"Location": "/console/health#verification"})
