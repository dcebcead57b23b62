"""Import: an order that another system made, with the lines and amounts of its invoice (chargebee/orders.md, section 6;
order-generation.md, section 5).
"""

from typing import Any

import pytest

from ledger.commands import CancelOrder, Command, DeleteOrder
from ledger.parts import Address
from ledger.vocabulary import CURRENT_STATUSES, CancellationReason, InvoiceStatus, OrderStatus, ValidationStatus
from tests.ledger.given import (
    COFFEE,
    CREATED,
    GRINDER,
    KEY,
    NOW,
    NOW_MS,
    PAID,
    Ledger,
    Refusal,
    given,
    imported,
    invoice,
    invoice_line,
    settings,
    unpaid_invoice,
)

ADHOC = invoice_line("li_3", 500, entity_type="adhoc")


def lines_of(ledger: Ledger, order_id: str = "1") -> list[str]:
    return [line.invoice_line_item_id for line in ledger.order(order_id).order_line_items]


def amounts(document: dict[str, Any], *names: str) -> tuple[int, ...]:
    return tuple(document[name] for name in names)


def test_an_imported_order_is_that_of_its_invoice() -> None:
    ledger = given(invoice())
    happened = ledger.when(imported("1"))
    first, second = ledger.lines("1")
    line = {
        "object": "order_line_item",
        "invoice_id": "inv_1",
        "is_shippable": True,
        "status": "queued",
        "tax_amount": 0,
        "discount_amount": 0,
        "item_level_discount_amount": 0,
        "amount_adjusted": 0,
        "refundable_credits_issued": 0,
    }
    assert happened.types == [("order-1", "order.imported")]
    assert happened.document == {
        "id": "1",
        "invoice_id": "inv_1",
        "subscription_id": "sub_1",
        "customer_id": "cust_1",
        "status": "queued",
        "payment_status": "paid",
        "order_type": "system_generated",
        "price_type": "tax_exclusive",
        "order_date": CREATED,
        "shipping_date": CREATED + 86_400,
        "created_by": KEY,
        "currency_code": "USD",
        "sub_total": 13_000,
        "discount": 0,
        "tax": 0,
        "total": 13_000,
        "amount_paid": 13_000,
        "amount_adjusted": 0,
        "refundable_credits_issued": 0,
        "refundable_credits": 13_000,
        "paid_on": PAID,
        "created_at": CREATED,
        "status_update_at": CREATED,
        "updated_at": NOW,
        "resource_version": NOW_MS,
        "is_resent": False,
        "is_gifted": False,
        "deleted": False,
        "object": "order",
        "shipping_address": {
            "first_name": "Ann",
            "city": "Walnut",
            "state_code": "CA",
            "state": "California",
            "country": "US",
            "validation_status": "not_validated",
            "object": "shipping_address",
        },
        "billing_address": {
            "first_name": "Ann",
            "country": "US",
            "validation_status": "not_validated",
            "object": "billing_address",
        },
        "order_line_items": [
            line
            | {
                "id": first,
                "invoice_line_item_id": "li_1",
                "entity_type": "plan_item_price",
                "entity_id": "coffee",
                "description": "Item li_1",
                "unit_price": 5_000,
                "fulfillment_quantity": 2,
                "amount": 10_000,
                "fulfillment_amount": 10_000,
                "amount_paid": 10_000,
                "refundable_credits": 10_000,
            },
            line
            | {
                "id": second,
                "invoice_line_item_id": "li_2",
                "entity_type": "addon_item_price",
                "entity_id": "grinder",
                "description": "Grinder",
                "unit_price": 3_000,
                "fulfillment_quantity": 1,
                "amount": 3_000,
                "fulfillment_amount": 3_000,
                "amount_paid": 3_000,
                "refundable_credits": 3_000,
            },
        ],
    }


GIVEN = {
    "reference_id": "ref",
    "fulfillment_status": "picked",
    "note": "a note",
    "tracking_id": "track",
    "tracking_url": "https://example.com/1",
    "batch_id": "batch",
    "shipment_carrier": "a carrier",
    "shipping_cut_off_date": CREATED + 5,
    "delivered_at": CREATED + 6,
    "shipped_at": CREATED + 7,
    "document_number": "OLD-1",
    "order_date": CREATED + 8,
    "shipping_date": CREATED + 9,
}


@pytest.mark.parametrize("member", GIVEN)
def test_what_was_given_is_kept(member: str) -> None:
    happened = given(invoice()).when(imported(**{member: GIVEN[member]}))
    assert happened.document[member] == GIVEN[member]


@pytest.mark.parametrize("status", sorted(CURRENT_STATUSES))
def test_the_lines_have_the_status_of_the_order(status: OrderStatus) -> None:
    happened = given(invoice()).when(imported(status=status))
    assert happened.document["status"] == status
    assert {line["status"] for line in happened.document["order_line_items"]} == {status.value}


def test_an_order_without_an_id_gets_the_next_number() -> None:
    ledger = given(invoice(), imported(None), imported(None))
    happened = ledger.when(imported(None))
    assert happened.types == [("order-3", "order.imported")]


def test_a_numeric_id_moves_the_sequence_past_it() -> None:
    ledger = given(invoice(), imported("41"))
    happened = ledger.when(imported(None))
    assert happened.document["id"] == "42"


def test_the_lines_of_a_live_site_bear_no_mark_of_a_test_site() -> None:
    ledger = given(invoice(), imported("1"), live=True)
    assert all("__test__" not in line and line.startswith("o_li") for line in ledger.lines("1"))


@pytest.mark.parametrize("status", InvoiceStatus)
def test_the_order_is_paid_when_its_invoice_is(status: InvoiceStatus) -> None:
    happened = given(invoice(status=status.value)).when(imported())
    is_paid = status is InvoiceStatus.PAID
    assert happened.document["payment_status"] == ("paid" if is_paid else "not_paid")
    assert happened.document.get("paid_on") == (PAID if is_paid else None)


# Cancelled orders


def test_a_cancelled_order_was_cancelled_when_it_was_created() -> None:
    happened = given(invoice()).when(imported(status=OrderStatus.CANCELLED))
    assert happened.document["cancelled_at"] == CREATED


@pytest.mark.parametrize("cancelled_at", [CREATED + 60, 0])
def test_a_time_of_cancellation_that_was_given_is_kept(cancelled_at: int) -> None:
    happened = given(invoice()).when(imported(status=OrderStatus.CANCELLED, cancelled_at=cancelled_at))
    assert happened.document["cancelled_at"] == cancelled_at


def test_a_cancelled_order_keeps_its_reason() -> None:
    reason = CancellationReason.DELIVERY_DATE_MISSED
    happened = given(invoice()).when(imported(status=OrderStatus.CANCELLED, cancellation_reason=reason))
    assert happened.document["cancellation_reason"] == "delivery_date_missed"


def test_an_order_that_is_not_cancelled_was_never_cancelled() -> None:
    happened = given(invoice()).when(imported(status=OrderStatus.DELIVERED))
    assert not {"cancelled_at", "cancellation_reason"} & happened.document.keys()


# Whose it is


def test_a_subscription_of_any_line_of_the_invoice_will_do() -> None:
    grinder = GRINDER | {"subscription_id": "sub_2"}
    happened = given(invoice(line_items=[COFFEE, grinder])).when(imported(subscription_id="sub_2"))
    assert happened.document["subscription_id"] == "sub_2"


def test_the_customer_of_the_invoice_may_be_given() -> None:
    happened = given(invoice()).when(imported(customer_id="cust_1"))
    assert happened.document["customer_id"] == "cust_1"


@pytest.mark.parametrize("param", ["subscription_id", "customer_id"])
def test_a_subscription_or_customer_that_differs_from_the_invoice_is_refused(param: str) -> None:
    ledger = given(invoice())
    assert ledger.refusal(imported(**{param: "other"})) == Refusal(400, "param_wrong_value", param)


def test_a_call_for_a_business_entity_links_the_order_to_it() -> None:
    happened = given(invoice(), business_entity_id="be_1").when(imported())
    assert happened.document["business_entity_id"] == "be_1"


def test_an_invoice_of_another_business_entity_is_not_found() -> None:
    ledger = given(invoice(business_entity_id="be_2"), business_entity_id="be_1")
    assert ledger.refusal(imported()) == Refusal(404, "resource_not_found", "invoice_id")


# Addresses


@pytest.mark.parametrize("name", ["shipping_address", "billing_address"])
def test_an_address_that_was_given_replaces_that_of_the_invoice(name: str) -> None:
    happened = given(invoice()).when(imported(**{name: Address(city="Paris", country="FR")}))
    assert happened.document[name] == {
        "city": "Paris",
        "country": "FR",
        "validation_status": "not_validated",
        "object": name,
    }


@pytest.mark.parametrize("name", ["shipping_address", "billing_address"])
def test_a_validation_status_that_was_given_is_kept(name: str) -> None:
    address = Address(city="Paris", validation_status=ValidationStatus.PARTIALLY_VALID)
    happened = given(invoice()).when(imported(**{name: address}))
    assert happened.document[name]["validation_status"] == "partially_valid"


@pytest.mark.parametrize("name", ["shipping_address", "billing_address"])
@pytest.mark.parametrize("known", [{}, {"validation_status": "valid"}], ids=["empty", "status alone"])
def test_an_address_of_which_nothing_is_known_is_absent(name: str, known: dict[str, Any]) -> None:
    happened = given(invoice(**{name: known})).when(imported())
    assert name not in happened.document


@pytest.mark.parametrize("name", ["shipping_address", "billing_address"])
def test_a_validation_status_alone_says_nothing_and_the_invoice_is_asked(name: str) -> None:
    address = Address(validation_status=ValidationStatus.VALID)
    happened = given(invoice()).when(imported(**{name: address}))
    assert happened.document[name]["first_name"] == "Ann"
    assert happened.document[name]["validation_status"] == "not_validated"


# Document numbers


@pytest.mark.parametrize(
    ("prefix", "number"),
    [
        ("ORDER", "ORDER999"),
        ("ORDER", "ORDER0"),
        ("ORDER", "ORDER0999"),
        ("ORDER", "ORDER"),
        ("ORDER", "ORDER1000x"),
        ("ORDER", "order1000"),
        ("ORDER", "1000"),
        ("ORDER", "ORDER-1000"),
        ("", "999"),
        ("", "ORDER1000"),
    ],
)
def test_a_document_number_below_or_beside_the_series_is_taken_over(prefix: str, number: str) -> None:
    ledger = given(invoice(), settings(order_number_prefix=prefix, order_number_start=1_000))
    happened = ledger.when(imported(document_number=number))
    assert happened.document["document_number"] == number


@pytest.mark.parametrize(
    ("prefix", "number"),
    [("ORDER", "ORDER1000"), ("ORDER", "ORDER01000"), ("ORDER", f"ORDER{'9' * 45}"), ("", "1000"), ("", "1001")],
)
def test_a_document_number_of_the_series_is_refused(prefix: str, number: str) -> None:
    ledger = given(invoice(), settings(order_number_prefix=prefix, order_number_start=1_000))
    refusal = ledger.refusal(imported(document_number=number))
    assert refusal == Refusal(400, "param_wrong_value", "document_number")


def test_without_a_series_an_imported_order_may_have_any_number() -> None:
    happened = given(invoice(), settings(order_number_prefix="ORDER")).when(imported(document_number="ORDER1000"))
    assert happened.document["document_number"] == "ORDER1000"


def test_a_taken_document_number_is_refused() -> None:
    ledger = given(invoice(), imported("1", document_number="OLD-1"))
    refusal = ledger.refusal(imported("2", document_number="OLD-1"))
    assert refusal == Refusal(400, "duplicate_entry", "document_number")


def test_the_document_number_of_a_deleted_order_stays_taken() -> None:
    ledger = given(invoice(), imported("1", document_number="OLD-1"), DeleteOrder(order_id="1"))
    refusal = ledger.refusal(imported("2", document_number="OLD-1"))
    assert refusal == Refusal(400, "duplicate_entry", "document_number")


# Ids, invoices and the order of checks


def test_an_unknown_invoice_is_refused() -> None:
    assert given().refusal(imported()) == Refusal(404, "resource_not_found", "invoice_id")


@pytest.mark.parametrize("invoice_id", ["inv_1", "unknown"])
def test_a_taken_id_is_refused_before_the_invoice_is_looked_for(invoice_id: str) -> None:
    ledger = given(invoice(), imported("1"))
    assert ledger.refusal(imported("1", invoice_id)) == Refusal(400, "duplicate_entry", "id")


@pytest.mark.parametrize("number", ["1000", "OLD-1"])
def test_a_document_number_is_checked_before_the_invoice_is_looked_for(number: str) -> None:
    ledger = given(invoice(), settings(order_number_start=1_000), imported("1", document_number="OLD-1"))
    assert ledger.refusal(imported("2", "unknown", document_number=number)).param == "document_number"


# Which lines


def test_adhoc_lines_are_not_shipped() -> None:
    ledger = given(invoice(line_items=[COFFEE, ADHOC]), imported())
    assert lines_of(ledger) == ["li_1"]


def test_an_invoice_of_nothing_that_is_shipped_gives_an_order_without_lines() -> None:
    happened = given(invoice(line_items=[ADHOC])).when(imported())
    assert "order_line_items" not in happened.document
    assert amounts(happened.document, "sub_total", "total", "amount_paid", "refundable_credits") == (0, 0, 0, 0)


def test_the_catalog_says_what_is_shipped_and_its_sku() -> None:
    catalog = {"coffee": {"sku": "COF-1"}, "grinder": {"is_shippable": False}}
    ledger = given(invoice(), settings(catalog=catalog), imported())
    assert [(line.invoice_line_item_id, line.sku) for line in ledger.order("1").order_line_items] == [("li_1", "COF-1")]


def test_the_site_says_what_becomes_of_items_that_the_catalog_does_not_know() -> None:
    unknown_are_not = settings(shippable_by_default=False, catalog={"grinder": {}})
    ledger = given(invoice(), unknown_are_not, imported())
    assert lines_of(ledger) == ["li_2"]


def test_lines_that_are_not_shipped_ride_along_where_the_site_includes_them() -> None:
    ledger = given(invoice(line_items=[COFFEE, ADHOC]), settings(include_non_shippable=True), imported())
    assert [line.is_shippable for line in ledger.order("1").order_line_items] == [True, False]
    assert ledger.order("1").order_line_items[1].entity_type == "adhoc"


# Amounts


def test_tax_is_added_where_prices_exclude_it() -> None:
    line = COFFEE | {"discount_amount": 1_000, "item_level_discount_amount": 400, "tax_amount": 1_710}
    happened = given(invoice(line_items=[line], total=10_710)).when(imported())
    names = ("sub_total", "discount", "tax", "total", "amount_paid")
    assert amounts(happened.document, *names) == (10_000, 1_000, 1_710, 10_710, 10_710)
    (found,) = happened.document["order_line_items"]
    names = ("amount", "discount_amount", "item_level_discount_amount", "tax_amount", "fulfillment_amount")
    assert amounts(found, *names) == (10_000, 1_000, 400, 1_710, 10_710)


def test_tax_is_not_added_where_prices_include_it() -> None:
    line = COFFEE | {"discount_amount": 1_000, "tax_amount": 1_500}
    happened = given(invoice(price_type="tax_inclusive", line_items=[line], total=9_000)).when(imported())
    names = ("sub_total", "discount", "tax", "total", "amount_paid")
    assert amounts(happened.document, *names) == (10_000, 1_000, 1_500, 9_000, 9_000)
    assert happened.document["order_line_items"][0]["fulfillment_amount"] == 9_000


def test_what_was_paid_is_shared_by_what_the_lines_cost() -> None:
    happened = given(invoice(status="payment_due", amount_paid=6_500)).when(imported())
    assert [line["amount_paid"] for line in happened.document["order_line_items"]] == [5_000, 1_500]
    assert amounts(happened.document, "amount_paid", "refundable_credits") == (6_500, 6_500)


def test_credits_that_were_applied_count_as_paid() -> None:
    happened = given(invoice(amount_paid=10_000, credits_applied=3_000)).when(imported())
    assert [line["amount_paid"] for line in happened.document["order_line_items"]] == [10_000, 3_000]


def test_what_was_paid_for_lines_that_are_not_shipped_is_not_the_orders() -> None:
    happened = given(invoice(line_items=[COFFEE, ADHOC])).when(imported())
    assert amounts(happened.document, "amount_paid", "total") == (10_000, 10_000)


def test_what_was_paid_for_something_beside_the_lines_is_not_the_orders() -> None:
    happened = given(invoice(total=13_007, amount_paid=13_007, round_off_amount=7)).when(imported())
    assert amounts(happened.document, "amount_paid", "invoice_round_off_amount") == (13_000, 7)


def test_a_discount_on_the_whole_invoice_never_makes_an_order_paid_beyond_the_invoice() -> None:
    happened = given(invoice(total=12_000, amount_paid=12_000)).when(imported())
    assert sum(line["amount_paid"] for line in happened.document["order_line_items"]) == 12_000


def test_round_off_is_absent_where_there_is_none_and_never_negative() -> None:
    assert "invoice_round_off_amount" not in given(invoice(round_off_amount=0)).when(imported()).document
    happened = given(invoice(round_off_amount=-3)).when(imported())
    assert happened.document["invoice_round_off_amount"] == 3


def test_an_adjustment_is_shared_like_a_payment_and_linked() -> None:
    line = invoice_line("li_1", 30_000)
    note = {"cn_id": "CN-A", "cn_total": 10_000, "cn_status": "adjusted"}
    partly_adjusted = invoice(
        line_items=[line], amount_paid=20_000, amount_adjusted=10_000, adjustment_credit_notes=[note]
    )
    happened = given(partly_adjusted).when(imported())
    assert amounts(happened.document, "amount_paid", "amount_adjusted", "refundable_credits") == (
        20_000,
        10_000,
        20_000,
    )
    assert happened.document["linked_credit_notes"] == [
        {
            "id": "CN-A",
            "type": "adjustment",
            "status": "adjusted",
            "amount": 10_000,
            "amount_adjusted": 10_000,
            "object": "linked_credit_note",
        }
    ]


def test_an_adjustment_falls_on_the_order_as_far_as_its_lines_do() -> None:
    note = {"cn_id": "CN-A", "cn_total": 2_100, "cn_status": "adjusted"}
    partly_adjusted = invoice(
        line_items=[COFFEE, ADHOC], amount_paid=8_400, amount_adjusted=2_100, adjustment_credit_notes=[note]
    )
    happened = given(partly_adjusted).when(imported())
    assert happened.document["amount_adjusted"] == 2_000
    assert happened.document["linked_credit_notes"][0]["amount_adjusted"] == 2_000


def test_an_adjustment_that_was_voided_is_linked_as_voided() -> None:
    note = {"cn_id": "CN-A", "cn_total": 10_000, "cn_status": "voided"}
    happened = given(invoice(adjustment_credit_notes=[note])).when(imported())
    assert [each["status"] for each in happened.document["linked_credit_notes"]] == ["voided"]


def test_taxes_and_discounts_name_the_lines_of_the_order() -> None:
    tax = {"line_item_id": "li_1", "tax_name": "VAT", "tax_rate": "19.0", "taxable_amount": 9_000, "tax_amount": 1_710}
    discount = {"line_item_id": "li_1", "discount_type": "item_level_coupon", "discount_amount": 1_000}
    happened = given(
        invoice(
            line_items=[COFFEE | {"discount_amount": 1_000, "tax_amount": 1_710}, GRINDER],
            line_item_taxes=[tax, tax | {"line_item_id": "li_unknown"}, tax | {"line_item_id": None}],
            line_item_discounts=[discount | {"coupon_id": "C", "entity_id": "E"}, discount | {"line_item_id": "x"}],
        )
    ).when(imported())
    first = happened.document["order_line_items"][0]["id"]
    assert happened.document["line_item_taxes"] == [
        tax | {"line_item_id": first, "tax_rate": 19.0} | {"object": "line_item_tax"}
    ]
    assert happened.document["line_item_discounts"] == [
        discount | {"line_item_id": first, "coupon_id": "C", "entity_id": "E", "object": "line_item_discount"}
    ]


# Credits that were issued elsewhere


def test_credits_that_were_issued_make_a_credit_note() -> None:
    ledger = given(invoice())
    happened = ledger.when(imported(refundable_credits_issued=1_301))
    assert happened.types == [
        ("order-1", "order.imported"),
        ("credit_note-TEST-CN-1", "credit_note.created"),
        ("invoice-inv_1", "invoice.credit_note_issued"),
    ]
    assert amounts(happened.document, "refundable_credits_issued", "refundable_credits") == (1_301, 11_699)
    assert [line["refundable_credits_issued"] for line in happened.document["order_line_items"]] == [1_000, 301]
    assert happened.document["linked_credit_notes"] == [
        {
            "id": "TEST-CN-1",
            "type": "refundable",
            "status": "refund_due",
            "amount": 1_301,
            "amount_refunded": 1_301,
            "object": "linked_credit_note",
        }
    ]


def test_the_credit_note_of_a_live_site_bears_no_mark_of_a_test_site() -> None:
    happened = given(invoice(), live=True).when(imported(refundable_credits_issued=1))
    assert happened.document["linked_credit_notes"][0]["id"] == "CN-1"


def test_credits_of_nothing_make_no_credit_note() -> None:
    happened = given(invoice()).when(imported(refundable_credits_issued=0))
    assert happened.types == [("order-1", "order.imported")]
    assert "linked_credit_notes" not in happened.document


def test_all_that_was_paid_may_have_been_credited() -> None:
    happened = given(invoice()).when(imported(refundable_credits_issued=13_000))
    assert happened.document["refundable_credits"] == 0


@pytest.mark.parametrize(
    "history",
    [
        [invoice(amount_paid=999)],
        [unpaid_invoice()],
        [invoice(line_items=[invoice_line("li_1", 999), ADHOC])],
        [invoice(issued_credit_notes=[{"cn_id": "CN-9", "cn_total": 12_001, "cn_status": "refund_due"}])],
        [invoice(), imported("other", refundable_credits_issued=12_001)],
    ],
    ids=["partly paid", "unpaid", "not shipped", "credited by Chargebee", "credited for another order"],
)
def test_credits_above_what_was_paid_are_refused(history: list[Command]) -> None:
    refusal = given(*history).refusal(imported("1", refundable_credits_issued=1_000))
    assert refusal == Refusal(400, "param_wrong_value", "refundable_credits_issued")


def test_a_credit_note_that_chargebee_voided_leaves_room_for_another() -> None:
    voided = {"cn_id": "CN-9", "cn_total": 13_000, "cn_status": "voided"}
    happened = given(invoice(issued_credit_notes=[voided])).when(imported(refundable_credits_issued=13_000))
    assert happened.document["refundable_credits_issued"] == 13_000


def test_an_imported_cancelled_order_may_be_cancelled_only_once() -> None:
    ledger = given(invoice(), imported("1", status=OrderStatus.CANCELLED))
    again = CancelOrder(order_id="1", cancellation_reason=CancellationReason.OTHERS)
    assert ledger.refusal(again) == Refusal(409, "invalid_state_for_request")


def test_every_time_is_kept_as_it_was_given_and_now_is_the_version() -> None:
    happened = given(invoice()).when(imported(status=OrderStatus.CANCELLED))
    names = ("created_at", "status_update_at", "cancelled_at", "updated_at", "resource_version")
    assert amounts(happened.document, *names) == (CREATED, CREATED, CREATED, NOW, NOW_MS)
