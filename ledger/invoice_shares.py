"""What the lines of an invoice, and the orders of a line, have of an amount of the whole invoice
(chargebee/order-generation.md, section 5). Pure arithmetic: orders are born with these shares and keep to them when
the amount changes.
"""

from ledger.invoice import InvoiceFacts, InvoiceLine
from ledger.money import share_by_weight, split_equally
from ledger.vocabulary import PriceType


def line_total(line: InvoiceLine, price_type: PriceType) -> int:
    """What the line costs in the end: after discount, with tax."""
    tax = line.tax_amount if price_type is PriceType.TAX_EXCLUSIVE else 0
    return max(0, line.amount - line.discount_amount + tax)


def shares_of_lines(invoice: InvoiceFacts, amount: int) -> dict[str, int]:
    """Each line's share of an amount that was paid, adjusted or credited for the whole invoice, by line id.

    A line has what its total is of the invoice's. The shares of all lines sum to the amount, but where the invoice
    costs more than its lines do.
    """
    weights = [line_total(line, invoice.price_type) for line in invoice.line_items]
    shares = share_by_weight(amount, weights, max(invoice.total, sum(weights)))
    return {line.id: share for line, share in zip(invoice.line_items, shares, strict=True)}


def shares_of_orders(share_of_line: int, orders: int) -> tuple[int, ...]:
    """What each of a line's orders has of the line's share: the floor, the last one the remainder."""
    return split_equally(share_of_line, orders)
