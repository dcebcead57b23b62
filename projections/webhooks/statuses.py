"""What became of the deliveries of events, for whoever shows them or looks for them.

What the consumer has not come to yet is planned here from the log, as it will plan it: a status never turns from
``not_configured`` into another one.
"""

from collections.abc import Collection, Mapping, Sequence
from itertools import groupby
from typing import Any

import msgspec

from ledger.consumer import ConsumerCheckpoint
from ledger.envelope import EventMapper
from ledger.ids import Position, Site
from ledger.store import Store
from ledger.vocabulary import WebhookStatus
from projections.chargebee_events.delivery import EventDelivery
from projections.sql import query
from projections.webhooks.endpoints_at import EndpointsAt
from projections.webhooks.planned import is_delivered, plan

CONSUMER = "webhooks"
"""The name of the consumer that plans deliveries."""

_mapper = EventMapper()


class DeliveryState(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an event at one endpoint; an event's states are in the order of the calls."""

    endpoint_id: str
    status: WebhookStatus
    first_finished_at: int | None = None
    failure_reason: str | None = None


async def deliveries(database: Any, site: Site, positions: Collection[Position]) -> Mapping[Position, EventDelivery]:
    """What the events at these positions show; one that is missing here had no endpoint when it happened.

    Args:
        database: a pool or a connection.
    """
    found = await delivery_states(database, site, positions)
    return {position: event_delivery(states) for position, states in found.items()}


async def statuses_at(
    database: Any, site: Site, positions: Collection[Position]
) -> Mapping[Position, frozenset[WebhookStatus]]:
    """The statuses of the events at these positions at any endpoint; without one it is ``not_configured`` alone."""
    found = await delivery_states(database, site, positions)
    none = frozenset({WebhookStatus.NOT_CONFIGURED})
    return {
        position: frozenset(state.status for state in found[position]) if position in found else none
        for position in positions
    }


async def positions_with_status(
    database: Any,
    site: Site,
    statuses: Collection[WebhookStatus],
    first: Position,
    last: Position,
    *,
    limit: int,
) -> list[Position]:
    """The first events from one position to another, both included, with any of these statuses at any endpoint.

    Events without an endpoint are not looked for: ``not_configured`` finds none. What the consumer has not come to
    is not found either (``planned_until``).
    """
    rows = await database.fetch(query("webhook_positions"), site, [str(each) for each in statuses], first, last, limit)
    return [Position(row["position"]) for row in rows]


async def planned_until(database: Any, site: Site) -> Position:
    """The last position that the consumer has come to."""
    return await ConsumerCheckpoint(database, site, CONSUMER).load()


async def delivery_states(
    database: Any, site: Site, positions: Collection[Position]
) -> dict[Position, tuple[DeliveryState, ...]]:
    """The states of the events at these positions, of those that had an endpoint."""
    # First the checkpoint: what is planned meanwhile is then planned twice, and not missed.
    until = await planned_until(database, site)
    rows = await database.fetch(query("webhook_deliveries_at"), site, list(positions))
    found = {
        Position(position): tuple(_state(row) for row in group)
        for position, group in groupby(rows, key=lambda row: row["position"])
    }
    unplanned = [position for position in positions if position > until and position not in found]
    return found | await _planned(database, site, unplanned) if unplanned else found


def event_delivery(states: Sequence[DeliveryState]) -> EventDelivery:
    """What an event shows: the status at the first endpoint that is called, which is the primary one if there is one.

    Ids and statuses of endpoints are shown once a first call has finished (chargebee/events.md, section 1).
    """
    first = states[0]
    is_called = any(state.first_finished_at is not None for state in states)
    return EventDelivery(
        first.status,
        first.failure_reason,
        tuple((state.endpoint_id, state.status) for state in states) if is_called else (),
    )


async def _planned(
    database: Any, site: Site, positions: Sequence[Position]
) -> dict[Position, tuple[DeliveryState, ...]]:
    endpoints = await EndpointsAt.read(database, site, _mapper)
    if not endpoints.any_until(max(positions)):
        return {}
    found = {}
    for record in await Store(database).events_at(site, positions):
        planned = plan(_mapper, record, endpoints.at(record.position)) if is_delivered(record) else ()
        if planned:
            found[record.position] = tuple(
                DeliveryState(endpoint_id=each.endpoint_id, status=each.status, failure_reason=each.failure_reason)
                for each in planned
            )
    return found


def _state(row: Any) -> DeliveryState:
    return DeliveryState(
        endpoint_id=row["endpoint_id"],
        status=WebhookStatus(row["status"]),
        first_finished_at=row["first_finished_at"],
        failure_reason=row["failure_reason"],
    )
