"""What of the invoice was paid and adjusted, on the lines of its orders: shared as when the orders were born."""

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from ledger.invoice import Invoice
from ledger.invoice_changes.schedule import follows_invoice, in_order_of_birth
from ledger.invoice_shares import shares_of_lines, shares_of_orders
from ledger.order import Order

LineShares = Mapping[str, int]
"""What each order line has, by its id."""


def with_amounts(orders: Sequence[Order], invoice: Invoice) -> list[Order]:
    """The orders with their shares of what was paid and adjusted.

    Over the orders of a line they sum to the line's share of the invoice, cancelled orders and all.
    """
    paid = shares_of_order_lines(orders, invoice, invoice.facts.paid)
    adjusted = shares_of_order_lines(orders, invoice, invoice.facts.adjusted)
    return [_with_shares(order, paid, adjusted) for order in orders]


def shares_of_order_lines(orders: Sequence[Order], invoice: Invoice, amount: int) -> LineShares:
    """What each line of the orders that follow the invoice has of an amount of the whole invoice.

    Lines that the invoice does not have (any more) have no share that is known, and are left out.
    """
    shares = shares_of_lines(invoice.facts, amount)
    of_order_lines: dict[str, int] = {}
    for line_id, order_lines in _split_lines(orders, invoice).items():
        if line_id in shares:
            parts = shares_of_orders(shares[line_id], len(order_lines))
            of_order_lines |= zip(order_lines, parts, strict=True)
    for order in orders:
        if order.is_imported and follows_invoice(order):
            lines = (line for line in order.order_line_items if line.invoice_line_item_id in shares)
            of_order_lines |= {line.id: shares[line.invoice_line_item_id] for line in lines}
    return of_order_lines


def _split_lines(orders: Sequence[Order], invoice: Invoice) -> dict[str, list[str]]:
    """The order lines that each invoice line was split over, by its id."""
    found: dict[str, list[str]] = {}
    for order in in_order_of_birth(orders, invoice):
        for line in order.order_line_items:
            found.setdefault(line.invoice_line_item_id, []).append(line.id)
    return found


def _with_shares(order: Order, paid: LineShares, adjusted: LineShares) -> Order:
    lines = tuple(
        replace(line, amount_paid=paid[line.id], amount_adjusted=adjusted[line.id]) if line.id in paid else line
        for line in order.order_line_items
    )
    return replace(order, order_line_items=lines)
