"""The event as Chargebee's clients take it (chargebee/events.md, section 1): a pure function of what is in the log.

Answers of the Events API and bodies of webhooks are the same resource. Nothing of it is stored twice: its content is
the order folded to the version that the event made. Scalars come first and nested members last, as everywhere.
"""

import msgspec

from ledger.envelope import Metadata, RecordedEvent
from ledger.ids import Site
from ledger.order import Order
from ledger.vocabulary import EventSource, WebhookStatus
from projections.chargebee_events.delivery import NOT_CONFIGURED, EventDelivery
from projections.chargebee_events.event_types import SHOWN, OrderEventType
from projections.order_document import Document, OrderDocument, order_document

API_VERSION = "v2"

# Sources whose caller has a name that Chargebee shows: of a key, of a person, of a service.
_SOURCES_WITH_USER = frozenset(
    {
        EventSource.API,
        EventSource.JS_API,
        EventSource.BULK_OPERATION,
        EventSource.ADMIN_CONSOLE,
        EventSource.EXTERNAL_SERVICE,
    }
)
_SOURCES = frozenset(EventSource)


class WebhookDocument(Document, frozen=True, kw_only=True):
    """``webhook``: what became of the delivery to one endpoint."""

    id: str
    webhook_status: WebhookStatus
    object: str


class ContentDocument(Document, frozen=True, kw_only=True):
    """``content``: the order right after the event."""

    order: OrderDocument


class EventDocument(Document, frozen=True, kw_only=True):
    """``event``. Times are seconds; ``webhooks`` are absent until the first call has finished."""

    id: str
    occurred_at: int
    source: EventSource
    user: str | None = None
    origin_user: str | None = None
    event_type: OrderEventType
    api_version: str
    webhook_status: WebhookStatus
    webhook_failure_reason: str | None = None
    site_id: str
    object: str
    webhooks: tuple[WebhookDocument, ...] = ()
    content: ContentDocument


_encoder = msgspec.json.Encoder()


def event_json(
    site: Site, record: RecordedEvent, metadata: Metadata, order: Order, delivery: EventDelivery = NOT_CONFIGURED
) -> bytes:
    """The event as JSON, ready to be sent; arguments as for ``event_document``."""
    return _encoder.encode(event_document(site, record, metadata, order, delivery))


def event_document(
    site: Site, record: RecordedEvent, metadata: Metadata, order: Order, delivery: EventDelivery = NOT_CONFIGURED
) -> EventDocument:
    """The event resource.

    Args:
        record: an event of an order.
        metadata: who did it, from its envelope.
        order: as it was right after the event.
        delivery: what became of its deliveries.
    """
    source = _source(metadata)
    return EventDocument(
        id=record.event_id,
        occurred_at=record.recorded_at // 1000,
        source=source,
        user=metadata.actor if source in _SOURCES_WITH_USER else None,
        origin_user=metadata.origin_user if source is EventSource.API else None,
        event_type=SHOWN[record.type],
        api_version=API_VERSION,
        webhook_status=delivery.webhook_status,
        webhook_failure_reason=delivery.webhook_failure_reason,
        site_id=site,
        object="event",
        webhooks=tuple(
            WebhookDocument(id=endpoint_id, webhook_status=status, object="webhook")
            for endpoint_id, status in delivery.webhooks
        ),
        content=ContentDocument(order=order_document(order)),
    )


def _source(metadata: Metadata) -> EventSource:
    return EventSource(metadata.source) if metadata.source in _SOURCES else EventSource.NONE
