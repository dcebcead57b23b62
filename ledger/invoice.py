"""An invoice as the ledger knows it: Chargebee's own description, and the credits that orders issued against it."""

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec.structs import replace

from ledger.events import (
    DomainEvent,
    InvoiceCreditNoteIssued,
    InvoiceCreditNoteVoided,
    InvoiceOrdersGenerated,
    InvoiceRecorded,
    InvoiceUpdated,
)
from ledger.parts import Address, GeneratedOrder, LeftOutLine
from ledger.vocabulary import DiscountType, EntityType, InvoiceStatus, PriceType


class InvoiceFact(msgspec.Struct, frozen=True, kw_only=True):
    """Part of an invoice that the ledger reads. Members it does not name are kept in the event and not read."""


class InvoiceLine(InvoiceFact, frozen=True, kw_only=True):
    """A line; amounts in minor units. ``amount`` is before discount and, where exclusive, tax."""

    id: str
    entity_type: EntityType
    amount: int
    entity_id: str | None = None
    description: str | None = None
    subscription_id: str | None = None
    customer_id: str | None = None
    date_from: int | None = None
    date_to: int | None = None
    unit_amount: int = 0
    quantity: int = 1
    tax_amount: int = 0
    discount_amount: int = 0
    item_level_discount_amount: int = 0


class InvoiceLineTax(InvoiceFact, frozen=True, kw_only=True):
    """A tax of one line; rates are decimal strings."""

    line_item_id: str | None = None
    tax_name: str
    tax_rate: str
    taxable_amount: int
    tax_amount: int
    date_from: int | None = None
    date_to: int | None = None
    prorated_taxable_amount: str | None = None
    is_partial_tax_applied: bool | None = None
    is_non_compliance_tax: bool | None = None
    tax_juris_type: str | None = None
    tax_juris_name: str | None = None
    tax_juris_code: str | None = None
    tax_amount_in_local_currency: int | None = None
    local_currency_code: str | None = None


class InvoiceLineDiscount(InvoiceFact, frozen=True, kw_only=True):
    """A discount of one line."""

    line_item_id: str
    discount_type: DiscountType
    discount_amount: int
    entity_id: str | None = None
    coupon_id: str | None = None


class InvoiceCreditNote(InvoiceFact, frozen=True, kw_only=True):
    """A credit note that Chargebee lists on the invoice."""

    cn_id: str
    cn_total: int = 0
    cn_status: str | None = None
    cn_reason_code: str | None = None


class InvoiceFacts(InvoiceFact, frozen=True, kw_only=True):
    """The invoice: order-generation.md, section 1."""

    id: str
    status: InvoiceStatus
    currency_code: str
    customer_id: str | None = None
    subscription_id: str | None = None
    business_entity_id: str | None = None
    price_type: PriceType = PriceType.TAX_EXCLUSIVE
    resource_version: int | None = None
    date: int | None = None
    generated_at: int | None = None
    paid_at: int | None = None
    is_gifted: bool = False
    term_finalized: bool | None = None
    deleted: bool = False
    total: int = 0
    amount_paid: int = 0
    amount_adjusted: int = 0
    credits_applied: int = 0
    write_off_amount: int = 0
    round_off_amount: int = 0
    shipping_address: Address | None = None
    billing_address: Address | None = None
    line_items: tuple[InvoiceLine, ...] = ()
    line_item_taxes: tuple[InvoiceLineTax, ...] = ()
    line_item_discounts: tuple[InvoiceLineDiscount, ...] = ()
    adjustment_credit_notes: tuple[InvoiceCreditNote, ...] = ()
    issued_credit_notes: tuple[InvoiceCreditNote, ...] = ()

    @property
    def paid(self) -> int:
        """What was paid for it, credits that were applied included (order-generation.md, section 5)."""
        return self.amount_paid + self.credits_applied

    @property
    def adjusted(self) -> int:
        """What adjustments and write-offs took off it, whether ``amount_adjusted`` holds the write-offs or not."""
        return min(self.amount_adjusted + self.write_off_amount, max(self.amount_adjusted, self.total - self.paid))

    @property
    def is_written_off(self) -> bool:
        """Whether it was written off whole: nothing was paid for it and nothing is due (section 6)."""
        return self.write_off_amount > 0 and self.paid == 0 and self.adjusted >= self.total

    def is_visible_to(self, business_entity_id: str | None) -> bool:
        """Whether a call that is restricted to a business entity sees it: its own invoices, and those of none."""
        return None in {self.business_entity_id, business_entity_id} or self.business_entity_id == business_entity_id

    def subscription_of(self, line: InvoiceLine) -> str | None:
        """The subscription that a line bills; only lines of consolidated invoices name one of their own."""
        return line.subscription_id or self.subscription_id

    @property
    def subscription_ids(self) -> frozenset[str]:
        """Every subscription it bills."""
        ids = {self.subscription_id, *(line.subscription_id for line in self.line_items)}
        return frozenset(subscription for subscription in ids if subscription)


class Invoice(msgspec.Struct, frozen=True, kw_only=True):
    """The current state: the newest description, and the totals of the credit notes that orders issued, by id.

    ``generated`` are the orders that it brought about, ``left_out`` the lines that it was settled for to get none.
    """

    facts: InvoiceFacts
    description: dict[str, Any]
    issued: dict[str, int] = {}
    generated: tuple[GeneratedOrder, ...] = ()
    left_out: tuple[LeftOutLine, ...] = ()

    @property
    def settled_lines(self) -> frozenset[str]:
        """The ids of the lines that generation is done with."""
        shipped = (line for order in self.generated for line in order.invoice_line_item_ids)
        return frozenset([*shipped, *(line.invoice_line_item_id for line in self.left_out)])

    @property
    def refundable(self) -> int:
        """What credit notes may still be issued for, over all of its orders (chargebee/orders.md, section 4)."""
        elsewhere = sum(
            note.cn_total
            for note in self.facts.issued_credit_notes
            if note.cn_id not in self.issued and note.cn_status != "voided"
        )
        return max(0, self.facts.paid - sum(self.issued.values()) - elsewhere)


_CHECKED_LATER = frozenset({"write_off_amount", "generated_at", "is_gifted", "term_finalized", "deleted"})


def fold_invoice(events: Iterable[DomainEvent], invoice: Invoice | None = None) -> Invoice | None:
    """The invoice after all of the events, or None where there is none."""
    for event in events:
        invoice = _evolve(invoice, event)
    return invoice


def with_orders(invoice: Invoice, event: InvoiceOrdersGenerated) -> Invoice:
    """The invoice with the orders that it brought about, and the lines that got none."""
    return replace(invoice, generated=invoice.generated + event.orders, left_out=invoice.left_out + event.left_out)


def read_facts(description: dict[str, Any]) -> InvoiceFacts:
    """What the ledger reads of a description.

    Raises:
        msgspec.ValidationError: a member has the wrong type, or a required one is missing.
    """
    return msgspec.convert(description, InvoiceFacts)


def billed_subscriptions(description: dict[str, Any]) -> frozenset[str]:
    """The subscriptions that an invoice bills; none of one that cannot be read."""
    try:
        return read_facts(description).subscription_ids
    except msgspec.ValidationError:
        return frozenset()


def _recorded_facts(description: dict[str, Any]) -> InvoiceFacts:
    """What is read of a description that was recorded, when fewer of its members may have been checked than now."""
    try:
        return read_facts(description)
    except msgspec.ValidationError:
        return read_facts({name: value for name, value in description.items() if name not in _CHECKED_LATER})


def _evolve(invoice: Invoice | None, event: DomainEvent) -> Invoice:
    match event:
        case InvoiceRecorded(invoice=description) if invoice is None:
            return Invoice(facts=_recorded_facts(description), description=description)
        case InvoiceUpdated(invoice=description) if invoice:
            return replace(invoice, facts=_recorded_facts(description), description=description)
        case InvoiceCreditNoteIssued() if invoice:
            return replace(invoice, issued=invoice.issued | {event.credit_note_id: event.total})
        case InvoiceCreditNoteVoided() if invoice:
            return replace(invoice, issued=invoice.issued | {event.credit_note_id: 0})
        case InvoiceOrdersGenerated() if invoice:
            return with_orders(invoice, event)
    raise ValueError(f"{event.TOPIC} cannot follow here in the stream of an invoice")
