"""What became of the deliveries of events, as the console shows it. Like endpoints they are those of the whole site."""

import msgspec
from aiohttp import web

from api.call import Call
from api.offsets import read_place, write_place
from api.rendering import page, single
from api.responses import json_response
from api.routing import Route
from api.schemas.webhook_deliveries import LIST_DELIVERIES
from projections.webhooks.delivery_documents import delivery_counts, delivery_page

_encode = msgspec.json.Encoder().encode


async def list_deliveries(call: Call, _: str) -> web.Response:
    """GET /ledger/webhook_deliveries: those of the newest events first."""
    asked = LIST_DELIVERIES.read(call.query())
    wanted = asked.query
    listed = (call.site, "webhook_deliveries", wanted.statuses, wanted.endpoint_ids)
    if asked.offset:
        wanted = msgspec.structs.replace(wanted, start=read_place(asked.offset, listed))
    found = await delivery_page(call.services.pool, call.site, wanted)
    next_offset = write_place(found.next_start, listed) if found.next_start else None
    return json_response(200, page("webhook_delivery", map(_encode, found.deliveries), next_offset))


async def count_deliveries(call: Call, _: str) -> web.Response:
    """GET /ledger/webhook_deliveries/counts"""
    endpoints = await call.services.endpoints.of(call.site)
    found = await delivery_counts(call.services.pool, call.site, endpoints)
    return json_response(200, single("webhook_delivery_counts", _encode(found)))


ROUTES: tuple[Route, ...] = (
    Route("list_webhook_deliveries", "GET", "/ledger/webhook_deliveries", list_deliveries, LIST_DELIVERIES),
    Route("count_webhook_deliveries", "GET", "/ledger/webhook_deliveries/counts", count_deliveries),
)
