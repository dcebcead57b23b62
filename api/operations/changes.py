"""The site's log: pages of it, and the same as a live stream."""

from dataclasses import replace
from functools import partial

import msgspec
from aiohttp import web

from api.call import Call
from api.change_stream import LAST_EVENT_ID, Listener, stream_changes
from api.event_stream import wants_event_stream
from api.offsets import read_offset, write_offset
from api.operations.time_zone import zone_for
from api.rendering import page
from api.responses import json_response
from api.routing import Route
from api.schemas.changes import LIST_CHANGES, ChangesRequest
from ledger.ids import Position
from projections.changes.query import ChangeQuery
from projections.listing import Filter, Operator, OrderQuery, PageStart, Sort

_encoder = msgspec.json.Encoder()


async def list_changes(call: Call, _: str) -> web.StreamResponse:
    """GET /ledger/changes"""
    pairs = call.query()
    wanted = LIST_CHANGES.read(pairs, zone=await zone_for(call, pairs))
    wanted = replace(wanted, query=_for_caller(call, wanted.query))
    if wants_event_stream(call.request.headers.get("Accept", "")):
        return await stream_changes(_listener(call), wanted)
    return await _page(call, wanted)


ROUTES: tuple[Route, ...] = (Route("ledger_changes", "GET", "/ledger/changes", list_changes, LIST_CHANGES),)


def _listener(call: Call) -> Listener:
    return Listener(
        services=call.services,
        budget=call.services.streams.of_api,
        site=call.site,
        request_id=call.request_id,
        last_event_id=call.request.headers.get(LAST_EVENT_ID),
        admit=partial(call.services.gate.admit, call.request),
    )


async def _page(call: Call, wanted: ChangesRequest) -> web.Response:
    query = wanted.query
    if wanted.offset:
        start = read_offset(wanted.offset, query=_listed(query), site=call.site)
        query = replace(query, start=Position(start.value))
    found = await call.services.changes.page(call.site, query)
    changes = await call.services.change_opener.open(call.site, found.events, with_differences=wanted.with_differences)
    next_offset = None
    if found.next_start is not None:
        next_offset = write_offset(PageStart(found.next_start, ""), query=_listed(query), site=call.site)
    return json_response(200, page("change", map(_encoder.encode, changes), next_offset))


def _listed(query: ChangeQuery) -> OrderQuery:
    """The list that an offset belongs to: this log, with these filters and in this direction."""
    return OrderQuery(filters=query.filters, sort=Sort("position", query.descending))


def _for_caller(call: Call, query: ChangeQuery) -> ChangeQuery:
    entity = call.origin.business_entity_id
    if entity is None:
        return query
    return replace(query, filters=(*query.filters, Filter("business_entity_id", Operator.IS, (entity,))))
