"""Reading the inline view: one order, and pages of many.

A page is read by its keys, never by a row count: it starts behind the sort value and id of the last row before,
so no order is repeated or skipped while others arrive. Where to read it is decided in ``projections.sql.reads``;
each statement is put together from fixed fragments, and what the caller sends travels as arguments only.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import asyncpg

from ledger.ids import Site
from ledger.shared_reads import SharedReads
from projections.listing import OrderQuery, PageStart
from projections.sql import query
from projections.sql.conditions import conditions_of
from projections.sql.reads import reads
from projections.sql.statements import Statement, statement

_FILTERED = frozenset(
    {
        "id",
        "invoice_id",
        "subscription_id",
        "original_order_id",
        "business_entity_id",
        "status",
        "order_type",
        "resent_status",
        "is_resent",
        "created_at",
        "updated_at",
        "order_date",
        "shipping_date",
        "shipped_at",
        "paid_on",
    }
)
_SORTED = frozenset({"created_at", "updated_at"})


@dataclass(frozen=True, slots=True)
class OrderPage:
    """Documents of one page, and where the next one starts; None on the last page."""

    documents: tuple[bytes, ...]
    next_start: PageStart | None


@dataclass(frozen=True, slots=True)
class ShownOrder:
    """A row of the view: its version and the document that is answered with."""

    version: int
    document: bytes


class OrderViews:
    """Reads of the inline view through a pool of connections."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._retrieved: SharedReads[str, asyncpg.Record] = SharedReads(self._read)

    async def retrieve(self, site: Site, order_id: str, business_entity_id: str | None = None) -> bytes | None:
        """The document of an order; None when it is unknown, deleted, or of another business entity."""
        row = (await self._retrieved.find(site, [order_id])).get(order_id)
        if row is None or business_entity_id not in {None, row["business_entity_id"]}:
            return None
        document: bytes = row["document"]
        return document

    async def _read(self, site: Site, order_ids: Collection[str]) -> dict[str, asyncpg.Record]:
        rows = await self._pool.fetch(query("find_orders"), site, list(order_ids))
        return {row["id"]: row for row in rows}

    async def shown(self, site: Site, order_id: str) -> ShownOrder | None:
        """What the view has of an order, deleted ones included."""
        row = await self._pool.fetchrow(query("order_row"), site, order_id)
        return ShownOrder(row["version"], row["document"]) if row else None

    async def page(self, site: Site, wanted: OrderQuery) -> OrderPage:
        """One page of the orders that pass all filters."""
        for each in page_statements(site, wanted):
            rows = await self._pool.fetch(each.text, *each.arguments)
            if not is_cut(each, rows):
                return _page(rows, wanted.limit)
        return OrderPage((), None)


def page_statements(site: Site, wanted: OrderQuery) -> Iterator[Statement]:
    """The statements to run for a page, until one was not cut short; none for a list that nothing can be in."""
    assert wanted.sort.field in _SORTED
    assert all(each.field in _FILTERED for each in wanted.filters)
    conditions = conditions_of(wanted.filters)
    if conditions is None:
        return
    for read in reads(conditions, wanted.sort.field):
        yield statement(site, wanted, conditions, read)


def is_cut(done: Statement, rows: Sequence[asyncpg.Record]) -> bool:
    """Whether the read came to its bound before the end of the page, so that its rows may not be the right ones."""
    return done.is_bounded and any(row["is_cut"] for row in rows)


def _page(rows: Sequence[asyncpg.Record], limit: int) -> OrderPage:
    """Statements read one row more than a page has, to know whether there is another page."""
    shown = rows[:limit]
    last = shown[-1] if len(rows) > limit else None
    return OrderPage(
        documents=tuple(row["document"] for row in shown),
        next_start=PageStart(last["sort_value"], last["id"]) if last else None,
    )
