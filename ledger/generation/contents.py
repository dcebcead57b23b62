"""What each planned order of an invoice holds: its shares of the lines, taxes, discounts and adjustments
(chargebee/order-generation.md, section 5).
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from ledger.generation.grouping import PlannedOrder
from ledger.generation.shares import split_discount, split_line, split_tax
from ledger.invoice import InvoiceCreditNote, InvoiceFacts
from ledger.invoice_shares import shares_of_lines, shares_of_orders
from ledger.order_contents import OrderContents, adjustment, whole_invoice
from ledger.parts import LineItemDiscount, LineItemTax, LinkedCreditNote, OrderLine
from ledger.settings import SiteSettings
from ledger.vocabulary import LineItemStatus


@dataclass(frozen=True, slots=True)
class _Split:
    """Shares by invoice line id, one for each order that holds the line; of taxes and discounts, which a line may have
    several of, each with its own. ``adjustments`` are in minor units.
    """

    lines: Mapping[str, Sequence[OrderLine]]
    taxes: Mapping[str, Sequence[Sequence[LineItemTax]]]
    discounts: Mapping[str, Sequence[Sequence[LineItemDiscount]]]
    adjustments: Sequence[tuple[InvoiceCreditNote, Mapping[str, Sequence[int]]]]


def contents_of_orders(
    invoice: InvoiceFacts,
    settings: SiteSettings,
    orders: Sequence[PlannedOrder],
    *,
    new_line_id: Callable[[], str],
) -> list[OrderContents]:
    """The contents of each order. Over all orders, a line sums to what the invoice says of it."""
    split = _split(invoice, settings, Counter(line for order in orders for line in order.line_ids), new_line_id)
    shipped: Counter[str] = Counter()
    contents = []
    for order in orders:
        contents.append(_contents(order, [(line, shipped[line]) for line in order.line_ids], split))
        shipped.update(order.line_ids)
    return contents


def _split(
    invoice: InvoiceFacts, settings: SiteSettings, orders: Mapping[str, int], new_line_id: Callable[[], str]
) -> _Split:
    invoice_line_ids = iter([line.id for line in invoice.line_items])
    whole = whole_invoice(
        invoice,
        # Whatever is wanted of it is taken below; so each line gets the id that it has on the invoice.
        replace(settings, include_non_shippable=True),
        status=LineItemStatus.QUEUED,
        new_line_id=lambda: next(invoice_line_ids),
    )
    lines = {
        line.id: split_line(line, invoice.price_type, orders[line.id], new_line_id)
        for line in whole.order_line_items
        if line.id in orders
    }
    taxes: defaultdict[str, list[Sequence[LineItemTax]]] = defaultdict(list)
    for tax in whole.line_item_taxes:
        if tax.line_item_id in lines:
            taxes[tax.line_item_id].append(split_tax(tax, lines[tax.line_item_id]))
    discounts: defaultdict[str, list[Sequence[LineItemDiscount]]] = defaultdict(list)
    for discount in whole.line_item_discounts:
        if discount.line_item_id in lines:
            discounts[discount.line_item_id].append(split_discount(discount, lines[discount.line_item_id]))
    return _Split(lines, taxes, discounts, _adjustment_shares(invoice, orders))


def _adjustment_shares(
    invoice: InvoiceFacts, orders: Mapping[str, int]
) -> list[tuple[InvoiceCreditNote, Mapping[str, Sequence[int]]]]:
    found: list[tuple[InvoiceCreditNote, Mapping[str, Sequence[int]]]] = []
    for note in invoice.adjustment_credit_notes:
        shares = shares_of_lines(invoice, note.cn_total)
        found.append((note, {line: shares_of_orders(shares[line], count) for line, count in orders.items()}))
    return found


def _contents(order: PlannedOrder, places: Sequence[tuple[str, int]], split: _Split) -> OrderContents:
    status = LineItemStatus.CANCELLED if order.cancelled_for else LineItemStatus.QUEUED
    return OrderContents(
        order_line_items=tuple(replace(split.lines[line][place], status=status) for line, place in places),
        line_item_taxes=tuple(tax[place] for line, place in places for tax in split.taxes.get(line, ())),
        line_item_discounts=tuple(each[place] for line, place in places for each in split.discounts.get(line, ())),
        linked_credit_notes=_adjustments(places, split),
    )


def _adjustments(places: Sequence[tuple[str, int]], split: _Split) -> tuple[LinkedCreditNote, ...]:
    amounts = [(note, sum(shares[line][place] for line, place in places)) for note, shares in split.adjustments]
    return tuple(adjustment(note, amount) for note, amount in amounts if amount)
