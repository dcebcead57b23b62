"""When the ledger cancels orders by itself (order-generation.md, section 6)."""

from typing import Any

import pytest

from ledger.vocabulary import CancellationReason, LineItemStatus, OrderStatus, OrderType
from tests.ledger.invoice_changes.given import BORN, DAY, NOW, World, invoice, other_order, subscription

CANCELLED = "order.cancelled"
OPEN = [OrderStatus.QUEUED, OrderStatus.AWAITING_SHIPMENT, OrderStatus.ON_HOLD]
CLOSED = [
    OrderStatus.SHIPPED,
    OrderStatus.PARTIALLY_DELIVERED,
    OrderStatus.DELIVERED,
    OrderStatus.RETURNED,
    OrderStatus.CANCELLED,
]


def unpaid(**members: Any) -> World:
    return World(invoice(status="not_paid", **members))


def written_off(**members: Any) -> World:
    world = unpaid()
    world.invoice(**{"status": "paid", "write_off_amount": 30_000} | members)
    return world


def test_voiding_an_invoice_cancels_its_open_orders() -> None:
    world = unpaid()
    for order_id, status in zip("123", OPEN, strict=True):
        world.move(order_id, status)
    world.invoice(status="voided")
    assert world.reconcile() == {"1": CANCELLED, "2": CANCELLED, "3": CANCELLED}
    assert world.of_orders("status") == [OrderStatus.CANCELLED] * 3
    assert world.of_orders("cancellation_reason") == [CancellationReason.INVOICE_VOIDED] * 3
    assert world.of_orders("cancelled_at") == world.of_orders("status_update_at") == [NOW] * 3
    lines = [line for order in world.orders.values() for line in order.order_line_items]
    assert {line.status for line in lines} == {LineItemStatus.CANCELLED}


@pytest.mark.parametrize("status", CLOSED)
def test_an_order_that_is_on_its_way_or_over_keeps_its_status(status: OrderStatus) -> None:
    world = unpaid()
    for order_id in world.orders:
        world.move(order_id, status)
    world.invoice(status="voided", write_off_amount=30_000)
    world.subscription(subscription())
    assert CANCELLED not in world.reconcile().values()
    assert world.of_orders("status") == [status] * 3
    assert world.of_orders("cancellation_reason") == [None] * 3


def test_an_invoice_that_is_written_off_whole_cancels_its_open_orders() -> None:
    world = written_off()
    world.move("1", OrderStatus.SHIPPED)
    assert world.reconcile()["3"] == CANCELLED
    assert world.of_orders("status") == [OrderStatus.SHIPPED, OrderStatus.CANCELLED, OrderStatus.CANCELLED]
    assert world.of_orders("cancellation_reason")[1:] == [CancellationReason.INVOICE_WRITTEN_OFF] * 2
    assert world.of_lines("amount_adjusted") == [10_000] * 3


@pytest.mark.parametrize("amount_adjusted", [0, 30_000])
def test_a_write_off_counts_once_whether_the_adjustments_hold_it_or_not(amount_adjusted: int) -> None:
    world = written_off(amount_adjusted=amount_adjusted)
    world.reconcile()
    assert world.of_lines("amount_adjusted") == [10_000] * 3


def test_an_invoice_that_is_written_off_in_part_is_adjusted() -> None:
    world = written_off(amount_paid=20_000, write_off_amount=10_000)
    world.reconcile()
    assert world.of_orders("status") == [OrderStatus.QUEUED] * 3
    assert world.of_lines("amount_adjusted") == [3_333, 3_333, 3_334]
    assert world.of_lines("amount_paid") == [6_666, 6_666, 6_668]


def test_a_cancelled_subscription_cancels_queued_orders_that_ship_later() -> None:
    world = World()
    world.move("2", OrderStatus.AWAITING_SHIPMENT)
    world.subscription(subscription(cancelled_at=BORN))
    assert world.reconcile() == {"3": CANCELLED}
    assert world.orders["3"].cancellation_reason is CancellationReason.SUBSCRIPTION_CANCELLED
    assert world.of_lines("refundable_credits_issued") == [0] * 3


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"cancelled_at": BORN + DAY - 1}, ["2", "3"]),
        ({"cancelled_at": BORN - 1}, ["1", "2", "3"]),
        ({"cancelled_at": NOW + 10 * DAY}, ["2", "3"]),
        ({"status": "non_renewing", "cancelled_at": BORN + DAY}, []),
    ],
)
def test_what_counts_is_when_the_subscription_was_cancelled(members: dict[str, Any], expected: list[str]) -> None:
    """However late the ledger hears of it; a cancellation that is scheduled has not come."""
    world = World()
    world.subscription(subscription(**members))
    assert list(world.reconcile()) == expected


def test_a_cancellation_without_a_time_counts_from_now() -> None:
    world = World()
    world.subscription(subscription(cancelled_at=None))
    assert list(world.reconcile()) == ["2", "3"]


def test_an_order_for_two_subscriptions_lives_until_both_are_cancelled() -> None:
    lines = [
        {"id": "a", "entity_type": "plan_item_price", "amount": 100, "subscription_id": "sub_1"},
        {"id": "b", "entity_type": "plan_item_price", "amount": 100, "subscription_id": "sub_2"},
    ]
    world = World(invoice(line_items=lines, subscription_id=None), [("a", "b"), ("a", "b")], subscription_id=None)
    world.subscription(subscription("sub_1"))
    assert world.reconcile() == {}
    world.subscription(subscription("sub_2", cancelled_at=BORN + 7))
    assert world.reconcile() == {"2": CANCELLED}


def test_who_reopens_an_order_is_not_overruled() -> None:
    world = World()
    world.subscription(subscription())
    world.reconcile()
    world.change("3", cancellation_reason=None, cancelled_at=None)
    world.move("3", OrderStatus.QUEUED)
    assert world.reconcile() == {}


def test_another_reason_cancels_an_order_that_was_reopened() -> None:
    world = unpaid()
    world.subscription(subscription())
    world.reconcile()
    world.move("3", OrderStatus.QUEUED)
    world.invoice(status="voided")
    assert world.reconcile()["3"] == CANCELLED
    assert world.orders["3"].cancellation_reason is CancellationReason.INVOICE_VOIDED


@pytest.mark.parametrize("status", OPEN)
def test_an_open_resend_is_cancelled_with_its_invoice(status: OrderStatus) -> None:
    described = invoice(status="not_paid")
    world = World(described, [])
    world.add(other_order("9", described, is_imported=False, is_resent=True, status=status))
    world.invoice(status="voided")
    assert world.reconcile() == {"9": CANCELLED}


def test_a_resend_is_cancelled_with_its_subscription_and_not_by_a_write_off() -> None:
    described = invoice(status="not_paid")
    world = World(described, [])
    world.add(other_order("9", described, is_imported=False, is_resent=True, shipping_date=NOW + DAY))
    world.invoice(status="paid", write_off_amount=30_000)
    assert world.reconcile() == {}
    world.subscription(subscription())
    assert world.reconcile() == {"9": CANCELLED}


def test_a_manual_order_is_never_cancelled_by_itself() -> None:
    described = invoice(status="not_paid")
    world = World(described, [])
    world.add(other_order("9", described, is_imported=False, order_type=OrderType.MANUAL))
    world.invoice(status="voided")
    world.subscription(subscription())
    assert world.reconcile() == {}


def test_one_event_says_that_an_order_is_cancelled_and_that_its_payment_was_removed() -> None:
    world = World()
    world.invoice(status="voided", amount_paid=0)
    (change, *_) = world.changes()
    assert change.event_type.TOPIC == CANCELLED
    assert change.data["changes"].payment_status == "not_paid"
    assert change.data["order_line_items"][0].amount_paid == 0
    world.reconcile()


def test_without_generation_nothing_is_cancelled() -> None:
    world = unpaid()
    world.invoice(status="voided")
    world.subscription(subscription())
    assert world.reconcile(generation_enabled=False) == {}
