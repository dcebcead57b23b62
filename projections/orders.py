"""Reading the inline view: one order, and pages of many.

A page is read by its keys, never by a row count: it starts behind the sort value and id of the last row before,
so no order is repeated or skipped while others arrive. The statement is put together from the fixed fragments
below; what the caller sends travels as arguments only.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import asyncpg

from ledger.ids import Site
from projections.listing import Filter, Operator, OrderQuery, PageStart
from projections.sql import query

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

# Nothing in a text column sorts behind this character, so a prefix and it bound all texts with the prefix.
_LAST_CHARACTER = chr(0x10FFFF)


@dataclass(frozen=True, slots=True)
class OrderPage:
    """Documents of one page, and where the next one starts; None on the last page."""

    documents: tuple[bytes, ...]
    next_start: PageStart | None


class OrderViews:
    """Reads of the inline view through a pool of connections."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def retrieve(self, site: Site, order_id: str, business_entity_id: str | None = None) -> bytes | None:
        """The document of an order; None when it is unknown, deleted, or of another business entity."""
        row = await self._pool.fetchrow(query("find_order"), site, order_id)
        if row is None or business_entity_id not in {None, row["business_entity_id"]}:
            return None
        document: bytes = row["document"]
        return document

    async def page(self, site: Site, wanted: OrderQuery) -> OrderPage:
        """One page of the orders that pass all filters."""
        statement, arguments = page_statement(site, wanted)
        rows = await self._pool.fetch(statement, *arguments)
        shown = rows[: wanted.limit]
        last = shown[-1] if len(rows) > wanted.limit else None
        return OrderPage(
            documents=tuple(row["document"] for row in shown),
            next_start=PageStart(last["sort_value"], last["id"]) if last else None,
        )


def page_statement(site: Site, wanted: OrderQuery) -> tuple[str, list[Any]]:
    """The statement of a page and its arguments; it reads one row more, to know whether there is another page."""
    assert wanted.sort.field in _SORTED
    arguments: list[Any] = [site]

    def argument(value: Any) -> str:
        arguments.append(value)
        return f"${len(arguments)}"

    conditions = ["site = $1"]
    if not wanted.include_deleted:
        conditions.append("NOT deleted")
    for each in wanted.filters:
        conditions.extend(_conditions(each, argument))
    direction, beyond = ("DESC", "<") if wanted.sort.descending else ("ASC", ">")
    if wanted.start:
        start = f"({argument(wanted.start.value)}, {argument(wanted.start.id)})"
        conditions.append(f"({wanted.sort.field}, id) {beyond} {start}")
    statement = (
        f"SELECT {wanted.sort.field} AS sort_value, id, document "  # noqa: S608 - fixed fragments only
        f"FROM ledger.order_view WHERE {' AND '.join(conditions)} "
        f"ORDER BY {wanted.sort.field} {direction}, id {direction} LIMIT {argument(wanted.limit + 1)}"
    )
    return statement, arguments


def _conditions(each: Filter, argument: Callable[[Any], str]) -> Iterator[str]:
    """The conditions of one filter; absent values match only where nothing is asked for (conventions.md, 8)."""
    column = each.field
    assert column in _FILTERED
    first, last = each.values[0], each.values[-1]
    match each.operator:
        case Operator.IS:
            yield f"{column} = {argument(first)}"
        case Operator.IS_NOT:
            yield f"{column} IS DISTINCT FROM {argument(first)}"
        case Operator.IN:
            yield f"{column} = ANY ({argument(list(each.values))})"
        case Operator.NOT_IN:
            yield f"({column} IS NULL OR {column} <> ALL ({argument(list(each.values))}))"
        case Operator.STARTS_WITH:
            yield f"{column} >= {argument(first)}"
            yield f"{column} < {argument(f'{first}{_LAST_CHARACTER}')}"
        case Operator.AFTER:
            yield f"{column} > {argument(first)}"
        case Operator.BEFORE:
            yield f"{column} < {argument(first)}"
        case Operator.ON | Operator.BETWEEN:
            yield f"{column} BETWEEN {argument(first)} AND {argument(last)}"
