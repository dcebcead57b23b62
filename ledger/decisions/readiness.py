"""Telling that a date of an order was reached (chargebee/events.md, section 3)."""

from ledger.commands import MarkReady
from ledger.decision import Context, Decision, Recording, Stream
from ledger.events import OrderReadyToProcess, OrderReadyToShip
from ledger.order import Order
from ledger.vocabulary import OrderStatus, ReadyDate

TOLD_STATUSES = frozenset({OrderStatus.QUEUED, OrderStatus.AWAITING_SHIPMENT})
"""The statuses in which it matters that a date is reached."""


def mark_ready(command: MarkReady, order: Stream[Order], context: Context) -> Decision:
    """Tell that the date is reached, once for each value of it; a date that moved behind the telling is told again."""
    recording = Recording(context.now_ms)
    if order.state.status in TOLD_STATUSES:
        if command.date is ReadyDate.ORDER_DATE:
            date = order.state.order_date
            if date is not None and _is_to_be_told(date, order.state.ready_to_process_at, context.now):
                recording.add(order, OrderReadyToProcess, order_date=date)
        else:
            date = order.state.shipping_date
            if date is not None and _is_to_be_told(date, order.state.ready_to_ship_at, context.now):
                recording.add(order, OrderReadyToShip, shipping_date=date)
    return Decision(events=recording.events, order_id=command.order_id)


def _is_to_be_told(date: int, told_at: int | None, now: int) -> bool:
    return date <= now and (told_at is None or date > told_at)
