"""Random orders: every member that an order can have, there or not."""

from hypothesis import strategies as st
from msgspec.structs import replace

from ledger.order import Order
from ledger.parts import LineItemTax
from tests.ledger.random_events import structs

decimals = st.decimals(-(10**9), 10**9, places=4).map(str) | st.integers(0, 100).map(str)


def _with_decimals(tax: LineItemTax, rate: str, prorated: str | None) -> LineItemTax:
    return replace(tax, tax_rate=rate, prorated_taxable_amount=prorated)


def _with_taxes(order: Order, taxes: list[LineItemTax]) -> Order:
    return replace(order, line_item_taxes=tuple(taxes))


taxes: st.SearchStrategy[LineItemTax] = st.builds(_with_decimals, structs(LineItemTax), decimals, st.none() | decimals)
orders: st.SearchStrategy[Order] = st.builds(_with_taxes, structs(Order), st.lists(taxes, max_size=2))
