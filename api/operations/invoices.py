"""What the ledger knows of invoices, as the console shows it.

A caller restricted to a business entity finds the invoices that it finds orders of, and of these the orders of that
entity.
"""

import msgspec
from aiohttp import web

from api.call import Call
from api.rendering import single
from api.responses import json_response
from api.routing import Route
from ledger.errors import ResourceNotFound
from projections.invoice_document import invoice_document

_encode = msgspec.json.Encoder().encode


async def retrieve_invoice(call: Call, invoice_id: str) -> web.Response:
    """GET /ledger/invoices/{id}"""
    services, entity = call.services, call.origin.business_entity_id
    found = await invoice_document(services.store, services.orders, call.site, invoice_id, entity)
    if found is None:
        raise ResourceNotFound
    return json_response(200, single("invoice", _encode(found)))


ROUTES: tuple[Route, ...] = (Route("retrieve_invoice", "GET", "/ledger/invoices/{id}", retrieve_invoice),)
