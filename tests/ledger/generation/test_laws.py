"""Laws of generation over random invoices, catalogs and sites (chargebee/order-generation.md, sections 3 to 5)."""

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from ledger.events import OrderFacts
from ledger.parts import LineItemDiscount, LineItemTax, OrderLine
from tests.ledger.generation.scenes import at, invoice_of, line, orders_of, site
from tests.ledger.laws import for_all

ENTITY_TYPES = ["plan_item_price", "addon_item_price", "charge_item_price", "adhoc"]

money = st.integers(0, 10**9) | st.integers(0, 30)


@st.composite
def invoice_lines(draw: st.DrawFn) -> list[dict[str, Any]]:
    count = draw(st.integers(1, 4))
    lines = []
    for place in range(count):
        amount, tax = draw(money), draw(money)
        discount = draw(st.integers(0, amount))
        months = draw(st.integers(1, 12))
        lines.append(
            line(
                f"li_{place}",
                amount,
                date_from=at("2026-01-01") + draw(st.integers(0, 40)) * 43_200,
                date_to=at("2027-01-01") if months > 1 else at("2026-03-01"),
                discount_amount=discount,
                item_level_discount_amount=draw(st.integers(0, discount)),
                tax_amount=tax,
                subscription_id=draw(st.sampled_from([None, "sub_1", "sub_2"])),
                entity_type=draw(st.sampled_from(ENTITY_TYPES)),
            )
        )
    return lines


@st.composite
def scenes(draw: st.DrawFn) -> tuple[dict[str, Any], list[dict[str, Any]], dict[str, Any]]:
    """Members of a site, lines of an invoice, members of the invoice."""
    lines = [{name: value for name, value in each.items() if value is not None} for each in draw(invoice_lines())]
    total = sum(each["amount"] - each["discount_amount"] + each["tax_amount"] for each in lines)
    paid = draw(st.just(total) | st.integers(0, total))
    adjusted = draw(st.integers(0, total - paid))
    invoice = {
        "amount_paid": paid,
        "amount_adjusted": adjusted,
        "adjustment_credit_notes": [{"cn_id": "CN-A", "cn_total": adjusted, "cn_status": "adjusted"}],
        "paid_at": at("2026-01-01") + draw(st.integers(0, 60)) * 43_200,
        "line_item_taxes": [
            {"line_item_id": each["id"], "tax_name": "VAT", "tax_rate": "7", "taxable_amount": each["amount"]}
            | {"tax_amount": each["tax_amount"]}
            for each in lines
        ],
        "line_item_discounts": [
            {
                "line_item_id": each["id"],
                "discount_type": "document_level_coupon",
                "discount_amount": each["discount_amount"],
            }
            for each in lines
        ],
    }
    period = st.none() | st.tuples(st.integers(1, 4), st.sampled_from(["week", "month"]))
    periods = {each["id"]: draw(period) for each in lines}
    settings = {
        "catalog": {name: each for name, each in periods.items() if each},
        "include_non_shippable": draw(st.booleans()),
        "single_order_with_multiple_items": draw(st.booleans()),
        "time_zone": draw(st.sampled_from(["UTC", "Europe/Berlin", "America/New_York"])),
        "shipping_rule": draw(
            st.sampled_from([None, {"type": "lead_time", "days": 2}, {"type": "day_of_week", "day": "friday"}])
            | st.builds(
                lambda day, cut_off: {"type": "day_of_month", "day": day, "cut_off_day": cut_off},
                st.integers(1, 31),
                st.integers(1, 31),
            )
        ),
    }
    return settings, lines, invoice


def lines_of(orders: Sequence[OrderFacts]) -> list[OrderLine]:
    return [each for order in orders for each in order.order_line_items]


@for_all(scene=scenes())
def test_the_orders_of_a_line_sum_to_what_the_invoice_says_of_it(scene: Any) -> None:
    settings, lines, members = scene
    invoice = invoice_of(*lines, **members)
    orders = orders_of(invoice, site(**settings))
    shipped = lines_of(orders)
    taxes = [tax for order in orders for tax in order.line_item_taxes]
    discounts = [discount for order in orders for discount in order.line_item_discounts]
    for each in invoice.line_items:
        parts = [part for part in shipped if part.invoice_line_item_id == each.id]
        if parts:
            ids = {part.id for part in parts}
            assert sum(part.amount for part in parts) == each.amount
            assert sum(part.discount_amount for part in parts) == each.discount_amount
            assert sum(part.item_level_discount_amount for part in parts) == each.item_level_discount_amount
            assert sum(part.tax_amount for part in parts) == each.tax_amount
            total = each.amount - each.discount_amount + each.tax_amount
            assert sum(part.fulfillment_amount for part in parts) == total
            assert sum(_amounts_of_taxes(taxes, ids)) == each.tax_amount
            assert sum(_amounts_of_discounts(discounts, ids)) == each.discount_amount
            assert min(part.fulfillment_amount for part in parts) >= 0


@for_all(scene=scenes())
def test_where_all_lines_ship_the_orders_sum_to_the_invoice(scene: Any) -> None:
    settings, lines, members = scene
    invoice = invoice_of(*lines, **members)
    orders = orders_of(invoice, site(**settings))
    shipped = lines_of(orders)
    linked = sum(note.amount for order in orders for note in order.linked_credit_notes)
    adjusted = sum(each.amount_adjusted for each in shipped)
    assert adjusted == linked
    if {each.id for each in invoice.line_items} == {each.invoice_line_item_id for each in shipped}:
        assert sum(each.fulfillment_amount for each in shipped) == invoice.total
        assert sum(each.amount_paid for each in shipped) == (invoice.paid if invoice.total else 0)
        assert adjusted == invoice.amount_adjusted


@for_all(scene=scenes(), data=st.data())
def test_the_order_of_the_lines_does_not_matter_for_the_sums(scene: Any, data: st.DataObject) -> None:
    settings, lines, members = scene
    shuffled = data.draw(st.permutations(lines))

    def sums(of: Sequence[dict[str, Any]]) -> list[tuple[int | None, ...]]:
        orders = orders_of(invoice_of(*of, **members), site(**settings))
        return sorted(
            (
                order.order_date or 0,
                order.shipping_date or 0,
                *map(sum, zip(*((each.amount, each.tax_amount) for each in order.order_line_items), strict=True)),
            )
            for order in orders
        )

    assert sums(lines) == sums(shuffled)


@for_all(scene=scenes())
def test_no_order_date_lies_outside_the_term_but_for_the_payment(scene: Any) -> None:
    settings, lines, members = scene
    invoice = invoice_of(*lines, **members)
    terms = {each.id: (each.date_from or 0, each.date_to or 0) for each in invoice.line_items}
    for order in orders_of(invoice, site(**settings)):
        assert order.order_date is not None
        own = [terms[each.invoice_line_item_id] for each in order.order_line_items if each.is_shippable]
        assert any(start <= order.order_date < end for start, end in own) or order.order_date == invoice.paid_at


def _amounts_of_taxes(taxes: Sequence[LineItemTax], ids: set[str]) -> list[int]:
    return [tax.tax_amount for tax in taxes if tax.line_item_id in ids]


def _amounts_of_discounts(discounts: Sequence[LineItemDiscount], ids: set[str]) -> list[int]:
    return [discount.discount_amount for discount in discounts if discount.line_item_id in ids]
