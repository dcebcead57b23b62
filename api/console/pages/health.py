"""The screen of health and proof: how far the log and all that follows it have come, and how it is anchored."""

from aiohttp import web

from api.console.rendering import answer
from api.console.sign_in import require_own_form
from api.console.visitor import SETTINGS, services_of, visitor_of
from ledger.errors import AuthorizationFailed
from ledger.transparency.signing_keys import SigningKeysUnusable
from projections.site_health import site_health


async def show(request: web.Request) -> web.Response:
    """GET /console/health"""
    services, site = services_of(request), visitor_of(request).site
    runs = request.app[SETTINGS].verifications
    try:
        keys = services.proofs.keys(site)
    except SigningKeysUnusable:
        keys = None
    return answer(
        request,
        "health.html",
        health=await site_health(services.pool, site, services.clock_ms()),
        keys=keys,
        may_verify=runs is not None and visitor_of(request).may_change,
        is_verifying=runs is not None and runs.is_running(site),
        report=runs.last(site) if runs else None,
    )


async def verify(request: web.Request) -> web.Response:
    """POST /console/health/verify: verify the whole site, in a process of its own."""
    await require_own_form(request)
    runs = request.app[SETTINGS].verifications
    if runs is None or not visitor_of(request).may_change:
        raise AuthorizationFailed
    await runs.start(visitor_of(request).site)
    return web.Response(status=303, headers={"Location": "/console/health#verification"})
