"""Create: a manual order for an invoice (chargebee/orders.md, section 6)."""

import re

import pytest

from ledger.commands import CreateOrder, DeleteOrder
from ledger.vocabulary import InvoiceStatus, OrderStatus, OrderType, PriceType
from tests.ledger.given import KEY, NOW, NOW_MS, Refusal, given, imported, invoice, manual, settings

LEGACY = (
    OrderStatus.NEW,
    OrderStatus.PROCESSING,
    OrderStatus.COMPLETE,
    OrderStatus.CANCELLED,
    OrderStatus.VOIDED,
)


def test_a_created_order_holds_what_was_given_and_no_more() -> None:
    happened = given(invoice()).when(CreateOrder(id="m", invoice_id="inv_1"))
    assert happened.types == [("order-m", "order.created")]
    assert happened.document == {
        "id": "m",
        "invoice_id": "inv_1",
        "status": "new",
        "order_type": "manual",
        "price_type": "tax_exclusive",
        "created_by": KEY,
        "created_at": NOW,
        "status_update_at": NOW,
        "updated_at": NOW,
        "resource_version": NOW_MS,
        "is_resent": False,
        "deleted": False,
        "object": "order",
    }


@pytest.mark.parametrize(
    "member", ["reference_id", "fulfillment_status", "note", "tracking_id", "tracking_url", "batch_id"]
)
def test_a_text_that_was_given_is_kept(member: str) -> None:
    happened = given(invoice()).when(manual(**{member: "as given"}))
    assert happened.document[member] == "as given"


@pytest.mark.parametrize("status", LEGACY)
def test_an_order_is_created_in_any_legacy_status(status: OrderStatus) -> None:
    ledger = given(invoice())
    ledger.when(manual(status=status))
    assert ledger.order("m").status is status


def test_an_order_that_is_created_cancelled_was_cancelled_now() -> None:
    happened = given(invoice()).when(manual(status=OrderStatus.CANCELLED))
    assert happened.document["cancelled_at"] == NOW


@pytest.mark.parametrize("status", [status for status in LEGACY if status is not OrderStatus.CANCELLED])
def test_an_order_that_is_not_created_cancelled_was_never_cancelled(status: OrderStatus) -> None:
    happened = given(invoice()).when(manual(status=status))
    assert "cancelled_at" not in happened.document


@pytest.mark.parametrize("price_type", PriceType)
def test_the_price_type_is_copied_from_the_invoice(price_type: PriceType) -> None:
    happened = given(invoice(price_type=price_type.value)).when(manual())
    assert happened.document["price_type"] == price_type


@pytest.mark.parametrize("status", InvoiceStatus)
def test_an_invoice_of_any_status_will_do(status: InvoiceStatus) -> None:
    happened = given(invoice(status=status.value)).when(manual())
    assert happened.types == [("order-m", "order.created")]


def test_an_invoice_may_have_many_orders() -> None:
    ledger = given(invoice(), manual("m1"), manual("m2"))
    ledger.when(manual("m3"))
    assert [ledger.order(each).invoice_id for each in ("m1", "m2", "m3")] == ["inv_1"] * 3


@pytest.mark.parametrize(
    ("live", "form"), [(False, r"__test__[A-Za-z0-9]{16,17}"), (True, r"[A-Za-z0-9]{16,17}")], ids=["test", "live"]
)
def test_an_order_without_an_id_gets_one_that_looks_like_chargebees(live: bool, form: str) -> None:
    happened = given(invoice(), live=live).when(CreateOrder(invoice_id="inv_1"))
    assert re.fullmatch(form, happened.document["id"])
    assert happened.types == [(f"order-{happened.document['id']}", "order.created")]


@pytest.mark.parametrize("order_id", ["order-1", "a/b c%#", "settings", "\u00fc\U0001f600"])
def test_any_text_can_be_an_id(order_id: str) -> None:
    ledger = given(invoice())
    happened = ledger.when(manual(order_id))
    assert happened.document["id"] == ledger.order(order_id).id == order_id


@pytest.mark.parametrize(
    ("given_id", "next_id"),
    [
        ("1", "2"),
        ("7", "8"),
        ("007", "8"),
        ("9" * 15, "1" + "0" * 15),
        ("0", "1"),
        ("x7", "1"),
        ("7x", "1"),
        ("-7", "1"),
        ("\u0667", "1"),
        ("9" * 16, "1"),
    ],
)
def test_a_numeric_id_moves_the_sequence_past_it(given_id: str, next_id: str) -> None:
    ledger = given(invoice(), manual(given_id))
    happened = ledger.when(imported(None))
    assert happened.document["id"] == next_id


def test_a_numeric_id_below_the_sequence_does_not_move_it_back() -> None:
    ledger = given(invoice(), manual("7"), manual("3"))
    happened = ledger.when(imported(None))
    assert happened.document["id"] == "8"


def test_an_unknown_invoice_is_refused() -> None:
    assert given().refusal(manual()) == Refusal(404, "resource_not_found", "invoice_id")


def test_a_taken_id_is_refused() -> None:
    ledger = given(invoice(), manual("m"))
    assert ledger.refusal(manual("m")) == Refusal(400, "duplicate_entry", "id")


def test_the_id_of_a_deleted_order_stays_taken() -> None:
    ledger = given(invoice(), imported("1"), DeleteOrder(order_id="1"))
    assert ledger.refusal(manual("1")) == Refusal(400, "duplicate_entry", "id")


def test_manual_orders_can_be_switched_off() -> None:
    ledger = given(invoice(), settings(manual_orders_enabled=False))
    assert ledger.refusal(manual()) == Refusal(400, "configuration_incompatible", None)


def test_parameters_are_checked_before_the_invoice_is_looked_for() -> None:
    ledger = given(invoice(), manual("m"))
    assert ledger.refusal(manual("m", "unknown")) == Refusal(400, "duplicate_entry", "id")


def test_an_order_belongs_to_the_business_entity_of_its_invoice() -> None:
    happened = given(invoice(business_entity_id="be_1")).when(manual())
    assert happened.document["business_entity_id"] == "be_1"


def test_a_call_for_a_business_entity_links_the_order_to_it() -> None:
    happened = given(invoice(), business_entity_id="be_1").when(manual())
    assert happened.document["business_entity_id"] == "be_1"


def test_an_invoice_of_another_business_entity_is_not_found() -> None:
    ledger = given(invoice(business_entity_id="be_2"), business_entity_id="be_1")
    assert ledger.refusal(manual()) == Refusal(404, "resource_not_found", "invoice_id")


def test_a_manual_order_has_no_amounts_lines_or_customer() -> None:
    ledger = given(invoice(business_entity_id="be_1"))
    ledger.when(manual())
    order = ledger.order("m")
    assert (order.order_type, order.order_line_items, order.customer_id) == (OrderType.MANUAL, (), None)
    assert not order.has_amounts
