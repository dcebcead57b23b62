"""Orders found as the console finds them: by words, by who changed them, and by the filters of lists."""

from dataclasses import replace

import msgspec
from aiohttp import web

from api.call import Call
from api.found_orders import find_page
from api.operations.time_zone import zone_for
from api.rendering import page
from api.responses import json_response
from api.routing import Route
from api.schemas.found_orders import FIND_ORDERS
from projections.deleted_credit_notes import without_deleted_credit_notes
from projections.listing import Filter, Operator, OrderQuery
from projections.past.lists import list_as_of

_encode = msgspec.json.Encoder().encode


async def find_orders(call: Call, _: str) -> web.Response:
    """GET /ledger/orders"""
    pairs = call.query()
    asked = FIND_ORDERS.read(pairs, zone=await zone_for(call, pairs))
    asked = replace(asked, query=_for_caller(call, asked.query))
    found = await find_page(call.services, call.site, asked)
    documents = found.documents
    if asked.query.exclude_deleted_credit_notes:
        documents = await without_deleted_credit_notes(call.services.store, call.site, documents)
    as_of = _encode(list_as_of(asked.moment)) if asked.moment else None
    body = page("order", documents, found.next_offset, as_of=as_of)
    return json_response(200, b'%s,"is_bounded":true}' % body.removesuffix(b"}") if found.is_bounded else body)


ROUTES: tuple[Route, ...] = (Route("find_orders", "GET", "/ledger/orders", find_orders, FIND_ORDERS),)


def _for_caller(call: Call, query: OrderQuery) -> OrderQuery:
    entity = call.origin.business_entity_id
    if entity is None:
        return query
    return replace(query, filters=(*query.filters, Filter("business_entity_id", Operator.IS, (entity,))))
