"""What a payment, its removal and an adjustment do to the orders of an invoice (order-generation.md, sections 5, 6)."""

import pytest

from ledger.vocabulary import InvoiceStatus, OrderStatus, OrderType, PaymentStatus
from tests.ledger.invoice_changes.given import BORN, PAID, World, invoice, other_order

UPDATED = "order.invoice_updated"
NOT_PAID, IS_PAID = PaymentStatus.NOT_PAID, PaymentStatus.PAID


def unpaid() -> World:
    return World(invoice(status="payment_due"))


def test_nothing_changes_while_nothing_happens() -> None:
    assert World().reconcile() == {}
    assert unpaid().reconcile() == {}


def test_an_invoice_that_gets_paid_pays_its_orders() -> None:
    world = unpaid()
    world.invoice(status="paid", amount_paid=20_000, credits_applied=10_000, paid_at=BORN + 5)
    assert world.reconcile() == {"1": UPDATED, "2": UPDATED, "3": UPDATED}
    assert world.of_orders("payment_status") == [IS_PAID] * 3
    assert world.of_orders("paid_on") == [BORN + 5] * 3
    assert world.of_lines("amount_paid") == [10_000] * 3
    assert world.of_orders("status") == [OrderStatus.QUEUED] * 3


def test_part_of_a_payment_is_shared_before_the_invoice_is_paid() -> None:
    world = unpaid()
    world.invoice(amount_paid=10_000)
    world.reconcile()
    assert world.of_lines("amount_paid") == [3_333, 3_333, 3_334]
    assert world.of_orders("payment_status") == [NOT_PAID] * 3


def test_the_documented_adjustment_splits_what_was_paid_and_what_was_adjusted() -> None:
    """300.00, of which 200.00 are paid and 100.00 adjusted, over three orders (section 5)."""
    world = unpaid()
    adjustment = {"cn_id": "CN-A", "cn_total": 10_000, "cn_status": "adjusted"}
    world.invoice(
        status="paid", amount_paid=20_000, amount_adjusted=10_000, paid_at=PAID, adjustment_credit_notes=[adjustment]
    )
    world.reconcile()
    assert world.of_lines("amount_paid") == [6_666, 6_666, 6_668]
    assert world.of_lines("amount_adjusted") == [3_333, 3_333, 3_334]
    for note, share in zip(world.linked("CN-A"), [3_333, 3_333, 3_334], strict=True):
        assert note is not None
        assert (note.type, note.status, note.amount, note.amount_adjusted) == ("adjustment", "adjusted", share, share)


def test_a_payment_that_is_removed_leaves_queued_orders_not_paid() -> None:
    world = World()
    world.move("1", OrderStatus.SHIPPED)
    world.move("2", OrderStatus.AWAITING_SHIPMENT)
    world.invoice(status="not_paid", amount_paid=0)
    world.reconcile()
    assert world.of_orders("payment_status") == [IS_PAID, IS_PAID, NOT_PAID]
    assert world.of_orders("paid_on") == [PAID, PAID, None]
    assert world.of_lines("amount_paid") == [0, 0, 0]
    assert world.of_orders("status") == [OrderStatus.SHIPPED, OrderStatus.AWAITING_SHIPMENT, OrderStatus.QUEUED]


def test_an_order_that_was_cancelled_is_paid_too() -> None:
    world = unpaid()
    world.move("2", OrderStatus.CANCELLED)
    world.invoice(status="paid", amount_paid=30_000, paid_at=PAID)
    world.reconcile()
    assert world.of_lines("amount_paid") == [10_000] * 3
    assert world.orders["2"].status is OrderStatus.CANCELLED


def test_lines_keep_their_shares_where_orders_hold_different_ones() -> None:
    """Twelve months, the plan every three, the addon every two (section 3)."""
    lines = [
        {"id": "plan", "entity_type": "plan_item_price", "amount": 1_201},
        {"id": "addon", "entity_type": "addon_item_price", "amount": 100},
    ]
    both, plan, addon = ("plan", "addon"), ("plan",), ("addon",)
    world = World(invoice(status="payment_due", line_items=lines), [both, addon, plan, addon, both, addon, plan, addon])
    world.invoice(status="paid", amount_paid=1_301, paid_at=PAID)
    world.reconcile()
    assert world.of_lines("amount_paid") == [316, 16, 300, 16, 316, 16, 301, 20]


def test_an_imported_order_holds_the_whole_invoice() -> None:
    described = invoice(status="payment_due")
    world = World(described, [])
    world.add(other_order("7", described))
    world.invoice(status="paid", amount_paid=30_000, paid_at=PAID)
    assert world.reconcile() == {"7": UPDATED}
    assert world.of_lines("amount_paid") == [30_000]


def test_resent_manual_and_deleted_orders_are_left_alone() -> None:
    described = invoice(status="payment_due")
    world = World(described, [])
    resent = other_order("7", described, is_imported=False, is_resent=True, original_order_id="1")
    manual = other_order("8", described, is_imported=False, order_type=OrderType.MANUAL, status=OrderStatus.NEW)
    world.add(resent, manual, other_order("9", described))
    world.change("9", deleted=True)
    world.invoice(status="paid", amount_paid=30_000, paid_at=PAID)
    assert world.reconcile() == {}


def test_without_generation_no_money_moves() -> None:
    world = unpaid()
    world.invoice(status="paid", amount_paid=30_000, paid_at=PAID)
    assert world.reconcile(generation_enabled=False) == {}


def test_an_invoice_that_was_deleted_leaves_its_orders_as_they_are() -> None:
    world = unpaid()
    world.invoice(status="voided", amount_paid=30_000, deleted=True)
    assert world.reconcile() == {}


@pytest.mark.parametrize("status", [each for each in InvoiceStatus if each is not InvoiceStatus.PAID])
def test_only_a_paid_invoice_pays_orders(status: InvoiceStatus) -> None:
    world = unpaid()
    world.invoice(status=status.value)
    world.reconcile()
    assert world.of_orders("payment_status") == [NOT_PAID] * 3
