"""What became of deliveries, read for whoever lists or counts them: the API, the console, the command line."""

from typing import Any

import msgspec

from ledger.ids import Site
from ledger.limits import INTEGER_MAX, PAGE_LIMIT_DEFAULT
from ledger.vocabulary import WebhookStatus
from projections.chargebee_events.event_types import SHOWN
from projections.listing import PageStart
from projections.sql import query

TROUBLED = (WebhookStatus.RE_SCHEDULED, WebhookStatus.FAILED, WebhookStatus.RATE_LIMITED)
"""Statuses of deliveries that failed, or were never made although they should have been."""

_NEWEST = PageStart(INTEGER_MAX, "")


class DeliveryQuery(msgspec.Struct, frozen=True, kw_only=True):
    """A page of deliveries. ``endpoint_ids`` is None for all of them.

    ``start`` is the position and the endpoint of the last row of the page before.
    """

    statuses: tuple[WebhookStatus, ...] = tuple(WebhookStatus)
    endpoint_ids: tuple[str, ...] | None = None
    since_ms: int = 0
    start: PageStart = _NEWEST
    limit: int = PAGE_LIMIT_DEFAULT


class ShownDelivery(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One delivery. Times in milliseconds; ``due_at`` is when it is made the next time."""

    position: int
    event_id: str
    event_type: str
    recorded_at: int
    endpoint_id: str
    status: WebhookStatus
    attempts: int = 0
    due_at: int | None = None
    last_finished_at: int | None = None
    failure_reason: str | None = None


class StatusCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many deliveries of an endpoint have a status, and when the last call of one finished, in milliseconds."""

    endpoint_id: str
    status: WebhookStatus
    deliveries: int
    last_finished_at: int | None


async def list_deliveries(database: Any, site: Site, wanted: DeliveryQuery) -> list[ShownDelivery]:
    """Deliveries, those of the newest events first.

    Args:
        database: a pool or a connection.
    """
    rows = await database.fetch(
        query("list_webhook_deliveries"),
        site,
        [str(status) for status in wanted.statuses],
        wanted.endpoint_ids,
        wanted.since_ms,
        wanted.start.value,
        wanted.start.id,
        wanted.limit,
    )
    return [msgspec.convert({**row, "event_type": SHOWN[row["type"]]}, ShownDelivery) for row in rows]


async def status_counts(database: Any, site: Site) -> list[StatusCount]:
    """How many of the kept deliveries have which status, by endpoint; also of endpoints that are gone."""
    rows = await database.fetch(query("webhook_status_counts"), site)
    return [msgspec.convert(dict(row), StatusCount) for row in rows]
