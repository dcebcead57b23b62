"""Webhook endpoints: at most five, one of them primary (chargebee/events.md, section 6).

The only endpoint is always the primary one. Making one primary takes it from the others; where the primary one goes or
is told not to be it, and several are left, none is: then the oldest counts first wherever that matters.
"""

from msgspec.structs import replace

from ledger.commands import CreateWebhookEndpoint, DeleteWebhookEndpoint, UpdateWebhookEndpoint
from ledger.decision import Context, Decision, Recording, Stream
from ledger.errors import DuplicateEntry, ResourceLimitExceeded, ResourceNotFound
from ledger.events import WebhookEndpointCreated, WebhookEndpointDeleted, WebhookEndpointUpdated
from ledger.limits import WEBHOOK_ENDPOINTS_MAX
from ledger.parts import WebhookEndpoint
from ledger.webhook_endpoints import WebhookEndpoints

_Endpoints = Stream[WebhookEndpoints]


def create_webhook_endpoint(command: CreateWebhookEndpoint, endpoints: _Endpoints, context: Context) -> Decision:
    """Add an endpoint."""
    others = endpoints.state.endpoints
    if len(others) >= WEBHOOK_ENDPOINTS_MAX:
        raise ResourceLimitExceeded(f"A site can have {WEBHOOK_ENDPOINTS_MAX} webhook endpoints at most.")
    if endpoints.state.find(command.endpoint.id) is not None:
        raise DuplicateEntry(param="id")
    created = command.endpoint if others else replace(command.endpoint, primary_url=True)
    recording = Recording(context.now_ms)
    recording.add(endpoints, WebhookEndpointCreated, endpoint=created)
    _leave_one_primary(created, others, endpoints, recording)
    return Decision(events=recording.events, endpoint=created)


def update_webhook_endpoint(command: UpdateWebhookEndpoint, endpoints: _Endpoints, context: Context) -> Decision:
    """Set members that differ."""
    known = _existing(endpoints, command.endpoint_id)
    others = [each for each in endpoints.state.endpoints if each.id != known.id]
    updated = replace(known, **command.changes)
    if not others:
        updated = replace(updated, primary_url=True)
    recording = Recording(context.now_ms)
    if updated != known:
        recording.add(endpoints, WebhookEndpointUpdated, endpoint=updated)
        _leave_one_primary(updated, others, endpoints, recording)
    return Decision(events=recording.events, endpoint=updated)


def delete_webhook_endpoint(command: DeleteWebhookEndpoint, endpoints: _Endpoints, context: Context) -> Decision:
    """Remove an endpoint; if one is left, it is the primary one."""
    known = _existing(endpoints, command.endpoint_id)
    left = [each for each in endpoints.state.endpoints if each.id != known.id]
    recording = Recording(context.now_ms)
    recording.add(endpoints, WebhookEndpointDeleted, endpoint_id=known.id)
    if len(left) == 1 and not left[0].primary_url:
        recording.add(endpoints, WebhookEndpointUpdated, endpoint=replace(left[0], primary_url=True))
    return Decision(events=recording.events, endpoint=known)


def _existing(endpoints: _Endpoints, endpoint_id: str) -> WebhookEndpoint:
    known = endpoints.state.find(endpoint_id)
    if known is None:
        raise ResourceNotFound
    return known


def _leave_one_primary(
    changed: WebhookEndpoint,
    others: tuple[WebhookEndpoint, ...] | list[WebhookEndpoint],
    endpoints: _Endpoints,
    recording: Recording,
) -> None:
    for other in others if changed.primary_url else ():
        if other.primary_url:
            recording.add(endpoints, WebhookEndpointUpdated, endpoint=replace(other, primary_url=False))
