"""What an order holds of its invoice: lines, amounts, taxes, discounts, adjustments (chargebee/orders.md, section 4;
order-generation.md, section 5). Pure functions of the invoice, the settings and new ids.
"""

from collections.abc import Callable, Iterable, Sequence

import msgspec
from msgspec.structs import replace

from ledger.invoice import InvoiceCreditNote, InvoiceFacts, InvoiceLine
from ledger.invoice_shares import line_total, shares_of_lines
from ledger.money import spread_within
from ledger.parts import Address, LineCredit, LineItemDiscount, LineItemTax, LinkedCreditNote, OrderLine
from ledger.settings import SiteSettings
from ledger.vocabulary import (
    CreditNoteStatus,
    CreditNoteType,
    EntityType,
    LineItemStatus,
    ValidationStatus,
)


class OrderContents(msgspec.Struct, frozen=True, kw_only=True):
    """Lines and what hangs on them, with the ids of the order's lines."""

    order_line_items: tuple[OrderLine, ...]
    line_item_taxes: tuple[LineItemTax, ...]
    line_item_discounts: tuple[LineItemDiscount, ...]
    linked_credit_notes: tuple[LinkedCreditNote, ...]


def whole_invoice(
    invoice: InvoiceFacts, settings: SiteSettings, *, status: LineItemStatus, new_line_id: Callable[[], str]
) -> OrderContents:
    """All lines that are shipped, at their full quantity and amount.

    Lines that are not shipped ride along with ``is_shippable`` false where the site includes them.
    """
    paid = shares_of_lines(invoice, invoice.paid)
    adjusted = shares_of_lines(invoice, invoice.adjusted)
    lines = {
        line.id: replace(
            _order_line(line, invoice, settings, status=status, line_id=new_line_id()),
            amount_paid=paid[line.id],
            amount_adjusted=adjusted[line.id],
        )
        for line in invoice.line_items
        if settings.include_non_shippable or is_shippable(line, settings)
    }
    return OrderContents(
        order_line_items=tuple(lines.values()),
        line_item_taxes=_taxes(invoice, lines),
        line_item_discounts=_discounts(invoice, lines),
        linked_credit_notes=_adjustments(invoice, lines),
    )


def is_shippable(line: InvoiceLine, settings: SiteSettings) -> bool:
    """Whether a line is shipped; ``adhoc`` lines never are."""
    return line.entity_type is not EntityType.ADHOC and settings.is_shippable(line.entity_id)


def spread_credit(lines: Sequence[OrderLine], total: int) -> tuple[LineCredit, ...]:
    """Spread a credit note over lines, on each at most what can still be refunded of it."""
    shares = spread_within(total, [line.refundable_credits for line in lines])
    return tuple(LineCredit(line_id=line.id, amount=share) for line, share in zip(lines, shares, strict=True) if share)


def known_address(address: Address | None) -> Address | None:
    """The address as an order holds it: absent when nothing is known, validation status never absent."""
    if address is None or replace(address, validation_status=None) == Address():
        return None
    return replace(address, validation_status=address.validation_status or ValidationStatus.NOT_VALIDATED)


def adjustment(note: InvoiceCreditNote, amount: int) -> LinkedCreditNote:
    """An adjustment credit note as an order links it, with the order's share of its total."""
    return LinkedCreditNote(
        id=note.cn_id,
        type=CreditNoteType.ADJUSTMENT,
        status=CreditNoteStatus.VOIDED if note.cn_status == "voided" else CreditNoteStatus.ADJUSTED,
        amount=amount,
        amount_adjusted=amount,
    )


def _order_line(
    line: InvoiceLine, invoice: InvoiceFacts, settings: SiteSettings, *, status: LineItemStatus, line_id: str
) -> OrderLine:
    item = settings.catalog.get(line.entity_id or "")
    return OrderLine(
        id=line_id,
        invoice_id=invoice.id,
        invoice_line_item_id=line.id,
        entity_type=line.entity_type,
        entity_id=line.entity_id,
        description=line.description,
        sku=item.sku if item else None,
        is_shippable=is_shippable(line, settings),
        status=status,
        unit_price=line.unit_amount,
        fulfillment_quantity=line.quantity,
        amount=line.amount,
        discount_amount=line.discount_amount,
        item_level_discount_amount=line.item_level_discount_amount,
        tax_amount=line.tax_amount,
        fulfillment_amount=line_total(line, invoice.price_type),
    )


def _taxes(invoice: InvoiceFacts, lines: dict[str, OrderLine]) -> tuple[LineItemTax, ...]:
    return tuple(
        msgspec.convert(msgspec.structs.asdict(tax) | {"line_item_id": lines[tax.line_item_id].id}, LineItemTax)
        for tax in invoice.line_item_taxes
        if tax.line_item_id in lines
    )


def _discounts(invoice: InvoiceFacts, lines: dict[str, OrderLine]) -> tuple[LineItemDiscount, ...]:
    return tuple(
        LineItemDiscount(
            line_item_id=lines[discount.line_item_id].id,
            discount_type=discount.discount_type,
            discount_amount=discount.discount_amount,
            entity_id=discount.entity_id,
            coupon_id=discount.coupon_id,
        )
        for discount in invoice.line_item_discounts
        if discount.line_item_id in lines
    )


def _adjustments(invoice: InvoiceFacts, lines: Iterable[str]) -> tuple[LinkedCreditNote, ...]:
    notes = []
    for note in invoice.adjustment_credit_notes:
        shares = shares_of_lines(invoice, note.cn_total)
        notes.append(adjustment(note, sum(shares[line] for line in lines)))
    return tuple(notes)
