"""What an order is made of: addresses, lines, taxes, discounts, linked credit notes. Plain, frozen, no rules.

Shapes are those of chargebee/orders.md, section 3. Money is an integer in the minor unit, times are UTC seconds,
other decimals are strings (a float has no canonical form). A member without a value is None.
"""

from typing import TypeAlias

import msgspec
from msgspec import UNSET, UnsetType

from ledger.vocabulary import (
    CreditNoteReason,
    CreditNoteStatus,
    CreditNoteType,
    DiscountType,
    EntityType,
    LeftOutReason,
    LineItemStatus,
    ResponseSchemaType,
    ValidationStatus,
    WebhookApiVersion,
)

Text: TypeAlias = str | None
Change: TypeAlias = str | UnsetType | None
TimeChange: TypeAlias = int | UnsetType | None


class Part(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A frozen value; members at their default are left out of the stored body."""


class Address(Part, frozen=True, kw_only=True):
    """A shipping or billing address. ``country`` is ISO 3166-1 alpha-2, ``state_code`` without the country."""

    first_name: Text = None
    last_name: Text = None
    email: Text = None
    company: Text = None
    phone: Text = None
    line1: Text = None
    line2: Text = None
    line3: Text = None
    city: Text = None
    state_code: Text = None
    state: Text = None
    country: Text = None
    zip: Text = None
    validation_status: ValidationStatus | None = None


class AddressChanges(Part, frozen=True, kw_only=True):
    """New values of address members; None clears one, an unset member stays."""

    first_name: Change = UNSET
    last_name: Change = UNSET
    email: Change = UNSET
    company: Change = UNSET
    phone: Change = UNSET
    line1: Change = UNSET
    line2: Change = UNSET
    line3: Change = UNSET
    city: Change = UNSET
    state_code: Change = UNSET
    state: Change = UNSET
    country: Change = UNSET
    zip: Change = UNSET
    validation_status: ValidationStatus | UnsetType | None = UNSET


class OrderLine(Part, frozen=True, kw_only=True):
    """One line of an order: the share of an invoice line that this order ships."""

    id: str
    invoice_id: str
    invoice_line_item_id: str
    entity_type: EntityType
    entity_id: Text = None
    description: Text = None
    sku: Text = None
    is_shippable: bool
    status: LineItemStatus
    unit_price: int
    fulfillment_quantity: int
    amount: int
    discount_amount: int = 0
    item_level_discount_amount: int = 0
    tax_amount: int = 0
    fulfillment_amount: int
    amount_paid: int = 0
    amount_adjusted: int = 0
    refundable_credits_issued: int = 0

    @property
    def refundable_credits(self) -> int:
        """Credits that can still be issued for this line (chargebee/orders.md, section 4)."""
        return max(0, self.amount_paid - self.refundable_credits_issued)


class LineChange(Part, frozen=True, kw_only=True):
    """New values of one line; unset members stay."""

    id: str
    status: LineItemStatus | UnsetType = UNSET
    sku: Change = UNSET
    amount_paid: int | UnsetType = UNSET
    amount_adjusted: int | UnsetType = UNSET


class LineItemTax(Part, frozen=True, kw_only=True):
    """A tax of a line. ``line_item_id`` is the order line's id; rates are decimal strings."""

    line_item_id: Text = None
    tax_name: str
    tax_rate: str
    taxable_amount: int
    tax_amount: int
    date_from: int | None = None
    date_to: int | None = None
    prorated_taxable_amount: Text = None
    is_partial_tax_applied: bool | None = None
    is_non_compliance_tax: bool | None = None
    tax_juris_type: Text = None
    tax_juris_name: Text = None
    tax_juris_code: Text = None
    tax_amount_in_local_currency: int | None = None
    local_currency_code: Text = None


class LineItemDiscount(Part, frozen=True, kw_only=True):
    """A discount of a line. ``line_item_id`` is the order line's id."""

    line_item_id: str
    discount_type: DiscountType
    discount_amount: int
    entity_id: Text = None
    coupon_id: Text = None


class LineCredit(Part, frozen=True, kw_only=True):
    """The part of a credit note that falls on one line."""

    line_id: str
    amount: int


class IssuedCreditNote(Part, frozen=True, kw_only=True):
    """A refundable credit note that a command on an order makes."""

    id: str
    total: int
    reason_code: CreditNoteReason
    lines: tuple[LineCredit, ...] = ()
    customer_notes: Text = None
    comment: Text = None


class LinkedCreditNote(Part, frozen=True, kw_only=True):
    """A credit note as the order sees it.

    ``used`` is what was allocated or refunded of it; a used note is never voided by reopen. ``from_cancellation``
    marks the notes that a reopen may void. ``lines`` says which lines it was spread over.
    """

    id: str
    type: CreditNoteType
    status: CreditNoteStatus
    amount: int
    amount_adjusted: int | None = None
    amount_refunded: int | None = None
    from_cancellation: bool = False
    is_deleted: bool = False
    used: int = 0
    lines: tuple[LineCredit, ...] = ()


class GeneratedOrder(Part, frozen=True, kw_only=True):
    """An order that was generated for an invoice, and the lines of the invoice that it ships a part of."""

    order_id: str
    invoice_line_item_ids: tuple[str, ...]


class LeftOutLine(Part, frozen=True, kw_only=True):
    """A line of an invoice that no order is generated for, and why."""

    invoice_line_item_id: str
    reason: LeftOutReason


class WebhookEndpoint(Part, frozen=True, kw_only=True):
    """Where events are delivered to (chargebee/events.md, section 6).

    No ``enabled_events`` are all types. ``credentials_id`` names the user and password that are sent along; they
    themselves are never in the log, which cannot forget.
    """

    id: str
    name: str
    url: str
    api_version: WebhookApiVersion = WebhookApiVersion.V2
    primary_url: bool = False
    disabled: bool = False
    send_card_resource: bool = False
    chargebee_response_schema_type: ResponseSchemaType | None = None
    enabled_events: tuple[str, ...] = ()
    credentials_id: Text = None


class ResentOrder(Part, frozen=True, kw_only=True):
    """An order made by resending this one; ``amount`` is its sub-total."""

    order_id: str
    reason: Text = None
    amount: int
