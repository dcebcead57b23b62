"""Deliveries as the API sends them: what became of events at the endpoints, and how many became what.

Nothing of an endpoint is in them but its id: its URL, user and password stand elsewhere.
"""

from collections import defaultdict
from typing import Any

import msgspec

from ledger.ids import Site
from ledger.vocabulary import WebhookStatus
from ledger.webhook_endpoints import WebhookEndpoints
from projections.listing import PageStart
from projections.order_document import Document
from projections.webhooks.delivery_list import DeliveryQuery, ShownDelivery, list_deliveries, status_counts


class WebhookDeliveryDocument(Document, frozen=True, kw_only=True):
    """``webhook_delivery``. ``calls`` are those that ended since it was last made again by hand.

    ``next_call_at_ms`` is absent where no call will follow; during a call it is when whoever makes it counts as gone.
    """

    event_id: str
    event_type: str
    position: int
    recorded_at_ms: int
    endpoint_id: str
    status: WebhookStatus
    failure_reason: str | None = None
    calls: int
    last_call_at_ms: int | None = None
    next_call_at_ms: int | None = None
    object: str


class DeliveryCountDocument(Document, frozen=True, kw_only=True):
    """How many deliveries of an endpoint have a status, and when the last call of one ended."""

    status: WebhookStatus
    deliveries: int
    last_call_at_ms: int | None = None


class EndpointDeliveriesDocument(Document, frozen=True, kw_only=True):
    """The deliveries of an endpoint, which is there no more where ``is_deleted``."""

    endpoint_id: str
    is_deleted: bool = False
    statuses: tuple[DeliveryCountDocument, ...] = ()


class DeliveryCountsDocument(Document, frozen=True, kw_only=True):
    """``webhook_delivery_counts``: by endpoint, in the order of the calls, deleted ones behind them by id."""

    object: str
    endpoints: tuple[EndpointDeliveriesDocument, ...] = ()


class DeliveryPage(msgspec.Struct, frozen=True, kw_only=True):
    """Deliveries, and where the next page starts; None on the last one."""

    deliveries: tuple[WebhookDeliveryDocument, ...]
    next_start: PageStart | None


async def delivery_page(database: Any, site: Site, wanted: DeliveryQuery) -> DeliveryPage:
    """One page, the newest events first.

    Args:
        database: a pool or a connection.
    """
    found = await list_deliveries(database, site, msgspec.structs.replace(wanted, limit=wanted.limit + 1))
    shown = found[: wanted.limit]
    return DeliveryPage(
        deliveries=tuple(map(_delivery, shown)),
        next_start=PageStart(shown[-1].position, shown[-1].endpoint_id) if len(found) > len(shown) else None,
    )


async def delivery_counts(database: Any, site: Site, endpoints: WebhookEndpoints) -> DeliveryCountsDocument:
    """How many deliveries of which endpoint have which status.

    Args:
        endpoints: those of the site that there are now.
    """
    counts: defaultdict[str, list[DeliveryCountDocument]] = defaultdict(list)
    for each in await status_counts(database, site):
        count = DeliveryCountDocument(
            status=each.status, deliveries=each.deliveries, last_call_at_ms=each.last_finished_at
        )
        counts[each.endpoint_id].append(count)
    present = [endpoint.id for endpoint in endpoints.in_order_of_calls()]
    return DeliveryCountsDocument(
        object="webhook_delivery_counts",
        endpoints=tuple(
            EndpointDeliveriesDocument(
                endpoint_id=endpoint_id, is_deleted=endpoint_id not in present, statuses=tuple(counts[endpoint_id])
            )
            for endpoint_id in [*present, *sorted(counts.keys() - {*present})]
        ),
    )


def _delivery(shown: ShownDelivery) -> WebhookDeliveryDocument:
    return WebhookDeliveryDocument(
        event_id=shown.event_id,
        event_type=shown.event_type,
        position=shown.position,
        recorded_at_ms=shown.recorded_at,
        endpoint_id=shown.endpoint_id,
        status=shown.status,
        failure_reason=shown.failure_reason,
        calls=shown.attempts,
        last_call_at_ms=shown.last_finished_at,
        next_call_at_ms=shown.due_at,
        object="webhook_delivery",
    )
