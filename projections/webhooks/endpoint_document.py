"""The webhook endpoint as the API sends it (chargebee/events.md, section 6). User and password are never in it."""

import msgspec

from ledger.parts import WebhookEndpoint
from projections.order_document import Document


class WebhookEndpointDocument(Document, frozen=True, kw_only=True):
    """``webhook_endpoint``. Without ``enabled_events`` it takes all types."""

    id: str
    name: str
    url: str
    send_card_resource: bool
    disabled: bool
    primary_url: bool
    api_version: str
    chargebee_response_schema_type: str | None = None
    object: str
    enabled_events: tuple[str, ...] = ()


_encoder = msgspec.json.Encoder()


def webhook_endpoint_document(endpoint: WebhookEndpoint) -> WebhookEndpointDocument:
    """The resource."""
    return WebhookEndpointDocument(
        id=endpoint.id,
        name=endpoint.name,
        url=endpoint.url,
        send_card_resource=endpoint.send_card_resource,
        disabled=endpoint.disabled,
        primary_url=endpoint.primary_url,
        api_version=endpoint.api_version,
        chargebee_response_schema_type=endpoint.chargebee_response_schema_type,
        object="webhook_endpoint",
        enabled_events=endpoint.enabled_events,
    )


def webhook_endpoint_json(endpoint: WebhookEndpoint) -> bytes:
    """The resource as JSON, ready to be sent."""
    return _encoder.encode(webhook_endpoint_document(endpoint))
