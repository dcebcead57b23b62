"""Which status may follow which, and how an order and its lines move together (chargebee/orders.md, section 5)."""

from collections.abc import Mapping, Sequence

from ledger.errors import InvalidState, ParamWrongValue
from ledger.order import Order
from ledger.parts import OrderLine
from ledger.vocabulary import CURRENT_STATUSES, LEGACY_STATUSES, LineItemStatus, OrderStatus, OrderType

_OPEN = frozenset({OrderStatus.QUEUED, OrderStatus.AWAITING_SHIPMENT, OrderStatus.ON_HOLD})
_FROM_OPEN = _OPEN | {
    OrderStatus.SHIPPED,
    OrderStatus.PARTIALLY_DELIVERED,
    OrderStatus.DELIVERED,
    OrderStatus.CANCELLED,
}
_FROM_LEGACY_OPEN = frozenset(OrderStatus) - {OrderStatus.RETURNED}

TRANSITIONS: Mapping[OrderStatus, frozenset[OrderStatus]] = {
    **{status: _FROM_OPEN - {status} for status in _OPEN},
    OrderStatus.SHIPPED: frozenset(
        {
            OrderStatus.PARTIALLY_DELIVERED,
            OrderStatus.DELIVERED,
            OrderStatus.RETURNED,
            OrderStatus.CANCELLED,
        }
    ),
    OrderStatus.PARTIALLY_DELIVERED: frozenset({OrderStatus.DELIVERED, OrderStatus.RETURNED, OrderStatus.CANCELLED}),
    OrderStatus.DELIVERED: frozenset({OrderStatus.RETURNED, OrderStatus.CANCELLED}),
    OrderStatus.RETURNED: frozenset(),
    OrderStatus.CANCELLED: frozenset(),
    OrderStatus.NEW: _FROM_LEGACY_OPEN - {OrderStatus.NEW},
    OrderStatus.PROCESSING: _FROM_LEGACY_OPEN - {OrderStatus.PROCESSING},
    OrderStatus.COMPLETE: frozenset({OrderStatus.RETURNED, OrderStatus.CANCELLED, OrderStatus.VOIDED}),
    OrderStatus.VOIDED: frozenset(),
}
"""The statuses that an update may set, by present status."""

_SETTLED_LINES = frozenset({LineItemStatus.CANCELLED, LineItemStatus.RETURNED})


def refuse_legacy_status(order: Order, status: OrderStatus) -> None:
    """Only manual orders take the statuses that exist for them alone."""
    if order.order_type is not OrderType.MANUAL and status in LEGACY_STATUSES - CURRENT_STATUSES:
        raise ParamWrongValue("is a status of manual orders", param="status")


def refuse_transition(present: OrderStatus, wanted: OrderStatus) -> None:
    """A change that the table does not allow is refused; the present status again is no change."""
    if wanted is not present and wanted not in TRANSITIONS[present]:
        raise InvalidState(f"A {present} order cannot become {wanted}.")


def refuse_line_transition(line: OrderLine, wanted: LineItemStatus) -> None:
    """Lines follow the same table as orders."""
    present = OrderStatus(line.status.value)
    if wanted is not line.status and OrderStatus(wanted.value) not in TRANSITIONS[present]:
        raise InvalidState(f"A {present} line item cannot become {wanted}.")


def lines_that_follow(order: Order, status: OrderStatus) -> Sequence[OrderLine]:
    """The lines that an order takes along when its status changes."""
    if status is OrderStatus.PARTIALLY_DELIVERED or status not in CURRENT_STATUSES:
        return ()
    return tuple(line for line in order.shippable_lines if line.status not in _SETTLED_LINES)


def status_of_lines(order: Order, statuses: Mapping[str, LineItemStatus]) -> OrderStatus | None:
    """The status that changed lines give the order, None where they leave it alone.

    Args:
        statuses: status of each line after the change, by line id.
    """
    shippable = [statuses[line.id] for line in order.shippable_lines]
    active = [status for status in shippable if status is not LineItemStatus.CANCELLED]
    if not shippable:
        return None
    derived = _common_status(active)
    if derived is None or derived is order.status or derived not in TRANSITIONS[order.status]:
        return None
    return derived


def _common_status(active: Sequence[LineItemStatus]) -> OrderStatus | None:
    if not active:
        return OrderStatus.CANCELLED
    if len(set(active)) == 1:
        return OrderStatus(active[0].value)
    if LineItemStatus.DELIVERED in active:
        return OrderStatus.PARTIALLY_DELIVERED
    return None
