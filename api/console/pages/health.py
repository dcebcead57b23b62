"""The screen of health and proof: how far the log and all that follows it have come, and how it is anchored."""

from aiohttp import web

from api.console.rendering import answer
from api.console.visitor import services_of, visitor_of
from ledger.lags import lags
from ledger.transparency.checkpoint_store import CheckpointStore
from ledger.transparency.proofs import NotCoveredYet
from ledger.transparency.signing_keys import SigningKeysUnusable
from projections.rebuild.parking import parked


async def show(request: web.Request) -> web.Response:
    """GET /console/health"""
    services, site = services_of(request), visitor_of(request).site
    store = CheckpointStore(services.pool, site)
    try:
        checkpoint = await services.proofs.checkpoint(site)
    except NotCoveredYet:
        checkpoint = None
    try:
        keys = services.proofs.keys(site)
    except SigningKeysUnusable:
        keys = None
    return answer(
        request,
        "health.html",
        head=await services.store.head_position(site) or 0,
        lags=await lags(services.pool, site),
        parked=await parked(services.pool, site),
        checkpoint=checkpoint,
        anchors=await store.anchors(),
        keys=keys,
        missing=await services.requests.not_kept(site),
        now_ms=services.clock_ms(),
    )
