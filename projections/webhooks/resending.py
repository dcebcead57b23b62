"""Deliveries for people: what became of them, and making some of them again.

A delivery that is made again has the same event id in its body, and shows what came of it before (chargebee/events.md,
section 5).
"""

from collections.abc import Collection, Sequence

import asyncpg

from ledger.envelope import RecordedEvent
from ledger.errors import InvalidState, ResourceNotFound
from ledger.ids import Position, Site
from ledger.limits import WEBHOOK_DELIVERIES_KEPT_DAYS
from ledger.parts import WebhookEndpoint
from ledger.store import Store
from ledger.vocabulary import WebhookStatus
from projections.chargebee_events.event_types import SHOWN
from projections.sql import query
from projections.webhooks.delivery_list import (
    TROUBLED,
    DeliveryQuery,
    ShownDelivery,
    StatusCount,
    list_deliveries,
    status_counts,
)
from projections.webhooks.endpoints_now import EndpointsNow
from projections.webhooks.planned import is_delivered
from projections.webhooks.statuses import delivery_states, planned_until

_DAY_MS = 24 * 60 * 60 * 1000


class Resending:
    """Looks at the deliveries of a site and makes them again."""

    def __init__(self, pool: asyncpg.Pool, site: Site) -> None:
        self._pool = pool
        self._site = site

    async def endpoints(self) -> Sequence[WebhookEndpoint]:
        """The endpoints of the site, in the order of the calls."""
        return (await EndpointsNow(self._pool).of(self._site)).in_order_of_calls()

    async def counts(self) -> list[StatusCount]:
        """How many deliveries of the last 90 days have which status, by endpoint; also of endpoints that are gone."""
        return await status_counts(self._pool, self._site)

    async def troubled(self, *, since_ms: int = 0, endpoint_id: str | None = None, limit: int) -> list[ShownDelivery]:
        """The newest deliveries that failed or could not be made, of events since a time."""
        endpoint_ids = None if endpoint_id is None else (endpoint_id,)
        wanted = DeliveryQuery(statuses=TROUBLED, endpoint_ids=endpoint_ids, since_ms=since_ms, limit=limit)
        return await list_deliveries(self._pool, self._site, wanted)

    async def of_events(
        self, event_ids: Collection[str], now_ms: int, *, endpoint_id: str | None = None
    ) -> list[ShownDelivery]:
        """What can be made again of these events: a delivery to each endpoint that is there and enabled now.

        Raises:
            ResourceNotFound: an event of an order that is younger than 90 days has none of the ids.
            InvalidState: its deliveries are not planned yet.
        """
        found = await self._pool.fetch(query("event_positions"), self._site, list(event_ids))
        positions = [Position(row["position"]) for row in found]
        records = {record.event_id: record for record in await Store(self._pool).events_at(self._site, positions)}
        for event_id in event_ids:
            _require_deliverable(event_id, records.get(event_id), now_ms)
        if positions and max(positions) > await planned_until(self._pool, self._site):
            raise InvalidState("The deliveries of the event are not planned yet. Please try again in a moment.")
        states = await delivery_states(self._pool, self._site, positions)
        known = {(at, state.endpoint_id): state.status for at, each in states.items() for state in each}
        return [
            ShownDelivery(
                position=record.position,
                event_id=record.event_id,
                event_type=SHOWN[record.type],
                recorded_at=record.recorded_at,
                endpoint_id=endpoint.id,
                status=known.get((record.position, endpoint.id), WebhookStatus.NOT_CONFIGURED),
            )
            for record in sorted(records.values(), key=lambda each: each.position)
            for endpoint in await self._called(endpoint_id)
        ]

    async def resend(self, deliveries: Sequence[ShownDelivery], now_ms: int) -> int:
        """Let deliveries be made at once; returns how many will be. Endpoints that get no calls are left out."""
        places = {endpoint.id: place for place, endpoint in enumerate(await self.endpoints()) if not endpoint.disabled}
        wanted = [each for each in deliveries if each.endpoint_id in places]
        rows = await self._pool.fetch(
            query("resend_webhooks"),
            self._site,
            [each.position for each in wanted],
            [each.endpoint_id for each in wanted],
            [places[each.endpoint_id] for each in wanted],
            [each.recorded_at for each in wanted],
            now_ms,
        )
        return len(rows)

    async def _called(self, endpoint_id: str | None) -> list[WebhookEndpoint]:
        called = [each for each in await self.endpoints() if not each.disabled]
        return [each for each in called if endpoint_id in {None, each.id}]


def _require_deliverable(event_id: str, record: RecordedEvent | None, now_ms: int) -> None:
    too_old = now_ms - WEBHOOK_DELIVERIES_KEPT_DAYS * _DAY_MS
    if record is None or not is_delivered(record) or record.recorded_at <= too_old:
        raise ResourceNotFound(
            f"There is no event {event_id} of an order in the last {WEBHOOK_DELIVERIES_KEPT_DAYS} days."
        )
