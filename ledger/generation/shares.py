"""What each order of an invoice line has of its money (chargebee/order-generation.md, section 5): the floor of an equal
share on each, the remainder on the last. The quantity is that of each delivery and stays whole.
"""

from collections.abc import Callable, Sequence
from decimal import ROUND_FLOOR, Decimal

from msgspec.structs import replace

from ledger.invoice_shares import shares_of_orders
from ledger.parts import LineItemDiscount, LineItemTax, OrderLine
from ledger.vocabulary import PriceType


def split_line(
    line: OrderLine, price_type: PriceType, orders: int, new_line_id: Callable[[], str]
) -> tuple[OrderLine, ...]:
    """A line over so many orders, each with an id of its own."""
    amounts = shares_of_orders(line.amount, orders)
    taxes = shares_of_orders(line.tax_amount, orders)
    discounts = _within(shares_of_orders(line.discount_amount, orders), amounts)
    item_level_discounts = _within(shares_of_orders(line.item_level_discount_amount, orders), discounts)
    paid = shares_of_orders(line.amount_paid, orders)
    adjusted = shares_of_orders(line.amount_adjusted, orders)
    return tuple(
        replace(
            line,
            id=new_line_id(),
            amount=amounts[place],
            discount_amount=discounts[place],
            item_level_discount_amount=item_level_discounts[place],
            tax_amount=taxes[place],
            fulfillment_amount=_cost(amounts[place], discounts[place], taxes[place], price_type),
            amount_paid=paid[place],
            amount_adjusted=adjusted[place],
        )
        for place in range(orders)
    )


def split_tax(tax: LineItemTax, lines: Sequence[OrderLine]) -> tuple[LineItemTax, ...]:
    """A tax of a line over the lines that it was split into."""
    taxable = shares_of_orders(tax.taxable_amount, len(lines))
    amounts = shares_of_orders(tax.tax_amount, len(lines))
    local = _optional(tax.tax_amount_in_local_currency, len(lines))
    prorated = _decimal_shares(tax.prorated_taxable_amount, len(lines))
    return tuple(
        replace(
            tax,
            line_item_id=line.id,
            taxable_amount=taxable[place],
            tax_amount=amounts[place],
            tax_amount_in_local_currency=local[place],
            prorated_taxable_amount=prorated[place],
        )
        for place, line in enumerate(lines)
    )


def split_discount(discount: LineItemDiscount, lines: Sequence[OrderLine]) -> tuple[LineItemDiscount, ...]:
    """A discount of a line over the lines that it was split into."""
    amounts = shares_of_orders(discount.discount_amount, len(lines))
    return tuple(
        replace(discount, line_item_id=line.id, discount_amount=amount)
        for line, amount in zip(lines, amounts, strict=True)
    )


def _cost(amount: int, discount: int, tax: int, price_type: PriceType) -> int:
    return max(0, amount - discount + (tax if price_type is PriceType.TAX_EXCLUSIVE else 0))


def _within(shares: Sequence[int], rooms: Sequence[int]) -> tuple[int, ...]:
    """Shares of which none goes beyond its room, as long as there is room for all.

    A remainder of some cents on the last order can be more than a very small last order costs. It then goes to those
    before it, or that order would cost less than nothing.
    """
    if sum(shares) > sum(rooms):
        return tuple(shares)
    bounded = []
    carried = 0
    for share, room in zip(reversed(shares), reversed(rooms), strict=True):
        bounded.append(min(share + carried, room))
        carried += share - bounded[-1]
    return tuple(reversed(bounded))


def _optional(amount: int | None, orders: int) -> tuple[int | None, ...]:
    return (None,) * orders if amount is None else shares_of_orders(amount, orders)


def _decimal_shares(amount: str | None, orders: int) -> tuple[str | None, ...]:
    """Shares with as many decimals as the whole has."""
    if amount is None:
        return (None,) * orders
    whole = Decimal(amount)
    smallest = Decimal(1).scaleb(-len(amount.partition(".")[2]))
    share = (whole / orders).quantize(smallest, ROUND_FLOOR)
    return (*(format(share, "f"),) * (orders - 1), format(whole - share * (orders - 1), "f"))
