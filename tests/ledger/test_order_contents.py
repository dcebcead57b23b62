"""What an order holds of its invoice: laws over random invoices (chargebee/orders.md, section 4; order-generation.md,
section 5).
"""

import itertools
from typing import Any

import msgspec
from hypothesis import strategies as st

from ledger.invoice import InvoiceFacts, read_facts
from ledger.invoice_shares import line_total
from ledger.order_contents import OrderContents, known_address, spread_credit, whole_invoice
from ledger.parts import Address
from ledger.settings import SiteSettings
from ledger.vocabulary import EntityType, LineItemStatus, PriceType, ValidationStatus
from tests.ledger.laws import for_all

money = st.integers(0, 10**9) | st.integers(0, 30)


invoice_lines = st.fixed_dictionaries(
    {
        "entity_type": st.sampled_from([each.value for each in EntityType]),
        "amount": money,
        "unit_amount": money,
        "quantity": st.integers(0, 100),
        "tax_amount": money,
        "discount_amount": money,
    }
)


@st.composite
def invoices(draw: st.DrawFn) -> InvoiceFacts:
    """Any invoice: paid whole, in part or by credits, adjusted, with or without what is not shipped."""
    drawn = draw(st.lists(invoice_lines, max_size=6))
    lines: list[dict[str, Any]] = [{**line, "id": f"li_{place}"} for place, line in enumerate(drawn)]
    description: dict[str, Any] = {
        "id": "inv_1",
        "status": "paid",
        "currency_code": "USD",
        "price_type": draw(st.sampled_from([each.value for each in PriceType])),
        "line_items": lines,
    }
    facts = read_facts(description)
    costs = sum(line_total(line, facts.price_type) for line in facts.line_items)
    total = max(0, costs + draw(st.sampled_from([0, 0, 0, -7, 7, 10**6])))
    paid = draw(st.just(total) | st.integers(0, total))
    credits_applied = draw(st.integers(0, total - paid))
    adjusted = draw(st.integers(0, total - paid - credits_applied))
    notes = [{"cn_id": "CN-A", "cn_total": adjusted, "cn_status": "adjusted"}] if adjusted else []
    description |= {
        "total": total,
        "amount_paid": paid,
        "credits_applied": credits_applied,
        "amount_adjusted": adjusted,
        "adjustment_credit_notes": notes,
    }
    return read_facts(description)


def contents(invoice: InvoiceFacts, settings: SiteSettings) -> OrderContents:
    numbers = itertools.count(1)
    return whole_invoice(invoice, settings, status=LineItemStatus.QUEUED, new_line_id=lambda: f"o_li_{next(numbers)}")


EVERYTHING = SiteSettings(include_non_shippable=True)


@for_all(invoice=invoices())
def test_a_line_holds_its_invoice_line_whole(invoice: InvoiceFacts) -> None:
    for line, order_line in zip(invoice.line_items, contents(invoice, EVERYTHING).order_line_items, strict=True):
        assert order_line.invoice_line_item_id == line.id
        assert (order_line.unit_price, order_line.fulfillment_quantity) == (line.unit_amount, line.quantity)
        assert (order_line.amount, order_line.tax_amount) == (line.amount, line.tax_amount)
        assert order_line.fulfillment_amount == line_total(line, invoice.price_type)


@for_all(invoice=invoices())
def test_lines_are_never_paid_or_adjusted_beyond_the_invoice(invoice: InvoiceFacts) -> None:
    lines = contents(invoice, EVERYTHING).order_line_items
    assert sum(line.amount_paid for line in lines) <= invoice.paid
    assert sum(line.amount_adjusted for line in lines) <= invoice.amount_adjusted
    assert all(line.amount_paid >= 0 and line.amount_adjusted >= 0 for line in lines)


@for_all(invoice=invoices())
def test_lines_that_make_up_the_invoice_are_paid_and_adjusted_as_it_is(invoice: InvoiceFacts) -> None:
    lines = contents(invoice, EVERYTHING).order_line_items
    costs = sum(line.fulfillment_amount for line in lines)
    if costs and invoice.total <= costs:
        assert sum(line.amount_paid for line in lines) == invoice.paid
        assert sum(line.amount_adjusted for line in lines) == invoice.amount_adjusted


@for_all(invoice=invoices())
def test_a_paid_invoice_pays_every_line(invoice: InvoiceFacts) -> None:
    lines = contents(invoice, EVERYTHING).order_line_items
    if invoice.paid == invoice.total == sum(line.fulfillment_amount for line in lines):
        assert [line.amount_paid for line in lines] == [line.fulfillment_amount for line in lines]


@for_all(invoice=invoices())
def test_what_is_not_shipped_changes_nothing_for_what_is(invoice: InvoiceFacts) -> None:
    shipped = contents(invoice, SiteSettings()).order_line_items
    together = [line for line in contents(invoice, EVERYTHING).order_line_items if line.is_shippable]
    assert [msgspec.structs.replace(line, id="") for line in shipped] == [
        msgspec.structs.replace(line, id="") for line in together
    ]
    assert all(line.entity_type is not EntityType.ADHOC for line in shipped)


@for_all(invoice=invoices())
def test_the_adjustments_that_are_linked_are_those_of_the_lines(invoice: InvoiceFacts) -> None:
    found = contents(invoice, SiteSettings())
    linked = sum(note.amount for note in found.linked_credit_notes)
    assert linked == sum(line.amount_adjusted for line in found.order_line_items)


@for_all(invoice=invoices(), data=st.data())
def test_a_credit_is_spread_whole_and_never_beyond_what_is_refundable(
    invoice: InvoiceFacts, data: st.DataObject
) -> None:
    lines = contents(invoice, EVERYTHING).order_line_items
    total = data.draw(st.integers(0, sum(line.refundable_credits for line in lines)))
    spread = {credit.line_id: credit.amount for credit in spread_credit(lines, total)}
    assert sum(spread.values()) == total
    assert all(0 < spread[line.id] <= line.refundable_credits for line in lines if line.id in spread)


@for_all(issued=money, paid=money)
def test_refundable_credits_are_what_is_left_and_never_negative(issued: int, paid: int) -> None:
    (line,) = contents(
        read_facts(
            {
                "id": "x",
                "status": "paid",
                "currency_code": "USD",
                "line_items": [{"id": "li", "entity_type": "addon_item_price", "amount": 1}],
            }
        ),
        SiteSettings(),
    ).order_line_items
    line = msgspec.structs.replace(line, amount_paid=paid, refundable_credits_issued=issued)
    assert line.refundable_credits == max(0, paid - issued)


members = st.none() | st.sampled_from(["", "a"])


@for_all(
    address=st.none()
    | st.builds(
        Address, first_name=members, zip=members, validation_status=st.none() | st.sampled_from(ValidationStatus)
    )
)
def test_an_address_is_absent_or_has_a_validation_status(address: Address | None) -> None:
    known = known_address(address)
    if address is None or (address.first_name is None and address.zip is None):
        assert known is None
    else:
        assert known is not None
        assert known.validation_status is (address.validation_status or ValidationStatus.NOT_VALIDATED)
        assert (known.first_name, known.zip) == (address.first_name, address.zip)
