"""Which orders follow their invoice, and in what order they stand."""

from collections.abc import Iterable, Sequence

from ledger.invoice import Invoice
from ledger.order import Order
from ledger.vocabulary import OrderType


def follows_invoice(order: Order) -> bool:
    """Whether the order has a part of the invoice's money: generated and imported orders do.

    A resent order is free of charge, a manual one has no amounts, a deleted one is over.
    """
    return not (order.order_type is OrderType.MANUAL or order.is_resent or order.deleted)


def in_order_of_birth(orders: Iterable[Order], invoice: Invoice) -> Sequence[Order]:
    """Generated orders in the order in which their lines were split over them. Imported ones are left out: each holds
    the whole invoice.
    """
    places = {generated.order_id: place for place, generated in enumerate(invoice.generated)}
    generated = (order for order in orders if order.id in places)
    return sorted(generated, key=lambda order: places[order.id])


def latest_first(orders: Iterable[Order]) -> Sequence[Order]:
    """Orders by the date on which they are due, the latest first."""
    return sorted(
        orders, key=lambda order: (order.order_date or order.created_at, len(order.id), order.id), reverse=True
    )
