"""What of the money of an invoice its orders have (chargebee/order-generation.md, section 5)."""

from collections.abc import Sequence

from ledger.events import OrderFacts
from ledger.parts import OrderLine
from ledger.vocabulary import LineItemStatus, OrderStatus, PaymentStatus
from tests.ledger.generation.scenes import at, invoice_of, line, orders_of, site

MONTHLY = {"plan": (1, "month")}
QUARTER = {"date_to": at("2026-04-01")}


def plan_lines(orders: Sequence[OrderFacts]) -> list[OrderLine]:
    return [each for order in orders for each in order.order_line_items]


def test_an_amount_is_split_equally_and_the_remainder_is_on_the_last_order() -> None:
    lines = plan_lines(orders_of(invoice_of(line(amount=20_000, quantity=3, **QUARTER)), site(catalog=MONTHLY)))
    assert [each.amount for each in lines] == [6_666, 6_666, 6_668]
    assert [each.fulfillment_amount for each in lines] == [6_666, 6_666, 6_668]
    assert [each.amount_paid for each in lines] == [6_666, 6_666, 6_668]
    # The quantity is that of each delivery.
    assert {(each.unit_price, each.fulfillment_quantity) for each in lines} == {(120_000, 3)}


def test_an_invoice_that_was_adjusted_in_part_as_it_is_documented() -> None:
    invoice = invoice_of(
        line(amount=30_000, **QUARTER),
        amount_paid=20_000,
        amount_adjusted=10_000,
        adjustment_credit_notes=[{"cn_id": "CN-1", "cn_total": 10_000, "cn_status": "adjusted"}],
    )
    orders = orders_of(invoice, site(catalog=MONTHLY))
    lines = plan_lines(orders)
    assert [each.amount for each in lines] == [10_000, 10_000, 10_000]
    assert [each.amount_paid for each in lines] == [6_666, 6_666, 6_668]
    assert [each.amount_adjusted for each in lines] == [3_333, 3_333, 3_334]
    notes = [note for order in orders for note in order.linked_credit_notes]
    assert [(note.id, note.type, note.status, note.amount_adjusted) for note in notes] == [
        ("CN-1", "adjustment", "adjusted", 3_333),
        ("CN-1", "adjustment", "adjusted", 3_333),
        ("CN-1", "adjustment", "adjusted", 3_334),
    ]


def test_the_documented_plan_and_addon_share_what_their_lines_cost() -> None:
    addon = line("addon", 60_000, entity_type="addon_item_price")
    orders = orders_of(invoice_of(line(), addon), site(catalog={"plan": (3, "month"), "addon": (2, "month")}))
    amounts = [{each.invoice_line_item_id: each.amount for each in order.order_line_items} for order in orders]
    assert amounts == [
        {"plan": 30_000, "addon": 10_000},
        {"addon": 10_000},
        {"plan": 30_000},
        {"addon": 10_000},
        {"plan": 30_000, "addon": 10_000},
        {"addon": 10_000},
        {"plan": 30_000},
        {"addon": 10_000},
    ]


def test_taxes_and_discounts_are_split_line_by_line() -> None:
    tax = {"line_item_id": "plan", "tax_name": "VAT", "tax_rate": "19", "taxable_amount": 8_000, "tax_amount": 1_520}
    invoice = invoice_of(
        line(amount=10_000, discount_amount=2_000, item_level_discount_amount=500, tax_amount=1_520, **QUARTER),
        line_item_taxes=[tax | {"prorated_taxable_amount": "80.05", "tax_amount_in_local_currency": 1_000}],
        line_item_discounts=[
            {"line_item_id": "plan", "discount_type": "document_level_coupon", "discount_amount": 1_500},
            {"line_item_id": "plan", "discount_type": "item_level_coupon", "discount_amount": 500},
        ],
    )
    orders = orders_of(invoice, site(catalog=MONTHLY))
    lines = plan_lines(orders)
    assert [each.discount_amount for each in lines] == [666, 666, 668]
    assert [each.item_level_discount_amount for each in lines] == [166, 166, 168]
    assert [each.tax_amount for each in lines] == [506, 506, 508]
    assert [each.fulfillment_amount for each in lines] == [3_173, 3_173, 3_174]
    taxes = [tax for order in orders for tax in order.line_item_taxes]
    assert [tax.line_item_id for tax in taxes] == [each.id for each in lines]
    assert [(tax.taxable_amount, tax.tax_amount) for tax in taxes] == [(2_666, 506), (2_666, 506), (2_668, 508)]
    assert [tax.prorated_taxable_amount for tax in taxes] == ["26.68", "26.68", "26.69"]
    assert [tax.tax_amount_in_local_currency for tax in taxes] == [333, 333, 334]
    assert [each.discount_amount for order in orders for each in order.line_item_discounts] == [
        *(500, 166, 500, 166, 500, 168)
    ]


def test_a_remainder_never_makes_a_small_order_cost_less_than_nothing() -> None:
    lines = plan_lines(orders_of(invoice_of(line(amount=11, discount_amount=11, **QUARTER)), site(catalog=MONTHLY)))
    assert [each.amount for each in lines] == [3, 3, 5]
    tiny = line(amount=8, discount_amount=7, date_to=at("2026-05-01"))
    lines = plan_lines(orders_of(invoice_of(tiny), site(catalog=MONTHLY)))
    assert [(each.amount, each.discount_amount) for each in lines] == [(2, 1), (2, 2), (2, 2), (2, 2)]
    assert [each.fulfillment_amount for each in lines] == [1, 0, 0, 0]


def test_one_order_has_everything() -> None:
    invoice = invoice_of(line(amount=10_001, tax_amount=99), round_off_amount=-3)
    [order] = orders_of(invoice)
    [only] = order.order_line_items
    assert (only.amount, only.tax_amount, only.amount_paid) == (10_001, 99, 10_100)
    assert order.invoice_round_off_amount == 3


def test_the_round_off_is_on_the_last_order() -> None:
    orders = orders_of(invoice_of(line(**QUARTER), round_off_amount=-3), site(catalog=MONTHLY))
    assert [order.invoice_round_off_amount for order in orders] == [None, None, 3]


def test_a_line_has_the_share_of_the_payment_that_its_total_has_of_the_invoice() -> None:
    invoice = invoice_of(
        line(amount=20_000), line("fee", 10_000, entity_type="adhoc"), amount_paid=10_000, credits_applied=5_000
    )
    [order] = orders_of(invoice)
    assert [each.amount_paid for each in order.order_line_items] == [10_000]


def test_a_partly_written_off_invoice_counts_it_as_adjusted() -> None:
    invoice = invoice_of(line(amount=30_000, **QUARTER), amount_paid=20_000, write_off_amount=10_000)
    orders = orders_of(invoice, site(catalog=MONTHLY))
    assert [each.amount_adjusted for each in plan_lines(orders)] == [3_333, 3_333, 3_334]
    assert {order.status for order in orders} == {OrderStatus.QUEUED}


def test_cancelled_orders_have_their_share_too() -> None:
    invoice = invoice_of(line(amount=300, **QUARTER), amount_paid=0, write_off_amount=300)
    orders = orders_of(invoice, site(catalog=MONTHLY))
    assert {order.status for order in orders} == {OrderStatus.CANCELLED}
    assert {each.status for each in plan_lines(orders)} == {LineItemStatus.CANCELLED}
    assert [each.amount_adjusted for each in plan_lines(orders)] == [100, 100, 100]


def test_orders_are_paid_as_their_invoice_is() -> None:
    [paid] = orders_of(invoice_of(paid_at=at("2026-01-02")))
    assert (paid.payment_status, paid.paid_on) == (PaymentStatus.PAID, at("2026-01-02"))
    unpaid_site = site(unpaid_statuses=["posted", "payment_due"])
    [unpaid] = orders_of(invoice_of(status="payment_due", paid_at=None), unpaid_site)
    assert (unpaid.payment_status, unpaid.paid_on) == (PaymentStatus.NOT_PAID, None)
