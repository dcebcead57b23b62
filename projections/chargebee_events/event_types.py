"""Which of Chargebee's types an event of the log is shown as (chargebee/events.md, section 3).

An event of an order is one event of Chargebee's; events of invoices, settings and the like are none. Where no special
type applies, the order was updated.
"""

from collections.abc import Iterable
from enum import StrEnum

from ledger.events import (
    EVENT_TYPES,
    OrderCancelled,
    OrderCreated,
    OrderCreatedFromResend,
    OrderDeleted,
    OrderDelivered,
    OrderGenerated,
    OrderImported,
    OrderReadyToProcess,
    OrderReadyToShip,
    OrderResent,
    OrderReturned,
)


class OrderEventType(StrEnum):
    """What can happen to an order."""

    ORDER_CREATED = "order_created"
    ORDER_UPDATED = "order_updated"
    ORDER_CANCELLED = "order_cancelled"
    ORDER_DELIVERED = "order_delivered"
    ORDER_RETURNED = "order_returned"
    ORDER_READY_TO_PROCESS = "order_ready_to_process"
    ORDER_READY_TO_SHIP = "order_ready_to_ship"
    ORDER_DELETED = "order_deleted"
    ORDER_RESENT = "order_resent"


_SPECIAL: dict[str, OrderEventType] = {
    OrderCreated.TOPIC: OrderEventType.ORDER_CREATED,
    OrderImported.TOPIC: OrderEventType.ORDER_CREATED,
    OrderCreatedFromResend.TOPIC: OrderEventType.ORDER_CREATED,
    OrderGenerated.TOPIC: OrderEventType.ORDER_CREATED,
    OrderCancelled.TOPIC: OrderEventType.ORDER_CANCELLED,
    OrderDelivered.TOPIC: OrderEventType.ORDER_DELIVERED,
    OrderReturned.TOPIC: OrderEventType.ORDER_RETURNED,
    OrderResent.TOPIC: OrderEventType.ORDER_RESENT,
    OrderDeleted.TOPIC: OrderEventType.ORDER_DELETED,
    OrderReadyToProcess.TOPIC: OrderEventType.ORDER_READY_TO_PROCESS,
    OrderReadyToShip.TOPIC: OrderEventType.ORDER_READY_TO_SHIP,
}

SHOWN: dict[str, OrderEventType] = {
    event_type.TOPIC: _SPECIAL.get(event_type.TOPIC, OrderEventType.ORDER_UPDATED)
    for event_type in EVENT_TYPES
    if event_type.TOPIC.startswith("order.")
}
"""Chargebee's type by ours, for every type that is shown."""


def logged_as(event_types: Iterable[str]) -> tuple[str, ...]:
    """Our types that are shown as any of these."""
    wanted = frozenset(event_types)
    return tuple(logged for logged, shown in SHOWN.items() if shown in wanted)
