"""The past of one order: its history, the order at a moment, and differences. All of it is also there for deleted ones.

An unknown order is told before parameters that are wrong, as everywhere.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import msgspec
from aiohttp import web

from api.call import Call
from api.offsets import read_offset, write_offset
from api.operations.refusals import entries_with_refusals
from api.operations.time_zone import zone_for
from api.rendering import page, page_of, single
from api.responses import json_response
from api.routing import Route
from api.schemas.history import ORDER_DIFF, ORDER_HISTORY, RETRIEVE_ORDER, HistoryRequest
from ledger.errors import LedgerError
from projections.history.history_query import HistoryQuery
from projections.history.moments import Moment
from projections.listing import Filter, Operator, OrderQuery, PageStart, Sort

T = TypeVar("T")

_encoder = msgspec.json.Encoder()


async def history(call: Call, order_id: str) -> web.Response:
    """GET /orders/{id}/history"""
    try:
        pairs = call.query()
        wanted = ORDER_HISTORY.read(pairs, zone=await zone_for(call, pairs))
        query = _from_offset(call, order_id, wanted)
    except LedgerError:
        await _require(call, order_id)
        raise
    found = await call.services.history.page(call.site, order_id, query, call.origin.business_entity_id)
    next_offset = None
    if found.next_behind is not None:
        start = PageStart(found.next_behind, order_id)
        next_offset = write_offset(start, query=_listed(order_id, query), site=call.site)
    if not wanted.include_requests:
        return json_response(200, page("change", map(_encoder.encode, found.changes), next_offset))
    entries, is_cut = await entries_with_refusals(call, order_id, query, found)
    body = page_of(entries, next_offset)
    return json_response(200, body.removesuffix(b"}") + b',"has_more_requests":true}' if is_cut else body)


async def moment_of(call: Call, order_id: str) -> Moment | None:
    """The moment that a retrieve asks for, None for the order as it is now."""
    return await _read(call, order_id, lambda: RETRIEVE_ORDER.read(call.query()))


async def retrieve_at(call: Call, order_id: str, moment: Moment) -> web.Response:
    """GET /orders/{id} with a moment: the order as it was answered then, and which state that is."""
    found = await call.services.past_orders.retrieve(call.site, order_id, moment, call.origin.business_entity_id)
    return json_response(200, b'{"order":%s,"as_of":%s}' % (found.document, _encoder.encode(found.as_of)))


async def diff(call: Call, order_id: str) -> web.Response:
    """GET /orders/{id}/diff"""
    sides = await _read(call, order_id, lambda: ORDER_DIFF.read(call.query(), order_id=order_id))
    found = await call.services.history.diff(call.site, sides.before, sides.after, call.origin.business_entity_id)
    return json_response(200, single("diff", _encoder.encode(found)))


ROUTES: tuple[Route, ...] = (
    Route("history", "GET", "/orders/{id}/history", history, ORDER_HISTORY),
    Route("diff", "GET", "/orders/{id}/diff", diff, ORDER_DIFF),
)


async def _read(call: Call, order_id: str, read: Callable[[], T]) -> T:
    try:
        return read()
    except LedgerError:
        await _require(call, order_id)
        raise


async def _require(call: Call, order_id: str) -> None:
    await call.services.history.require(call.site, order_id, call.origin.business_entity_id)


def _from_offset(call: Call, order_id: str, wanted: HistoryRequest) -> HistoryQuery:
    if not wanted.offset:
        return wanted.query
    start = read_offset(wanted.offset, query=_listed(order_id, wanted.query), site=call.site)
    return replace(wanted.query, behind=start.value)


def _listed(order_id: str, query: HistoryQuery) -> OrderQuery:
    """The list that an offset belongs to: this order's versions, with these filters and in this direction."""
    of_order = Filter("order_id", Operator.IS, (order_id,))
    return OrderQuery(filters=(of_order, *query.filters), sort=Sort("version", query.descending))
