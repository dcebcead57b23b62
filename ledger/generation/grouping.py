"""Deliveries of lines brought together into orders (chargebee/order-generation.md, section 3)."""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar
from zoneinfo import ZoneInfo

from ledger.generation.civil_time import day_of
from ledger.generation.schedule import Circumstances, Delivery
from ledger.generation.shipping import shipment
from ledger.vocabulary import CancellationReason

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedOrder:
    """One order to be: its dates in seconds, and the ids of the invoice lines that it ships a part of.

    ``subscription_id`` is None for lines of several subscriptions or of none.
    """

    subscription_id: str | None
    order_date: int
    shipping_date: int
    shipping_cut_off_date: int | None
    cancelled_for: CancellationReason | None
    line_ids: tuple[str, ...]


def orders_of_subscription(
    subscription_id: str | None, deliveries: Sequence[Sequence[Delivery]], around: Circumstances
) -> list[PlannedOrder]:
    """The union of the dates of several lines: one order for each day, with the lines that are due on it.

    Args:
        deliveries: those of each line, in the order of their dates.
    """

    def day(delivery: Delivery) -> tuple[date, CancellationReason | None]:
        return day_of(delivery.order_date, around.zone), delivery.cancelled_for

    orders = [_order(subscription_id, together, around) for together in _brought_together(deliveries, day)]
    return sorted(orders, key=lambda order: order.order_date)


def joined_orders(orders: Iterable[PlannedOrder], zone: ZoneInfo) -> list[PlannedOrder]:
    """One order for what ships on one day, whichever subscription it is for."""
    by_subscription: defaultdict[str | None, list[PlannedOrder]] = defaultdict(list)
    for order in orders:
        by_subscription[order.subscription_id].append(order)

    def shipping_day(order: PlannedOrder) -> tuple[date, CancellationReason | None]:
        return day_of(order.shipping_date, zone), order.cancelled_for

    return [_one_order(together) for together in _brought_together(by_subscription.values(), shipping_day)]


def _order(subscription_id: str | None, deliveries: Sequence[Delivery], around: Circumstances) -> PlannedOrder:
    order_date = min(delivery.order_date for delivery in deliveries)
    is_first = any(delivery.is_first for delivery in deliveries)
    shipping_date, cut_off_date = shipment(order_date, around.rule, around.zone, is_first=is_first)
    return PlannedOrder(
        subscription_id=subscription_id,
        order_date=order_date,
        shipping_date=shipping_date,
        shipping_cut_off_date=cut_off_date,
        cancelled_for=deliveries[0].cancelled_for,
        line_ids=tuple(delivery.line.id for delivery in deliveries),
    )


def _one_order(orders: Sequence[PlannedOrder]) -> PlannedOrder:
    earliest = min(orders, key=lambda order: order.order_date)
    return replace(
        earliest,
        subscription_id=earliest.subscription_id if len(orders) == 1 else None,
        line_ids=tuple(line_id for order in orders for line_id in order.line_ids),
    )


def _brought_together(schedules: Iterable[Sequence[T]], key: Callable[[T], Hashable]) -> list[list[T]]:
    """What has the same key in several schedules, first with first and second with second.

    Two of one schedule never come together: a line would be twice in one order.
    """
    found: defaultdict[tuple[Hashable, int], list[T]] = defaultdict(list)
    for schedule in schedules:
        met: Counter[Hashable] = Counter()
        for part in schedule:
            value = key(part)
            found[value, met[value]].append(part)
            met[value] += 1
    return list(found.values())
