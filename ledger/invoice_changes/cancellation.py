"""Why the ledger cancels an order by itself."""

from collections.abc import Mapping

from msgspec.structs import replace

from ledger.billing import SubscriptionFacts
from ledger.invoice import InvoiceFacts
from ledger.invoice_changes.schedule import follows_invoice
from ledger.order import Order
from ledger.vocabulary import CancellationReason, InvoiceStatus, LineItemStatus, OrderStatus, OrderType

OPEN = frozenset({OrderStatus.QUEUED, OrderStatus.AWAITING_SHIPMENT, OrderStatus.ON_HOLD})
"""Statuses of orders that have not been sent yet."""


def with_cancellation(
    order: Order, invoice: InvoiceFacts, subscriptions: Mapping[str, SubscriptionFacts], *, now: int
) -> Order:
    """The order cancelled where there is a reason for which it never was: who reopened it is not overruled."""
    reason = _reason(order, invoice, subscriptions, now)
    if reason is None or reason in order.cancelled_for:
        return order
    return replace(
        order,
        status=OrderStatus.CANCELLED,
        status_update_at=now,
        cancellation_reason=reason,
        cancelled_at=now,
        order_line_items=tuple(replace(line, status=LineItemStatus.CANCELLED) for line in order.order_line_items),
    )


def _reason(
    order: Order, invoice: InvoiceFacts, subscriptions: Mapping[str, SubscriptionFacts], now: int
) -> CancellationReason | None:
    """What speaks against an open order; resent ones live and die with the invoice and the subscription too."""
    if order.deleted or order.order_type is OrderType.MANUAL or order.status not in OPEN:
        return None
    if invoice.status is InvoiceStatus.VOIDED:
        return CancellationReason.INVOICE_VOIDED
    if invoice.is_written_off and follows_invoice(order):
        return CancellationReason.INVOICE_WRITTEN_OFF
    if order.status is OrderStatus.QUEUED and _outlives_subscriptions(order, invoice, subscriptions, now):
        return CancellationReason.SUBSCRIPTION_CANCELLED
    return None


def _outlives_subscriptions(
    order: Order, invoice: InvoiceFacts, subscriptions: Mapping[str, SubscriptionFacts], now: int
) -> bool:
    """Whether the order was to be shipped after all of its subscriptions were cancelled.

    What counts is the moment of the cancellation, however late it became known.
    """
    ids = _subscription_ids(order, invoice)
    known = [subscriptions[each] for each in ids if each in subscriptions]
    if not ids or len(known) < len(ids) or not all(each.is_cancelled for each in known):
        return False
    last = max(now if each.cancelled_at is None else min(each.cancelled_at, now) for each in known)
    return order.shipping_date is not None and order.shipping_date > last


def _subscription_ids(order: Order, invoice: InvoiceFacts) -> set[str]:
    """The subscriptions that the order's lines were billed for; an order may hold lines of several."""
    of_lines = {line.id: line.subscription_id for line in invoice.line_items}
    ids = {of_lines.get(line.invoice_line_item_id) or order.subscription_id for line in order.order_line_items}
    return {each for each in ids if each}
