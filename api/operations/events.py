"""Events as Chargebee shows them: one by its id, and pages of all (chargebee/events.md, section 2)."""

from dataclasses import replace

from aiohttp import web

from api.call import Call
from api.offsets import read_offset, write_offset
from api.operations.time_zone import zone_for
from api.rendering import page, single
from api.responses import json_response
from api.routing import Route
from api.schemas.events import LIST_EVENTS
from ledger.errors import ParamWrongValue
from ledger.ids import Position
from ledger.limits import INTEGER_MAX
from projections.chargebee_events.query import BUSINESS_ENTITY, EventQuery, Place
from projections.listing import Filter, Operator, OrderQuery, PageStart, Sort

_POSITION_DIGITS_MAX = len(str(INTEGER_MAX))


async def retrieve_event(call: Call, event_id: str) -> web.Response:
    """GET /events/{id}"""
    document = await call.services.events.retrieve(call.site, event_id, call.origin.business_entity_id)
    return json_response(200, single("event", document))


async def list_events(call: Call, _: str) -> web.Response:
    """GET /events"""
    pairs = call.query()
    wanted = LIST_EVENTS.read(pairs, zone=await zone_for(call, pairs))
    query = _for_caller(call, wanted.query)
    listed = _listed(query)
    if wanted.offset:
        query = replace(query, start=_place(read_offset(wanted.offset, query=listed, site=call.site)))
    found = await call.services.events.page(call.site, query)
    next_offset = None
    if found.next_start is not None:
        start = PageStart(found.next_start.second, str(found.next_start.position))
        next_offset = write_offset(start, query=listed, site=call.site)
    return json_response(200, page("event", found.documents, next_offset))


ROUTES: tuple[Route, ...] = (
    Route("list_events", "GET", "/events", list_events, LIST_EVENTS),
    Route("retrieve_event", "GET", "/events/{id}", retrieve_event),
)


def _place(start: PageStart) -> Place:
    """Where the page before ended. Whoever knows how offsets are made can make one with any text in it."""
    if not (start.id.isascii() and start.id.isdigit() and len(start.id) <= _POSITION_DIGITS_MAX):
        raise ParamWrongValue("is not an offset", param="offset")
    return Place(start.value, Position(int(start.id)))


def _listed(query: EventQuery) -> OrderQuery:
    """The list that an offset belongs to: these events, with these filters and in this direction."""
    return OrderQuery(filters=query.filters, sort=Sort("occurred_at", query.descending))


def _for_caller(call: Call, query: EventQuery) -> EventQuery:
    entity = call.origin.business_entity_id
    if entity is None:
        return query
    return replace(query, filters=(*query.filters, Filter(BUSINESS_ENTITY, Operator.IS, (entity,))))
