"""The order as the API sends it (chargebee/orders.md, sections 2 to 4; conventions.md, section 10)."""

import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from ledger.commands import CancelOrder, DeleteOrder, LineResend, ResendOrder
from ledger.order import Order
from ledger.parts import Address, LineItemTax
from ledger.vocabulary import CancellationReason, OrderType, PriceType
from projections.order_document import (
    AddressDocument,
    LineItemDiscountDocument,
    LineItemDocument,
    LineItemTaxDocument,
    LinkedCreditNoteDocument,
    OrderDocument,
    ResentOrderDocument,
    order_json,
)
from tests.contract.contract import CONTRACT
from tests.ledger.given import COFFEE, GRINDER, Ledger, given, imported, invoice, manual
from tests.ledger.laws import for_all
from tests.projections.random_orders import decimals, orders

FIELDS: dict[str, dict[str, Any]] = CONTRACT["order"]["fields"]
SUB_RESOURCES: dict[str, dict[str, dict[str, Any]]] = CONTRACT["order"]["sub_resources"]
NESTED = {
    "shipping_address": "shipping_address",
    "billing_address": "billing_address",
    "order_line_items": "order_line_item",
    "line_item_taxes": "line_item_tax",
    "line_item_discounts": "line_item_discount",
    "linked_credit_notes": "linked_credit_note",
    "resent_orders": "resent_order",
}
DOCUMENTS: dict[str, type[msgspec.Struct]] = {
    "order_line_item": LineItemDocument,
    "line_item_tax": LineItemTaxDocument,
    "line_item_discount": LineItemDiscountDocument,
    "linked_credit_note": LinkedCreditNoteDocument,
    "resent_order": ResentOrderDocument,
    "shipping_address": AddressDocument,
    "billing_address": AddressDocument,
}
# Orders are made of invoices alone here, and these leave no rounding of their own to adjust.
NEVER_SENT = {"rounding_adjustement"}
# What orders.md, section 2, adds to the members that the contract marks as always present.
ALWAYS = {"status", "order_type", "updated_at", "resource_version", "invoice_id", "object", "status_update_at"}


def resources(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each nested resource with its kind."""
    for member, kind in NESTED.items():
        found = document.get(member, [])
        for each in found if isinstance(found, list) else [found]:
            yield kind, each


def read(order: Order) -> dict[str, Any]:
    document: dict[str, Any] = msgspec.json.decode(order_json(order))
    return document


# Against the contract


def test_an_order_has_the_members_of_the_contract() -> None:
    assert set(OrderDocument.__struct_fields__) == {*FIELDS, "object"} - NEVER_SENT


@pytest.mark.parametrize("kind", SUB_RESOURCES)
def test_a_nested_resource_has_the_members_of_the_contract(kind: str) -> None:
    assert set(DOCUMENTS[kind].__struct_fields__) == {*SUB_RESOURCES[kind], "object"}


TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "enum": str,
    "timestamp": int,
    "money": int,
    "integer": int,
    "boolean": bool,
    "number": (int, float),
    "list": list,
    "object": dict,
}


def assert_of_type(value: Any, field: dict[str, Any]) -> None:
    assert isinstance(value, TYPES[field["type"]])
    assert isinstance(value, bool) == (field["type"] == "boolean")
    if field["type"] == "enum" and "enum" in field:
        assert value in field["enum"]


def is_free_text(kind: str, name: str) -> bool:
    """Chargebee's jurisdiction types come from invoices and are taken as they come."""
    return (kind, name) == ("line_item_tax", "tax_juris_type")


@for_all(order=orders, examples=60)
def test_every_member_has_the_type_of_the_contract(order: Order) -> None:
    document = read(order)
    for name in document.keys() - {"object"}:
        assert_of_type(document[name], FIELDS[name])
    for kind, resource in resources(document):
        for name in resource.keys() - {"object"}:
            field = SUB_RESOURCES[kind][name]
            assert_of_type(resource[name], field | {"enum": [resource[name]]} if is_free_text(kind, name) else field)


@for_all(order=orders, examples=60)
def test_what_is_always_present_is(order: Order) -> None:
    document = read(order)
    assert {name for name, field in FIELDS.items() if field["always_present"]} | ALWAYS <= document.keys()
    for kind, resource in resources(document):
        always = {name for name, field in SUB_RESOURCES[kind].items() if field["always_present"]}
        assert always | {"object"} <= resource.keys()


@for_all(order=orders, examples=60)
def test_every_resource_says_what_it_is(order: Order) -> None:
    document = read(order)
    assert document["object"] == "order"
    assert all(resource["object"] == kind for kind, resource in resources(document))


# The text itself


Pairs = list[tuple[str, Any]]


def as_written(order: Order) -> Pairs:
    """The document with members in the order of the text and numbers as their text."""
    pairs: Pairs = json.loads(order_json(order), object_pairs_hook=list, parse_float=str, parse_int=str)
    return pairs


def objects(value: Any) -> Iterator[Pairs]:
    if isinstance(value, list) and value and isinstance(value[0], tuple):
        yield value
        for _, each in value:
            yield from objects(each)
    elif isinstance(value, list):
        for each in value:
            yield from objects(each)


@for_all(order=orders, examples=60)
def test_nothing_is_null_or_empty(order: Order) -> None:
    for members in objects(as_written(order)):
        assert all(value is not None and value != [] for _, value in members)


@for_all(order=orders, examples=60)
def test_scalars_come_before_nested_members_at_every_level(order: Order) -> None:
    for members in objects(as_written(order)):
        nested = [isinstance(value, list) for _, value in members]
        assert nested == sorted(nested)


@for_all(order=orders, examples=60)
def test_no_member_comes_twice(order: Order) -> None:
    for members in objects(as_written(order)):
        names = [name for name, _ in members]
        assert len(names) == len(set(names))


@for_all(order=orders, examples=60)
def test_integers_are_digits_only_and_exact(order: Order) -> None:
    def refuse(text: str) -> None:
        raise AssertionError(f"{text} is no integer")

    whole = replace(order, line_item_taxes=())
    document = json.loads(order_json(whole), parse_float=refuse)
    assert document["resource_version"] == order.resource_version
    assert document["updated_at"] == order.resource_version // 1000
    for line, sent in zip(order.order_line_items, document.get("order_line_items", []), strict=True):
        assert (sent["unit_price"], sent["amount"], sent["amount_paid"]) == (
            line.unit_price,
            line.amount,
            line.amount_paid,
        )


@for_all(rate=decimals)
def test_a_tax_rate_is_a_number_exactly_as_it_came(rate: str) -> None:
    tax = LineItemTax(tax_name="VAT", tax_rate=rate, taxable_amount=1, tax_amount=1, prorated_taxable_amount=rate)
    text = order_json(replace(given_order(), line_item_taxes=(tax,)))
    (sent,) = json.loads(text, parse_float=str, parse_int=str)["line_item_taxes"]
    assert (sent["tax_rate"], sent["prorated_taxable_amount"]) == (rate, rate)


@pytest.mark.parametrize(
    ("rate", "sent"),
    [("8.875", "8.875"), ("19.0", "19.0"), ("19", "19"), ("0", "0"), ("1E+1", "10"), ("5E-3", "0.005")],
)
def test_a_tax_rate_is_written_without_an_exponent(rate: str, sent: str) -> None:
    tax = LineItemTax(tax_name="VAT", tax_rate=rate, taxable_amount=1, tax_amount=1)
    assert f'"tax_rate":{sent},'.encode() in order_json(replace(given_order(), line_item_taxes=(tax,)))


# Presence


def given_order() -> Order:
    ledger = given(invoice(), imported("1"))
    return ledger.order("1")


@for_all(order=orders, examples=60)
def test_a_member_is_there_exactly_when_it_has_a_value(order: Order) -> None:
    document = read(order)
    shared = FIELDS.keys() & set(Order.__struct_fields__) - NESTED.keys()
    assert {name for name in shared if name in document} == {
        name for name in shared if getattr(order, name) is not None
    }
    assert {name for name in NESTED if name in document} == {name for name in NESTED if getattr(order, name)}


AMOUNTS = (
    "sub_total",
    "discount",
    "tax",
    "total",
    "amount_paid",
    "amount_adjusted",
    "refundable_credits_issued",
    "refundable_credits",
)


@for_all(order=orders, examples=60)
def test_amounts_are_there_unless_the_order_is_manual(order: Order) -> None:
    assert (AMOUNTS[0] in read(order)) == (order.order_type is not OrderType.MANUAL)
    assert len(set(AMOUNTS) & read(order).keys()) in {0, len(AMOUNTS)}


def test_false_and_zero_are_values() -> None:
    document = read(given_order())
    assert (document["is_resent"], document["is_gifted"], document["deleted"]) == (False, False, False)
    assert (document["discount"], document["tax"], document["amount_adjusted"]) == (0, 0, 0)
    assert document["order_line_items"][0]["discount_amount"] == 0


def test_a_manual_order_has_no_lists_and_no_addresses() -> None:
    ledger = given(invoice(), manual("1"))
    assert not {*NESTED, "is_gifted", "payment_status"} & read(ledger.order("1")).keys()


def test_a_deleted_order_says_so() -> None:
    ledger = given(invoice(), imported("1"), DeleteOrder(order_id="1"))
    assert read(ledger.order("1"))["deleted"] is True


def test_an_empty_address_member_is_absent() -> None:
    order = replace(given_order(), shipping_address=Address(city="Paris"))
    assert read(order)["shipping_address"] == {"city": "Paris", "object": "shipping_address"}


def test_what_only_the_ledger_knows_is_not_sent() -> None:
    cancel = CancelOrder(order_id="1", cancellation_reason=CancellationReason.OTHERS, credit_note_total=5)
    ledger = given(invoice(), imported("1"), cancel)
    assert not {"version", "is_imported"} & read(ledger.order("1")).keys()
    (note,) = read(ledger.order("1"))["linked_credit_notes"]
    assert not {"lines", "used", "from_cancellation", "is_deleted"} & note.keys()


# Amounts


def with_everything() -> Ledger:
    coffee = COFFEE | {"discount_amount": 1_000, "tax_amount": 1_710}
    grinder = GRINDER | {"tax_amount": 570}
    ledger = given(invoice(line_items=[coffee, grinder], total=14_280), imported("1", refundable_credits_issued=280))
    sent = LineResend(index=0, id=ledger.lines("1")[0], fulfillment_quantity=1)
    return ledger.given(ResendOrder(order_id="1", order_line_items=(sent,)))


@pytest.mark.parametrize(
    ("price_type", "total"), [(PriceType.TAX_EXCLUSIVE, 14_280), (PriceType.TAX_INCLUSIVE, 12_000)]
)
def test_the_amounts_of_an_order_are_the_sums_over_its_lines(price_type: PriceType, total: int) -> None:
    document = read(replace(with_everything().order("1"), price_type=price_type))
    assert {name: document[name] for name in AMOUNTS} == {
        "sub_total": 13_000,
        "discount": 1_000,
        "tax": 2_280,
        "total": total,
        "amount_paid": 14_280,
        "amount_adjusted": 0,
        "refundable_credits_issued": 280,
        "refundable_credits": 14_000,
    }


@for_all(order=orders, examples=60)
def test_sums_hold_for_any_lines(order: Order) -> None:
    order = replace(order, order_type=OrderType.SYSTEM_GENERATED)
    document = read(order)
    lines = document.get("order_line_items", [])
    sums = {
        "sub_total": "amount",
        "discount": "discount_amount",
        "tax": "tax_amount",
        "amount_paid": "amount_paid",
        "amount_adjusted": "amount_adjusted",
        "refundable_credits_issued": "refundable_credits_issued",
        "refundable_credits": "refundable_credits",
    }
    assert {name: document[name] for name in sums} == {
        name: sum(line[of] for line in lines) for name, of in sums.items()
    }
    tax = document["tax"] if order.price_type is PriceType.TAX_EXCLUSIVE else 0
    assert document["total"] == max(0, document["sub_total"] - document["discount"] + tax)


def test_an_order_that_was_resent_says_where_it_went() -> None:
    document = read(with_everything().order("1"))
    assert document["resent_orders"] == [{"order_id": "2", "amount": 5_000, "object": "resent_order"}]


@for_all(order=orders, examples=60)
def test_text_comes_back_as_it_was(order: Order) -> None:
    document = read(order)
    assert (document["id"], document.get("note"), document.get("created_by")) == (
        order.id,
        order.note,
        order.created_by,
    )
