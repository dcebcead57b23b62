"""The consumer that writes down which event is to be delivered where. It calls nobody, and no rebuild repeats it.

What it writes and how far it has come are one transaction, so each event gets its deliveries once. Endpoints are those
that existed when the event happened, so a log that is read for the first time brings up no event of before.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from msgspec.structs import astuple

from ledger.envelope import EventMapper, RecordedEvent
from ledger.ids import WEBHOOK_ENDPOINTS_STREAM, Site, system_clock_ms
from ledger.limits import WEBHOOK_FAILED_LATELY_S, WEBHOOK_WAITING_MAX
from projections.sql import query
from projections.webhooks.endpoints_at import EndpointsAt
from projections.webhooks.planned import is_delivered, plan
from projections.webhooks.statuses import CONSUMER
from projections.webhooks.turns import NewDelivery, Turns

_LATELY_MS = int(WEBHOOK_FAILED_LATELY_S * 1000)


class DeliveryPlanner:
    """Adds the deliveries of new events.

    Args:
        waiting_max: deliveries that may wait at one endpoint; what comes beyond it is ``rate_limited``.
    """

    name = CONSUMER
    # Deliveries come soon, not at once; Chargebee's own are late by minutes at times.
    pause_s = 0.1

    def __init__(
        self, clock_ms: Callable[[], int] = system_clock_ms, *, waiting_max: int = WEBHOOK_WAITING_MAX
    ) -> None:
        self._clock_ms = clock_ms
        self._waiting_max = waiting_max
        self._mapper = EventMapper()

    async def handle(self, connection: Any, site: Site, page: Sequence[RecordedEvent]) -> None:
        """Take a page. Where there has never been an endpoint, nothing of it is read."""
        endpoints = await EndpointsAt.read(connection, site, self._mapper)
        if not endpoints.any_until(page[-1].position):
            return
        turns = await self._turns(connection, site, page, endpoints)
        await _add(
            connection,
            site,
            [
                delivery
                for record in page
                if is_delivered(record)
                for delivery in turns.deliveries(record, plan(self._mapper, record, endpoints.at(record.position)))
            ],
        )
        for record in page:
            if record.stream == WEBHOOK_ENDPOINTS_STREAM:
                called = [each.id for each in endpoints.at(record.position).endpoints if not each.disabled]
                await connection.execute(query("stop_webhook_deliveries"), site, called, record.position)

    async def _turns(self, connection: Any, site: Site, page: Sequence[RecordedEvent], endpoints: EndpointsAt) -> Turns:
        """With regard to how the endpoints do at the moment to which any event of the page is delivered."""
        now_ms = self._clock_ms()
        known = {each.id for record in page for each in endpoints.at(record.position).endpoints}
        rows = await connection.fetch(
            query("webhook_endpoint_health"), site, list(known), now_ms - _LATELY_MS, self._waiting_max
        )
        return Turns(
            now_ms,
            failing=frozenset(row["endpoint_id"] for row in rows if row["failed_lately"]),
            room=Counter({row["endpoint_id"]: self._waiting_max - row["waiting"] for row in rows}),
        )


async def _add(connection: Any, site: Site, deliveries: Sequence[NewDelivery]) -> None:
    if deliveries:
        columns = zip(*map(astuple, deliveries), strict=True)
        await connection.execute(query("add_webhook_deliveries"), site, *map(list, columns))
