"""The operations of orders: each parses, calls, and renders (chargebee/orders.md, section 6).

Checks come in the order of that section: a path id that is unknown is told before parameters that are wrong.
"""

from dataclasses import replace
from typing import Any

import msgspec
from aiohttp import web

from api.call import Call
from api.offsets import read_offset, write_offset
from api.operations.history import moment_of, retrieve_at
from api.operations.time_zone import zone_for
from api.rendering import page, single
from api.responses import json_response
from api.routing import Operation, Route
from api.schemas.history import RETRIEVE_ORDER
from api.schemas.listing import LIST_ORDERS, ORDERS_FOR_INVOICE, ListRequest
from api.schemas.operation import OperationSchema
from api.schemas.order_actions import (
    ASSIGN_ORDER_NUMBER,
    CANCEL_ORDER,
    CREATE_REFUNDABLE_CREDIT_NOTE,
    DELETE_ORDER,
    REOPEN_ORDER,
    RESEND_ORDER,
)
from api.schemas.orders import CREATE_ORDER, IMPORT_ORDER, UPDATE_ORDER
from ledger.commands import Command
from ledger.errors import LedgerError, ResourceNotFound
from projections.deleted_credit_notes import without_deleted_credit_notes
from projections.listing import Filter, Operator, OrderQuery
from projections.past.lists import list_as_of

_encoder = msgspec.json.Encoder()


def making(schema: OperationSchema[Any]) -> Operation:
    """An operation that makes an order."""

    async def operation(call: Call, _: str) -> web.Response:
        return await _run(call, schema.read(call.parameters()))

    return operation


def changing(schema: OperationSchema[Any]) -> Operation:
    """An operation on an order that exists."""

    async def operation(call: Call, order_id: str) -> web.Response:
        try:
            command = schema.read(call.parameters(), order_id=order_id)
        except LedgerError:
            await call.services.handler.require_order(call.caller, order_id)
            raise
        return await _run(call, command)

    return operation


async def retrieve(call: Call, order_id: str) -> web.Response:
    """GET /orders/{id}"""
    if call.request.rel_url.raw_query_string:
        moment = await moment_of(call, order_id)
        if moment is not None:
            return await retrieve_at(call, order_id, moment)
    document = await call.services.orders.retrieve(call.site, order_id, call.origin.business_entity_id)
    if document is None:
        raise ResourceNotFound
    return json_response(200, single("order", document))


async def list_orders(call: Call, _: str) -> web.Response:
    """GET /orders"""
    pairs = call.query()
    return await _list(call, LIST_ORDERS.read(pairs, zone=await zone_for(call, pairs)))


async def orders_for_invoice(call: Call, invoice_id: str) -> web.Response:
    """GET /invoices/{id}/orders"""
    await call.services.handler.require_invoice(call.caller, invoice_id)
    return await _list(call, ORDERS_FOR_INVOICE.read(call.query(), invoice_id=invoice_id))


async def configurations(call: Call, _: str) -> web.Response:
    """GET /configurations, with which one of Chargebee's clients starts (conventions.md, section 10)."""
    return json_response(
        200, b'{"configurations":[{"domain":"%s","product_catalog_version":"v2"}]}' % call.site.encode()
    )


def _making(name: str, path: str, schema: OperationSchema[Any]) -> Route:
    return Route(name, "POST", path, making(schema), schema, is_command=True)


def _changing(name: str, path: str, schema: OperationSchema[Any]) -> Route:
    return Route(name, "POST", path, changing(schema), schema, is_command=True)


ROUTES: tuple[Route, ...] = (
    Route("list", "GET", "/orders", list_orders, LIST_ORDERS),
    _making("create", "/orders", CREATE_ORDER),
    _making("import_order", "/orders/import_order", IMPORT_ORDER),
    Route("retrieve", "GET", "/orders/{id}", retrieve, RETRIEVE_ORDER),
    _changing("update", "/orders/{id}", UPDATE_ORDER),
    _changing("assign_order_number", "/orders/{id}/assign_order_number", ASSIGN_ORDER_NUMBER),
    _changing("cancel", "/orders/{id}/cancel", CANCEL_ORDER),
    _changing(
        "create_refundable_credit_note",
        "/orders/{id}/create_refundable_credit_note",
        CREATE_REFUNDABLE_CREDIT_NOTE,
    ),
    _changing("delete", "/orders/{id}/delete", DELETE_ORDER),
    _changing("reopen", "/orders/{id}/reopen", REOPEN_ORDER),
    _changing("resend", "/orders/{id}/resend", RESEND_ORDER),
    Route("orders_for_invoice", "GET", "/invoices/{id}/orders", orders_for_invoice, ORDERS_FOR_INVOICE),
    Route("configurations", "GET", "/configurations", configurations),
)


async def _run(call: Call, command: Command) -> web.Response:
    handled = await call.services.handler.handle(command, call.caller)
    assert handled.row is not None, "every operation answers with an order"
    return json_response(200, single("order", handled.row.document))


async def _list(call: Call, wanted: ListRequest) -> web.Response:
    query, moment = _for_caller(call, wanted.query), wanted.moment
    if wanted.offset:
        query = replace(query, start=read_offset(wanted.offset, query=query, site=call.site, moment=moment))
    if moment is None:
        found = await call.services.orders.page(call.site, query)
        as_of = None
    else:
        found = await call.services.past_lists.page(call.site, query, moment)
        as_of = _encoder.encode(list_as_of(moment))
    documents = found.documents
    if query.exclude_deleted_credit_notes:
        documents = await without_deleted_credit_notes(call.services.store, call.site, documents)
    start = found.next_start
    next_offset = write_offset(start, query=query, site=call.site, moment=moment) if start else None
    return json_response(200, page("order", documents, next_offset, as_of=as_of))


def _for_caller(call: Call, query: OrderQuery) -> OrderQuery:
    entity = call.origin.business_entity_id
    if entity is None:
        return query
    return replace(query, filters=(*query.filters, Filter("business_entity_id", Operator.IS, (entity,))))
