"""What was asked and answered. A caller restricted to a business entity sees its own requests under that entity."""

import msgspec
from aiohttp import web
from msgspec.structs import replace

from api.call import Call
from api.offsets import read_place, write_place
from api.operations.time_zone import zone_for
from api.rendering import page, single
from api.requests.document import request_document
from api.responses import json_response
from api.routing import Route
from api.schemas.requests import LIST_REQUESTS, RETRIEVE_REQUEST
from ledger.errors import ResourceNotFound
from ledger.requests import Choice, KeptRequest, RequestQuery
from projections.listing import PageStart

_encode = msgspec.json.Encoder().encode


async def list_requests(call: Call, _: str) -> web.Response:
    """GET /ledger/requests"""
    pairs = call.query()
    asked = LIST_REQUESTS.read(pairs, zone=await zone_for(call, pairs))
    listed = (call.site, "requests", call.origin.business_entity_id, replace(asked.query, limit=0))
    query = _for_caller(call, asked.query)
    if asked.offset:
        start = read_place(asked.offset, listed)
        query = replace(query, start=(start.value, start.id))
    found = await call.services.requests.page(call.site, replace(query, limit=query.limit + 1))
    shown, next_offset = found[: query.limit], None
    if len(found) > query.limit:
        next_offset = write_place(PageStart(shown[-1].at, shown[-1].id), listed)
    body = page("request", (_encode(request_document(each)) for each in shown), next_offset)
    return json_response(200, await _with_dropped(call, body))


async def retrieve_request(call: Call, request_id: str) -> web.Response:
    """GET /ledger/requests/{id}"""
    found = await call.services.requests.find(call.site, RETRIEVE_REQUEST.read(call.query(), request_id=request_id))
    if found is None or not _is_visible(call, found):
        raise ResourceNotFound
    events = await call.services.requests.events_of(found)
    return json_response(200, single("request", _encode(request_document(found, events))))


ROUTES: tuple[Route, ...] = (
    Route("list_requests", "GET", "/ledger/requests", list_requests, LIST_REQUESTS),
    Route("retrieve_request", "GET", "/ledger/requests/{id}", retrieve_request, RETRIEVE_REQUEST),
)


def _for_caller(call: Call, query: RequestQuery) -> RequestQuery:
    entity = call.origin.business_entity_id
    if entity is None:
        return query
    wanted = query.actor.wanted
    own = (call.owner.name,) if wanted is None or call.owner.name in wanted else ()
    return replace(query, business_entity_id=entity, actor=Choice(wanted=own, unwanted=query.actor.unwanted))


def _is_visible(call: Call, request: KeptRequest) -> bool:
    entity = call.origin.business_entity_id
    return entity is None or (request.business_entity_id, request.actor) == (entity, call.owner.name)


async def _with_dropped(call: Call, body: bytes) -> bytes:
    """How many requests of the site are missing is not told to a caller who sees a part of it."""
    if call.origin.business_entity_id is not None:
        return body
    missing = await call.services.requests.not_kept(call.site)
    return b'%s,"dropped":%d}' % (body.removesuffix(b"}"), missing.count)
