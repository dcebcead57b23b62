"""Where events are delivered to (chargebee/events.md, section 6)."""

from typing import Any

from aiohttp import web
from msgspec import UNSET

from api.call import Call
from api.offsets import read_place, write_place
from api.rendering import page
from api.responses import json_response
from api.routing import Route
from api.schemas.webhook_endpoints import (
    CREATE_ENDPOINT,
    DELETE_ENDPOINT,
    LIST_ENDPOINTS,
    RETRIEVE_ENDPOINT,
    UPDATE_ENDPOINT,
    EndpointForm,
)
from api.shown import shown_body
from ledger.commands import (
    CreateWebhookEndpoint,
    DeleteWebhookEndpoint,
    UpdateWebhookEndpoint,
    WebhookEndpointCommand,
)
from ledger.errors import ResourceNotFound
from ledger.parts import WebhookEndpoint
from ledger.webhook_credentials import Credentials
from projections.listing import PageStart
from projections.webhooks.endpoint_document import webhook_endpoint_json


async def create(call: Call, _: str) -> web.Response:
    """POST /webhook_endpoints"""
    form = CREATE_ENDPOINT.read(call.parameters(), ports=call.services.webhook_ports)
    given = await _with_credentials(call, form, known=None)
    endpoint = WebhookEndpoint(id=call.services.ids.webhook_endpoint_id(), **given)
    return await _run(call, CreateWebhookEndpoint(endpoint=endpoint))


async def update(call: Call, endpoint_id: str) -> web.Response:
    """POST /webhook_endpoints/{id}"""
    known = await _existing(call, endpoint_id)
    form = UPDATE_ENDPOINT.read(call.parameters(), endpoint_id=endpoint_id, ports=call.services.webhook_ports)
    changes = await _with_credentials(call, form, known=known.credentials_id)
    return await _run(call, UpdateWebhookEndpoint(endpoint_id=known.id, changes=changes))


async def retrieve(call: Call, endpoint_id: str) -> web.Response:
    """GET /webhook_endpoints/{id}"""
    return json_response(200, shown_body(await _existing(call, endpoint_id)))


async def delete(call: Call, endpoint_id: str) -> web.Response:
    """POST /webhook_endpoints/{id}/delete"""
    await _existing(call, endpoint_id)
    wanted = DELETE_ENDPOINT.read(call.parameters(), endpoint_id=endpoint_id)
    return await _run(call, DeleteWebhookEndpoint(endpoint_id=wanted))


async def list_endpoints(call: Call, _: str) -> web.Response:
    """GET /webhook_endpoints: the oldest first, which is the order of their ids."""
    asked = LIST_ENDPOINTS.read(call.query())
    listed = (call.site, "webhook_endpoints")
    behind = read_place(asked.offset, listed).id if asked.offset else ""
    found = sorted((await call.services.endpoints.of(call.site)).endpoints, key=lambda each: each.id)
    left = [each for each in found if each.id > behind]
    shown = left[: asked.limit]
    next_offset = write_place(PageStart(0, shown[-1].id), listed) if len(left) > len(shown) else None
    return json_response(200, page("webhook_endpoint", map(webhook_endpoint_json, shown), next_offset))


ROUTES: tuple[Route, ...] = (
    Route("create_webhook_endpoint", "POST", "/webhook_endpoints", create, CREATE_ENDPOINT),
    Route("list_webhook_endpoints", "GET", "/webhook_endpoints", list_endpoints, LIST_ENDPOINTS),
    Route("retrieve_webhook_endpoint", "GET", "/webhook_endpoints/{id}", retrieve, RETRIEVE_ENDPOINT),
    Route("update_webhook_endpoint", "POST", "/webhook_endpoints/{id}", update, UPDATE_ENDPOINT),
    Route("delete_webhook_endpoint", "POST", "/webhook_endpoints/{id}/delete", delete, DELETE_ENDPOINT),
)


async def _run(call: Call, command: WebhookEndpointCommand) -> web.Response:
    handled = await call.services.handler.handle(command, call.caller)
    assert handled.endpoint is not None, "every operation answers with an endpoint"
    return json_response(200, shown_body(handled.endpoint))


async def _existing(call: Call, endpoint_id: str) -> WebhookEndpoint:
    """The endpoint of the path: an unknown one is told before parameters that are wrong."""
    known = (await call.services.endpoints.of(call.site)).find(RETRIEVE_ENDPOINT.read([], endpoint_id=endpoint_id))
    if known is None:
        raise ResourceNotFound
    return known


async def _with_credentials(call: Call, form: EndpointForm, *, known: str | None) -> dict[str, Any]:
    """The members of an endpoint, with the id of its credentials where these change. They are kept first.

    What nobody names in the end is forgotten after a while.
    """
    if form.username is UNSET and form.password is UNSET:
        return form.members
    kept = call.services.webhook_credentials
    before = await kept.find(call.site, known) if known else None
    username = (before.username if before else "") if form.username is UNSET else form.username or ""
    password = (before.password if before else "") if form.password is UNSET else form.password or ""
    after = Credentials(username=username, password=password)
    if after == (before or Credentials(username="", password="")):
        return form.members
    if not username and not password:
        return {**form.members, "credentials_id": None}
    credentials_id = call.services.ids.webhook_credentials_id()
    await kept.put(call.site, credentials_id, after, call.services.clock_ms())
    return {**form.members, "credentials_id": credentials_id}
