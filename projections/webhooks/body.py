"""The body of a call: the event as the Events API shows it, at the top level (chargebee/events.md, section 5)."""

from collections.abc import Sequence

import asyncpg

from ledger.errors import RecordUnreadable
from ledger.ids import Position, Site
from ledger.store import Store
from ledger.vocabulary import WebhookStatus
from projections.chargebee_events.contents import metadata_of, orders_after
from projections.chargebee_events.delivery import EventDelivery
from projections.chargebee_events.resource import event_json
from projections.webhooks.deliveries import Claimed
from projections.webhooks.statuses import delivery_states


class Bodies:
    """Makes bodies from the log."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def of(self, site: Site, deliveries: Sequence[Claimed]) -> dict[Position, bytes]:
        """The bodies of the next calls, by position; of an event that cannot be read any more there is none."""
        try:
            return await self._of(site, deliveries)
        except RecordUnreadable:
            if len(deliveries) == 1:
                return {}
        # One of them stops the others no longer than this.
        found: dict[Position, bytes] = {}
        for delivery in deliveries:
            found |= await self.of(site, [delivery])
        return found

    async def _of(self, site: Site, deliveries: Sequence[Claimed]) -> dict[Position, bytes]:
        records = await Store(self._pool).events_at(site, [delivery.position for delivery in deliveries])
        orders = await orders_after(self._pool, site, records)
        shown = await self._shown(site, deliveries)
        return {
            record.position: event_json(
                site, record, metadata_of(record), orders[record.position], shown[record.position]
            )
            for record in records
        }

    async def _shown(self, site: Site, deliveries: Sequence[Claimed]) -> dict[Position, EventDelivery]:
        """The first call of an endpoint shows no results; a later one shows the endpoint's own, and those of all."""
        later = [delivery.position for delivery in deliveries if not delivery.is_first_call]
        states = await delivery_states(self._pool, site, later) if later else {}
        shown = {}
        for each in deliveries:
            webhooks = tuple((state.endpoint_id, state.status) for state in states.get(each.position, ()))
            shown[each.position] = (
                EventDelivery(WebhookStatus.SCHEDULED)
                if each.is_first_call
                else EventDelivery(each.status, each.failure_reason, webhooks)
            )
        return shown
