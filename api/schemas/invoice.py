"""A Chargebee invoice, as a file or a webhook brings it: what the ledger reads of it is checked, the rest is kept.

Lengths are those of Chargebee's invoice. The result has a canonical form and is one that ``ledger.invoice.read_facts``
accepts, so a bad invoice is refused at the door and never stored.
"""

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, validates

from api.json_fields import (
    JsonBoolean,
    JsonChoice,
    JsonCurrency,
    JsonDecimal,
    JsonInteger,
    JsonList,
    JsonObject,
    JsonText,
    JsonTimestamp,
    Members,
)
from api.schemas.description import Description
from ledger.commands import RecordInvoice
from ledger.errors import ParamWrongValue
from ledger.invoice import InvoiceFacts, read_facts
from ledger.limits import (
    INTEGER_MAX,
    INVOICE_BYTES_MAX,
    INVOICE_CREDIT_NOTES_MAX,
    INVOICE_LINES_MAX,
    INVOICE_PARTS_PER_LINE_MAX,
)
from ledger.vocabulary import DiscountType, EntityType, InvoiceStatus, PriceType, ValidationStatus


class InvoiceAddressSchema(Members):
    """An address, taken as Chargebee wrote it: it checked mail address and country."""

    first_name = JsonText(150)
    last_name = JsonText(150)
    email = JsonText(70)
    company = JsonText(250)
    phone = JsonText(50)
    line1 = JsonText(150)
    line2 = JsonText(150)
    line3 = JsonText(150)
    city = JsonText(50)
    state_code = JsonText(50)
    state = JsonText(50)
    country = JsonText(50)
    zip = JsonText(20)
    validation_status = JsonChoice(ValidationStatus)


class InvoiceLineSchema(Members):
    """An entry of ``line_items``."""

    id = JsonText(40, required=True)
    entity_type = JsonChoice(EntityType, required=True)
    amount = JsonInteger(required=True)
    entity_id = JsonText(100)
    description = JsonText(250)
    subscription_id = JsonText(50)
    customer_id = JsonText(50)
    date_from = JsonTimestamp()
    date_to = JsonTimestamp()
    unit_amount = JsonInteger()
    quantity = JsonInteger()
    tax_amount = JsonInteger()
    discount_amount = JsonInteger()
    item_level_discount_amount = JsonInteger()


class InvoiceLineTaxSchema(Members):
    """An entry of ``line_item_taxes``."""

    line_item_id = JsonText(40)
    tax_name = JsonText(100, required=True)
    tax_rate = JsonDecimal(required=True)
    taxable_amount = JsonInteger(required=True)
    tax_amount = JsonInteger(required=True)
    date_from = JsonTimestamp()
    date_to = JsonTimestamp()
    prorated_taxable_amount = JsonDecimal()
    is_partial_tax_applied = JsonBoolean()
    is_non_compliance_tax = JsonBoolean()
    tax_juris_type = JsonText(50)
    tax_juris_name = JsonText(250)
    tax_juris_code = JsonText(250)
    tax_amount_in_local_currency = JsonInteger()
    local_currency_code = JsonCurrency()


class InvoiceLineDiscountSchema(Members):
    """An entry of ``line_item_discounts``."""

    line_item_id = JsonText(50, required=True)
    discount_type = JsonChoice(DiscountType, required=True)
    discount_amount = JsonInteger(required=True)
    entity_id = JsonText(100)
    coupon_id = JsonText(100)


class InvoiceCreditNoteSchema(Members):
    """An entry of ``issued_credit_notes`` or ``adjustment_credit_notes``."""

    cn_id = JsonText(50, required=True)
    cn_total = JsonInteger()
    cn_status = JsonText(50)
    cn_reason_code = JsonText(100)


class InvoiceSchema(Members):
    """The invoice."""

    id = JsonText(50, required=True)
    status = JsonChoice(InvoiceStatus, required=True)
    currency_code = JsonCurrency(required=True)
    customer_id = JsonText(50)
    subscription_id = JsonText(50)
    business_entity_id = JsonText(50)
    price_type = JsonChoice(PriceType)
    resource_version = JsonInteger()
    date = JsonTimestamp()
    generated_at = JsonTimestamp()
    paid_at = JsonTimestamp()
    is_gifted = JsonBoolean()
    term_finalized = JsonBoolean()
    deleted = JsonBoolean()
    total = JsonInteger()
    amount_paid = JsonInteger()
    amount_adjusted = JsonInteger()
    credits_applied = JsonInteger()
    write_off_amount = JsonInteger()
    round_off_amount = JsonInteger(-INTEGER_MAX)
    shipping_address = JsonObject(InvoiceAddressSchema)
    billing_address = JsonObject(InvoiceAddressSchema)
    line_items = JsonList(InvoiceLineSchema, INVOICE_LINES_MAX, required=True)
    line_item_taxes = JsonList(InvoiceLineTaxSchema, INVOICE_PARTS_PER_LINE_MAX * INVOICE_LINES_MAX)
    line_item_discounts = JsonList(InvoiceLineDiscountSchema, INVOICE_PARTS_PER_LINE_MAX * INVOICE_LINES_MAX)
    adjustment_credit_notes = JsonList(InvoiceCreditNoteSchema, INVOICE_CREDIT_NOTES_MAX)
    issued_credit_notes = JsonList(InvoiceCreditNoteSchema, INVOICE_CREDIT_NOTES_MAX)

    @validates("line_items")
    def name_each_line_once(self, lines: list[dict[str, Any]], **_: Any) -> None:
        """Orders refer to invoice lines by id, so an id that comes twice would be two lines in one."""
        seen: set[str] = set()
        for index, line in enumerate(lines):
            if line["id"] in seen:
                raise ValidationError({index: {"id": ["is the id of two lines"]}})
            seen.add(line["id"])


def read_invoice(raw: bytes | Mapping[str, Any]) -> RecordInvoice:
    """The command that records an invoice: JSON text or the parsed object. Raises as ``Description.read`` does."""
    description = _INVOICE.read(raw)
    return RecordInvoice(invoice_id=description["id"], description=description)


def _summable_facts(description: dict[str, Any]) -> InvoiceFacts:
    """An order shows sums over the lines, which must stay exact for every reader of JSON too."""
    facts = read_facts(description)
    whole = sum(line.amount + line.tax_amount + line.discount_amount for line in facts.line_items)
    if whole > INTEGER_MAX or facts.amount_paid + facts.credits_applied > INTEGER_MAX:
        raise ParamWrongValue("are more than can be added up exactly", param="line_items")
    return facts


_INVOICE = Description("invoice", "an", InvoiceSchema(), _summable_facts, INVOICE_BYTES_MAX)
