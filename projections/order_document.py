"""The order as the API sends it: a pure function of the order's state (chargebee/orders.md, sections 2 to 4).

Members without a value are absent. Scalars come first and nested members last, because one of Chargebee's clients
finds members by the first match in the text (conventions.md, section 10).
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Raw
from msgspec.structs import asdict

from ledger.order import Order
from ledger.parts import Address, LineItemDiscount, LineItemTax, LinkedCreditNote, OrderLine, ResentOrder
from ledger.vocabulary import PriceType


class Document(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A JSON object of the API; its members are written in the order in which they stand here."""


class LineItemDocument(Document, frozen=True, kw_only=True):
    """``order_line_item``."""

    id: str
    invoice_id: str
    invoice_line_item_id: str
    entity_type: str
    entity_id: str | None = None
    description: str | None = None
    sku: str | None = None
    is_shippable: bool
    status: str
    unit_price: int
    amount: int
    fulfillment_quantity: int
    fulfillment_amount: int
    tax_amount: int
    discount_amount: int
    item_level_discount_amount: int
    amount_paid: int
    amount_adjusted: int
    refundable_credits_issued: int
    refundable_credits: int
    object: str


class LineItemTaxDocument(Document, frozen=True, kw_only=True):
    """``line_item_tax``; rates are numbers again, exactly as they came."""

    line_item_id: str | None = None
    tax_name: str
    tax_rate: Raw
    date_from: int | None = None
    date_to: int | None = None
    prorated_taxable_amount: Raw | None = None
    is_partial_tax_applied: bool | None = None
    is_non_compliance_tax: bool | None = None
    taxable_amount: int
    tax_amount: int
    tax_juris_type: str | None = None
    tax_juris_name: str | None = None
    tax_juris_code: str | None = None
    tax_amount_in_local_currency: int | None = None
    local_currency_code: str | None = None
    object: str


class LineItemDiscountDocument(Document, frozen=True, kw_only=True):
    """``line_item_discount``."""

    line_item_id: str
    discount_type: str
    discount_amount: int
    entity_id: str | None = None
    coupon_id: str | None = None
    object: str


class LinkedCreditNoteDocument(Document, frozen=True, kw_only=True):
    """``linked_credit_note``."""

    id: str
    type: str
    status: str
    amount: int
    amount_adjusted: int | None = None
    amount_refunded: int | None = None
    object: str


class ResentOrderDocument(Document, frozen=True, kw_only=True):
    """``resent_order``."""

    order_id: str
    reason: str | None = None
    amount: int
    object: str


class AddressDocument(Address, frozen=True, kw_only=True):
    """``shipping_address`` or ``billing_address``."""

    object: str


class OrderDocument(Document, frozen=True, kw_only=True):
    """``order``."""

    id: str
    document_number: str | None = None
    invoice_id: str
    subscription_id: str | None = None
    customer_id: str | None = None
    status: str
    cancellation_reason: str | None = None
    payment_status: str | None = None
    order_type: str
    price_type: str
    reference_id: str | None = None
    fulfillment_status: str | None = None
    order_date: int | None = None
    shipping_date: int | None = None
    note: str | None = None
    tracking_id: str | None = None
    tracking_url: str | None = None
    batch_id: str | None = None
    created_by: str | None = None
    shipment_carrier: str | None = None
    currency_code: str | None = None
    sub_total: int | None = None
    discount: int | None = None
    tax: int | None = None
    total: int | None = None
    amount_paid: int | None = None
    amount_adjusted: int | None = None
    refundable_credits_issued: int | None = None
    refundable_credits: int | None = None
    invoice_round_off_amount: int | None = None
    paid_on: int | None = None
    shipping_cut_off_date: int | None = None
    created_at: int
    status_update_at: int
    shipped_at: int | None = None
    delivered_at: int | None = None
    cancelled_at: int | None = None
    updated_at: int
    resource_version: int
    resent_status: str | None = None
    is_resent: bool
    original_order_id: str | None = None
    resend_reason: str | None = None
    is_gifted: bool | None = None
    gift_id: str | None = None
    gift_note: str | None = None
    business_entity_id: str | None = None
    deleted: bool
    object: str
    shipping_address: AddressDocument | None = None
    billing_address: AddressDocument | None = None
    order_line_items: tuple[LineItemDocument, ...] = ()
    line_item_taxes: tuple[LineItemTaxDocument, ...] = ()
    line_item_discounts: tuple[LineItemDiscountDocument, ...] = ()
    linked_credit_notes: tuple[LinkedCreditNoteDocument, ...] = ()
    resent_orders: tuple[ResentOrderDocument, ...] = ()


_NOT_SHOWN = tuple(name for name in Order.__struct_fields__ if name not in OrderDocument.__struct_fields__)
_encoder = msgspec.json.Encoder()


def order_json(order: Order) -> bytes:
    """The order as JSON, ready to be sent."""
    return _encoder.encode(order_document(order))


def order_document(order: Order) -> OrderDocument:
    """The order resource."""
    members = asdict(order)
    for name in _NOT_SHOWN:
        del members[name]
    for name, shown in _LISTS.items():
        if members[name]:
            members[name] = tuple(map(shown, members[name]))
    members["shipping_address"] = _address(order.shipping_address, "shipping_address")
    members["billing_address"] = _address(order.billing_address, "billing_address")
    if order.has_amounts:
        members |= _amounts(order)
    return OrderDocument(updated_at=order.updated_at, object="order", **members)


def _amounts(order: Order) -> dict[str, int]:
    """Sums over the lines (orders.md, section 4)."""
    sub_total = discount = tax = paid = adjusted = issued = 0
    for line in order.order_line_items:
        sub_total += line.amount
        discount += line.discount_amount
        tax += line.tax_amount
        paid += line.amount_paid
        adjusted += line.amount_adjusted
        issued += line.refundable_credits_issued
    added_tax = tax if order.price_type is PriceType.TAX_EXCLUSIVE else 0
    return {
        "sub_total": sub_total,
        "discount": discount,
        "tax": tax,
        "total": max(0, sub_total - discount + added_tax),
        "amount_paid": paid,
        "amount_adjusted": adjusted,
        "refundable_credits_issued": issued,
        "refundable_credits": order.refundable_credits,
    }


def _address(address: Address | None, name: str) -> AddressDocument | None:
    return AddressDocument(**asdict(address), object=name) if address else None


def _line_item(line: OrderLine) -> LineItemDocument:
    return LineItemDocument(**asdict(line), refundable_credits=line.refundable_credits, object="order_line_item")


def _tax(tax: LineItemTax) -> LineItemTaxDocument:
    members = asdict(tax)
    members["tax_rate"] = _number(tax.tax_rate)
    if tax.prorated_taxable_amount is not None:
        members["prorated_taxable_amount"] = _number(tax.prorated_taxable_amount)
    return LineItemTaxDocument(**members, object="line_item_tax")


def _discount(discount: LineItemDiscount) -> LineItemDiscountDocument:
    return LineItemDiscountDocument(**asdict(discount), object="line_item_discount")


def _credit_note(note: LinkedCreditNote) -> LinkedCreditNoteDocument:
    return LinkedCreditNoteDocument(
        id=note.id,
        type=note.type,
        status=note.status,
        amount=note.amount,
        amount_adjusted=note.amount_adjusted,
        amount_refunded=note.amount_refunded,
        object="linked_credit_note",
    )


def _resent_order(resent: ResentOrder) -> ResentOrderDocument:
    return ResentOrderDocument(**asdict(resent), object="resent_order")


def _number(text: str) -> Raw:
    """A JSON number with the digits of a decimal string."""
    return Raw(format(Decimal(text), "f").encode())


_LISTS: Mapping[str, Callable[[Any], Document]] = {
    "order_line_items": _line_item,
    "line_item_taxes": _tax,
    "line_item_discounts": _discount,
    "linked_credit_notes": _credit_note,
    "resent_orders": _resent_order,
}
