"""Resend: a new order ships all or part of an order once more, free of charge (chargebee/orders.md, section 6)."""

from typing import Any

import pytest
from hypothesis import strategies as st

from ledger.commands import CancelOrder, Command, LineResend, LineUpdate, ResendOrder, UpdateOrder
from ledger.events import OrderChanges
from ledger.limits import RESENDS_PER_ORDER_MAX
from ledger.parts import Address
from ledger.vocabulary import CancellationReason, LineItemStatus, OrderStatus
from tests.ledger.given import (
    COFFEE,
    CREATED,
    KEY,
    NOW,
    NOW_MS,
    PAID,
    Happened,
    Ledger,
    Refusal,
    given,
    imported,
    invoice,
    invoice_line,
    manual,
    settings,
    unpaid_invoice,
)
from tests.ledger.laws import for_all

FULL = ResendOrder(order_id="1")


def part(ledger: Ledger, *quantities: int | None, **members: Any) -> ResendOrder:
    """Send these quantities of the lines of order 1; None names a line without a quantity."""
    lines = tuple(
        LineResend(index=index, id=line, fulfillment_quantity=quantity)
        for index, (line, quantity) in enumerate(zip(ledger.lines("1"), quantities, strict=False))
    )
    return ResendOrder(order_id="1", order_line_items=lines, **members)


def sent(happened: Happened) -> list[tuple[str, int, int]]:
    return [
        (line["invoice_line_item_id"], line["fulfillment_quantity"], line["amount"])
        for line in happened.document["order_line_items"]
    ]


# The new order


def test_a_resent_order_is_made_from_the_original_and_costs_nothing() -> None:
    ledger = given(invoice(), imported("1", note="of the original", shipped_at=CREATED, document_number="OLD-1"))
    original = ledger.when(UpdateOrder(order_id="1")).document
    happened = ledger.when(ResendOrder(order_id="1", resend_reason="damaged"))
    ids = ledger.lines("2")
    assert happened.document == {
        "id": "2",
        "invoice_id": "inv_1",
        "subscription_id": "sub_1",
        "customer_id": "cust_1",
        "status": "queued",
        "payment_status": "paid",
        "order_type": "system_generated",
        "price_type": "tax_exclusive",
        "order_date": NOW,
        "shipping_date": NOW,
        "created_by": KEY,
        "currency_code": "USD",
        "sub_total": 13_000,
        "discount": 13_000,
        "tax": 0,
        "total": 0,
        "amount_paid": 0,
        "amount_adjusted": 0,
        "refundable_credits_issued": 0,
        "refundable_credits": 0,
        "paid_on": PAID,
        "created_at": NOW,
        "status_update_at": NOW,
        "updated_at": NOW,
        "resource_version": NOW_MS,
        "is_resent": True,
        "original_order_id": "1",
        "resend_reason": "damaged",
        "is_gifted": False,
        "deleted": False,
        "object": "order",
        "shipping_address": original["shipping_address"],
        "billing_address": original["billing_address"],
        "order_line_items": [
            line
            | {
                "id": line_id,
                "discount_amount": line["amount"],
                "fulfillment_amount": 0,
                "amount_paid": 0,
                "refundable_credits": 0,
            }
            for line_id, line in zip(ids, original["order_line_items"], strict=True)
        ],
        "line_item_discounts": [
            {
                "line_item_id": line_id,
                "discount_type": "custom_discount",
                "discount_amount": amount,
                "object": "line_item_discount",
            }
            for line_id, amount in zip(ids, (10_000, 3_000), strict=True)
        ],
    }
    assert not set(ids) & set(ledger.lines("1"))


def test_a_shipping_date_may_be_given() -> None:
    happened = given(invoice(), imported("1")).when(ResendOrder(order_id="1", shipping_date=NOW + 5))
    assert (happened.document["order_date"], happened.document["shipping_date"]) == (NOW, NOW + 5)


def test_a_shipping_date_of_the_first_second_is_a_date() -> None:
    happened = given(invoice(), imported("1")).when(ResendOrder(order_id="1", shipping_date=0))
    assert happened.document["shipping_date"] == 0


def test_the_new_order_goes_where_the_original_goes_now() -> None:
    ledger = given(invoice(), imported("1", shipping_address=Address(city="Paris", country="FR")))
    assert ledger.when(FULL).document["shipping_address"]["city"] == "Paris"


def test_tax_and_credits_stay_with_the_original() -> None:
    line = COFFEE | {"discount_amount": 1_000, "item_level_discount_amount": 1_000, "tax_amount": 1_710}
    tax = {"line_item_id": "li_1", "tax_name": "VAT", "tax_rate": "19", "taxable_amount": 9_000, "tax_amount": 1_710}
    ledger = given(
        invoice(line_items=[line], line_item_taxes=[tax], total=10_710), imported("1", refundable_credits_issued=100)
    )
    resent = ledger.when(FULL).document
    names = ("sub_total", "discount", "tax", "total", "amount_paid", "refundable_credits_issued")
    assert [resent[name] for name in names] == [10_000, 10_000, 0, 0, 0, 0]
    assert resent["order_line_items"][0]["item_level_discount_amount"] == 0
    assert not {"line_item_taxes", "linked_credit_notes"} & resent.keys()
    original = ledger.order("1")
    assert [line.tax_amount for line in original.order_line_items] == [1_710]
    assert original.refundable_credits == 10_610


def test_an_unpaid_order_is_resent_as_paid() -> None:
    happened = given(unpaid_invoice(), imported("1")).when(FULL)
    assert happened.document["payment_status"] == "paid"
    assert "paid_on" not in happened.document


def test_the_sku_comes_along() -> None:
    ledger = given(invoice(), settings(catalog={"coffee": {"sku": "S-1"}}), imported("1"))
    assert [line.get("sku") for line in ledger.when(FULL).document["order_line_items"]] == ["S-1", None]


def test_a_resent_order_of_a_business_entity_belongs_to_it() -> None:
    happened = given(invoice(business_entity_id="be_1"), imported("1")).when(FULL)
    assert happened.document["business_entity_id"] == "be_1"


def test_the_new_order_takes_the_next_number() -> None:
    assert given(invoice(), imported("1"), imported("41")).when(FULL).document["id"] == "42"


# Full


def test_a_full_resend_cancels_the_original() -> None:
    ledger = given(invoice(), imported("1"))
    happened = ledger.when(FULL)
    assert happened.types == [
        ("order-2", "order.created_from_resend"),
        ("order-1", "order.resent"),
        ("order-1", "order.cancelled"),
    ]
    original = ledger.when(UpdateOrder(order_id="1")).document
    names = ("status", "cancellation_reason", "cancelled_at", "status_update_at", "resent_status", "resource_version")
    assert [original[name] for name in names] == ["cancelled", "order_resent", NOW, NOW, "fully_resent", NOW_MS + 1]
    assert [line["status"] for line in original["order_line_items"]] == ["cancelled", "cancelled"]
    assert original["resent_orders"] == [{"order_id": "2", "amount": 13_000, "object": "resent_order"}]


def test_a_full_resend_leaves_the_amounts_of_the_original_and_makes_no_credit_note() -> None:
    ledger = given(invoice(), imported("1"))
    before = ledger.order("1")
    ledger.when(FULL)
    after = ledger.order("1")
    assert (after.refundable_credits, after.linked_credit_notes) == (before.refundable_credits, ())


@pytest.mark.parametrize("quantities", [(2, 1), (None, None), (2, None)])
def test_every_line_at_its_full_quantity_is_a_full_resend(quantities: tuple[int | None, ...]) -> None:
    ledger = given(invoice(), imported("1"))
    happened = ledger.when(part(ledger, *quantities))
    assert happened.types[-1] == ("order-1", "order.cancelled")
    assert sent(happened) == [("li_1", 2, 10_000), ("li_2", 1, 3_000)]


def test_lines_that_are_not_shipped_are_not_sent_again() -> None:
    adhoc = invoice_line("li_3", 500, entity_type="adhoc")
    ledger = given(invoice(line_items=[COFFEE, adhoc]), settings(include_non_shippable=True), imported("1"))
    happened = ledger.when(FULL)
    assert sent(happened) == [("li_1", 2, 10_000)]
    assert [line.status for line in ledger.order("1").order_line_items] == ["cancelled", "cancelled"]


# Partial


@pytest.mark.parametrize(
    ("quantities", "expected"),
    [
        ((1,), [("li_1", 1, 5_000)]),
        ((None,), [("li_1", 2, 10_000)]),
        ((1, 1), [("li_1", 1, 5_000), ("li_2", 1, 3_000)]),
        ((0, 1), [("li_2", 1, 3_000)]),
        ((2, 0), [("li_1", 2, 10_000)]),
    ],
)
def test_a_partial_resend_sends_what_was_named(
    quantities: tuple[int | None, ...], expected: list[tuple[str, int, int]]
) -> None:
    ledger = given(invoice(), imported("1", status=OrderStatus.SHIPPED))
    happened = ledger.when(part(ledger, *quantities, resend_reason="lost"))
    amount = sum(value for _, _, value in expected)
    assert happened.types == [("order-2", "order.created_from_resend"), ("order-1", "order.resent")]
    assert sent(happened) == expected
    assert (happened.document["sub_total"], happened.document["total"]) == (amount, 0)
    original = ledger.when(UpdateOrder(order_id="1")).document
    assert (original["status"], original["resent_status"]) == ("shipped", "partially_resent")
    assert original["resent_orders"] == [
        {"order_id": "2", "reason": "lost", "amount": amount, "object": "resent_order"}
    ]


def test_the_value_of_a_part_is_rounded_down() -> None:
    three = invoice_line("li_1", 10_000, quantity=3, unit_amount=3_333)
    ledger = given(invoice(line_items=[three]), imported("1"))
    assert sent(ledger.when(part(ledger, 2))) == [("li_1", 2, 6_666)]


def test_quantities_are_not_summed_over_resends() -> None:
    ledger = given(invoice(), imported("1"))
    ledger.when(part(ledger, 1))
    ledger.when(part(ledger, 2))
    assert [resent.amount for resent in ledger.order("1").resent_orders] == [5_000, 10_000]


def test_a_full_resend_may_follow_a_partial_one() -> None:
    ledger = given(invoice(), imported("1"))
    ledger.when(part(ledger, 1))
    ledger.when(FULL)
    assert ledger.order("1").resent_status == "fully_resent"
    assert [resent.order_id for resent in ledger.order("1").resent_orders] == ["2", "3"]


@for_all(
    quantity=st.integers(1, 50),
    amount=st.integers(0, 10**9),
    parts=st.lists(st.integers(0, 50), min_size=1, max_size=RESENDS_PER_ORDER_MAX),
)
def test_a_resent_order_never_costs_anything_and_never_is_worth_more_than_its_original(
    quantity: int, amount: int, parts: list[int]
) -> None:
    line = invoice_line("li_1", amount, quantity=quantity)
    ledger = given(invoice(line_items=[line]), imported("1"))
    for wanted in parts:
        if not 0 < wanted < quantity:
            continue
        resent = ledger.when(part(ledger, wanted)).document
        assert (resent["total"], resent["amount_paid"], resent["refundable_credits"]) == (0, 0, 0)
        assert resent["discount"] == resent["sub_total"] <= amount
        assert resent["sub_total"] * quantity <= amount * wanted < (resent["sub_total"] + 1) * quantity


# Reasons


def test_without_reasons_of_the_site_any_text_will_do() -> None:
    happened = given(invoice(), imported("1")).when(ResendOrder(order_id="1", resend_reason="whatever"))
    assert happened.document["resend_reason"] == "whatever"


def test_a_reason_of_the_site_is_taken() -> None:
    ledger = given(invoice(), settings(resend_reasons=["Damaged", "Lost"]), imported("1"))
    assert ledger.when(ResendOrder(order_id="1", resend_reason="Lost")).document["resend_reason"] == "Lost"


@pytest.mark.parametrize("reason", ["lost", "Lost ", "else"])
def test_another_reason_than_those_of_the_site_is_refused(reason: str) -> None:
    ledger = given(invoice(), settings(resend_reasons=["Damaged", "Lost"]), imported("1"))
    refusal = ledger.refusal(ResendOrder(order_id="1", resend_reason=reason))
    assert refusal == Refusal(400, "param_wrong_value", "resend_reason")


@pytest.mark.parametrize("reasons", [[], ["Lost"]])
def test_a_missing_reason_is_refused_where_one_is_mandatory(reasons: list[str]) -> None:
    ledger = given(invoice(), settings(resend_reasons=reasons, resend_reason_mandatory=True), imported("1"))
    assert ledger.refusal(FULL) == Refusal(400, "param_wrong_value", "resend_reason")


def test_a_missing_reason_is_fine_where_none_is_mandatory() -> None:
    ledger = given(invoice(), settings(resend_reasons=["Lost"]), imported("1"))
    assert "resend_reason" not in ledger.when(FULL).document


# States and limits


@pytest.mark.parametrize(
    "history",
    [
        [imported("1", status=OrderStatus.CANCELLED)],
        [manual("1", status=OrderStatus.VOIDED)],
        [manual("1", status=OrderStatus.CANCELLED)],
        [imported("1"), FULL],
        [manual("1")],
        [imported("1", "inv_2")],
    ],
    ids=["cancelled", "voided", "manual cancelled", "fully resent", "manual", "nothing shipped"],
)
def test_an_order_that_is_gone_or_has_no_lines_is_refused(history: list[Command]) -> None:
    nothing_shipped = invoice("inv_2", line_items=[invoice_line("li_9", 5, entity_type="adhoc")])
    ledger = given(invoice(), nothing_shipped, *history)
    assert ledger.refusal(FULL) == Refusal(409, "invalid_state_for_request")


@pytest.mark.parametrize("status", ["queued", "shipped", "partially_delivered", "delivered", "returned"])
def test_any_other_order_is_resent(status: str) -> None:
    happened = given(invoice(), imported("1", status=OrderStatus(status))).when(FULL)
    assert happened.document["original_order_id"] == "1"


def test_a_resent_order_can_be_resent_itself() -> None:
    happened = given(invoice(), imported("1"), FULL).when(ResendOrder(order_id="2"))
    assert (happened.document["id"], happened.document["original_order_id"]) == ("3", "2")
    assert happened.document["sub_total"] == happened.document["discount"] == 13_000


def resent_five_times() -> Ledger:
    ledger = given(invoice(), imported("1"))
    return ledger.given(*[part(ledger, 1)] * RESENDS_PER_ORDER_MAX)


def test_an_order_is_resent_five_times_and_no_more() -> None:
    assert RESENDS_PER_ORDER_MAX == 5
    ledger = resent_five_times()
    assert len(ledger.order("1").resent_orders) == 5
    assert ledger.refusal(part(ledger, 1)) == Refusal(400, "resource_limit_exhausted")
    assert ledger.refusal(FULL) == Refusal(400, "resource_limit_exhausted")


# Lines


def test_a_line_of_another_order_is_not_found() -> None:
    lines = (LineResend(index=4, id="o_li_of_another"),)
    refusal = given(invoice(), imported("1")).refusal(ResendOrder(order_id="1", order_line_items=lines))
    assert refusal == Refusal(404, "resource_not_found", "order_line_items[id][4]")


def test_the_same_line_twice_is_refused_at_its_second_place() -> None:
    ledger = given(invoice(), imported("1"))
    first = ledger.lines("1")[0]
    lines = (LineResend(index=2, id=first), LineResend(index=5, id=first))
    refusal = ledger.refusal(ResendOrder(order_id="1", order_line_items=lines))
    assert refusal == Refusal(400, "param_wrong_value", "order_line_items[id][5]")


def test_more_than_the_quantity_of_the_line_is_refused() -> None:
    ledger = given(invoice(), imported("1"))
    refusal = ledger.refusal(part(ledger, 2, 2))
    assert refusal == Refusal(400, "param_wrong_value", "order_line_items[fulfillment_quantity][1]")


@pytest.mark.parametrize("quantities", [(0,), (0, 0)])
def test_nothing_to_send_is_refused(quantities: tuple[int, ...]) -> None:
    ledger = given(invoice(), imported("1"))
    refusal = ledger.refusal(part(ledger, *quantities))
    assert refusal == Refusal(400, "param_wrong_value", "order_line_items[fulfillment_quantity][0]")


def test_checks_come_in_the_order_of_the_contract() -> None:
    ledger = given(
        invoice(), settings(resend_reasons=["Lost"]), imported("1", status=OrderStatus.CANCELLED), imported("2")
    )
    unknown = LineResend(index=0, id="o_li_of_another", fulfillment_quantity=99)
    reason, twice = (
        ResendOrder(order_id="1", resend_reason="else", order_line_items=(unknown,)),
        ResendOrder(order_id="1", order_line_items=(unknown, unknown)),
    )
    assert ledger.refusal(reason) == Refusal(400, "param_wrong_value", "resend_reason")
    assert ledger.refusal(twice).http_status == 400
    assert ledger.refusal(ResendOrder(order_id="1", order_line_items=(unknown,))).http_status == 404
    assert ledger.refusal(FULL).http_status == 409


def test_the_state_is_checked_before_the_limit() -> None:
    ledger = resent_five_times()
    ledger.when(CancelOrder(order_id="1", cancellation_reason=CancellationReason.OTHERS))
    assert ledger.refusal(FULL) == Refusal(409, "invalid_state_for_request")


def test_a_line_that_was_cancelled_alone_goes_out_again_with_the_whole_order() -> None:
    ledger = given(invoice(), imported("1"))
    cancelled = LineUpdate(index=0, id=ledger.lines("1")[0], status=LineItemStatus.CANCELLED)
    ledger.when(UpdateOrder(order_id="1", changes=OrderChanges(), order_line_items=(cancelled,)))
    assert sent(ledger.when(FULL)) == [("li_1", 2, 10_000), ("li_2", 1, 3_000)]
