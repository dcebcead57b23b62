"""What an order document is made of, as far as telling differences needs it: lists, their keys, and money.

A document is the API's (``projections.order_document``) as plain data.
"""

from dataclasses import dataclass
from typing import Any, TypeAlias

import msgspec
from msgspec import Raw

from ledger.order import Order
from projections import order_document as documents

Plain: TypeAlias = dict[str, Any]
"""A JSON object. Numbers with decimals are ``Raw``, so that they keep their digits."""


@dataclass(frozen=True, slots=True)
class Kind:
    """Objects of one kind.

    Args:
        members: all names, in the order of the document.
        key: the members that name an item of a list; absent ones are left out.
        money: the members that are amounts in the minor unit of the order's currency.
        foreign_money: amounts in the currency that the object names itself (``LOCAL_CURRENCY``).
    """

    members: tuple[str, ...]
    key: tuple[str, ...] = ()
    money: frozenset[str] = frozenset()
    foreign_money: frozenset[str] = frozenset()


def _kind(struct: type[msgspec.Struct], *key: str, money: str = "", foreign_money: str = "") -> Kind:
    return Kind(struct.__struct_fields__, key, frozenset(money.split()), frozenset(foreign_money.split()))


ORDER = _kind(
    documents.OrderDocument,
    money="sub_total discount tax total amount_paid amount_adjusted refundable_credits_issued refundable_credits "
    "invoice_round_off_amount",
)
OBJECTS: dict[str, Kind] = {
    "shipping_address": _kind(documents.AddressDocument),
    "billing_address": _kind(documents.AddressDocument),
}
LISTS: dict[str, Kind] = {
    "order_line_items": _kind(
        documents.LineItemDocument,
        "id",
        money="unit_price amount fulfillment_amount tax_amount discount_amount item_level_discount_amount amount_paid "
        "amount_adjusted refundable_credits_issued refundable_credits",
    ),
    "line_item_taxes": _kind(
        documents.LineItemTaxDocument,
        *("line_item_id", "tax_name", "tax_juris_name"),
        money="taxable_amount tax_amount",
        foreign_money="tax_amount_in_local_currency",
    ),
    "line_item_discounts": _kind(
        documents.LineItemDiscountDocument, *("line_item_id", "discount_type", "entity_id"), money="discount_amount"
    ),
    "linked_credit_notes": _kind(
        documents.LinkedCreditNoteDocument, "id", money="amount amount_adjusted amount_refunded"
    ),
    "resent_orders": _kind(documents.ResentOrderDocument, "order_id", money="amount"),
}
LOCAL_CURRENCY = "local_currency_code"
BOOKKEEPING = frozenset({"updated_at", "resource_version"})
"""Members that every change of an order touches, and that say nothing about it."""

_decoder = msgspec.json.Decoder(dict[str, Any], float_hook=lambda digits: Raw(digits.encode()))


def plain_document(order: Order) -> Plain:
    """The order as the API answers with it, as plain data."""
    return read_document(documents.order_json(order))


def read_document(document: bytes) -> Plain:
    """A document as plain data.

    Raises:
        msgspec.DecodeError: it is not JSON.
    """
    return _decoder.decode(document)
