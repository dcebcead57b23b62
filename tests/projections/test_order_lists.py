"""Lists of orders against plain Python: every filter, operator, sort and limit, and the pages put together."""

import asyncio
import os
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import asyncpg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.ids import Site
from ledger.vocabulary import OrderStatus, OrderType, ResentStatus
from ops.database import Address, service_pool
from projections.listing import Filter, Operator, OrderQuery, Sort
from projections.orders import OrderViews, is_cut, page_statements
from projections.sql import reads, statements
from projections.sql.accesses import PERIOD_BITS, STATUS_PERIODS
from tests.times import LAWS_TIMES

Row = dict[str, Any]

EQUALITY = (Operator.IS, Operator.IS_NOT)
SETS = (Operator.IN, Operator.NOT_IN)
TIMES = (Operator.AFTER, Operator.BEFORE, Operator.ON, Operator.BETWEEN)
OPERATORS: dict[str, tuple[Operator, ...]] = {
    "id": (*EQUALITY, *SETS, Operator.STARTS_WITH),
    "invoice_id": (*EQUALITY, *SETS, Operator.STARTS_WITH),
    "subscription_id": (*EQUALITY, Operator.STARTS_WITH),
    "original_order_id": (*EQUALITY, Operator.STARTS_WITH),
    "business_entity_id": (Operator.IS,),
    "status": (*EQUALITY, *SETS),
    "order_type": (*EQUALITY, *SETS),
    "resent_status": (*EQUALITY, *SETS),
    "is_resent": (Operator.IS,),
    "created_at": TIMES,
    "updated_at": TIMES,
    "order_date": TIMES,
    "shipping_date": TIMES,
    "shipped_at": TIMES,
    "paid_on": TIMES,
}

# Few values, so that they meet: prefixes of each other, letter case, wildcards, and the last character there is.
texts = st.sampled_from(
    ["a", "A", "ab", "aB", "a%", "a_", "a\U0010ffff", "a\U0010ffffa", "\U0010ffff", "b", "\ud7ff", "é"]
)
period, long_period = 1 << PERIOD_BITS, 1 << STATUS_PERIODS.bits
times = st.sampled_from(
    [0, 1, period - 1, period, period + 1, 5 * period, long_period - 1, long_period, 1_700_000_000, 9_999_999_999]
)
VALUES: dict[str, st.SearchStrategy[Any]] = dict.fromkeys(OPERATORS, texts) | {
    "status": st.sampled_from(list(OrderStatus)[:5]),
    "order_type": st.sampled_from(list(OrderType)),
    "resent_status": st.sampled_from(list(ResentStatus)),
    "is_resent": st.booleans(),
    **dict.fromkeys(("created_at", "updated_at", "order_date", "shipping_date", "shipped_at", "paid_on"), times),
}
REQUIRED = {"id", "invoice_id", "status", "order_type", "is_resent", "created_at", "updated_at"}

rows = st.fixed_dictionaries(
    {field: values if field in REQUIRED else st.none() | values for field, values in VALUES.items()}
    | {"deleted": st.booleans()}
)
tables = st.lists(rows, max_size=30, unique_by=lambda row: row["id"])


@st.composite
def filters(draw: st.DrawFn) -> Filter:
    """One filter as the API makes them."""
    field = draw(st.sampled_from(sorted(OPERATORS)))
    operator = draw(st.sampled_from(OPERATORS[field]))
    size = {Operator.ON: (2, 2), Operator.BETWEEN: (2, 2), Operator.IN: (1, 4), Operator.NOT_IN: (1, 4)}
    least, most = size.get(operator, (1, 1))
    values = tuple(draw(st.lists(VALUES[field], min_size=least, max_size=most)))
    return Filter(field, operator, tuple(sorted(values)) if operator in TIMES else values)


def queries_of(filtered: st.SearchStrategy[tuple[Filter, ...]]) -> st.SearchStrategy[OrderQuery]:
    """Lists with these filters, in any order."""
    return st.builds(
        OrderQuery,
        filters=filtered,
        sort=st.builds(Sort, st.sampled_from(["created_at", "updated_at"]), st.booleans()),
        limit=st.integers(1, 12),
        include_deleted=st.booleans(),
    )


queries = queries_of(st.lists(filters(), max_size=3).map(tuple))

# What is rare is asked for over long ranges: states that few orders end in, and when they came to them.
rare_statuses = st.sampled_from(STATUS_PERIODS.statuses)
ranges = st.tuples(times, times).map(sorted).map(tuple)
queries_of_rare = queries_of(
    st.tuples(
        st.builds(Filter, st.just("status"), st.just(Operator.IN), st.lists(rare_statuses, min_size=1).map(tuple)),
        st.builds(Filter, st.just("updated_at"), st.just(Operator.BETWEEN), ranges),
        st.none() | st.builds(Filter, st.just("created_at"), st.just(Operator.BETWEEN), ranges),
    ).map(lambda each: tuple(filter(None, each)))
)
tables_of_rare = st.lists(
    st.builds(lambda row, status: row | {"status": status}, rows, rare_statuses),
    max_size=30,
    unique_by=lambda row: row["id"],
)


def passes(row: Row, each: Filter) -> bool:
    """Whether an order passes a filter (chargebee/conventions.md, section 8)."""
    value, wanted = row[each.field], each.values
    match each.operator:
        case Operator.IS | Operator.IN:
            return value in wanted
        case Operator.IS_NOT | Operator.NOT_IN:
            return value not in wanted
        case Operator.STARTS_WITH:
            return value is not None and value.startswith(wanted[0])
        case Operator.AFTER:
            return value is not None and value > wanted[0]
        case Operator.BEFORE:
            return value is not None and value < wanted[0]
        case Operator.ON | Operator.BETWEEN:
            return value is not None and wanted[0] <= value <= wanted[1]


def listed(table: list[Row], wanted: OrderQuery) -> list[str]:
    """The ids of the whole list."""
    found = [
        (row[wanted.sort.field], row["id"])
        for row in table
        if (wanted.include_deleted or not row["deleted"]) and all(passes(row, each) for each in wanted.filters)
    ]
    return [row_id for _, row_id in sorted(found, reverse=wanted.sort.descending)]


class View:
    """The order view of a database, with tables of rows in sites of their own."""

    def __init__(self, pool: asyncpg.Pool, run: Callable[[Coroutine[Any, Any, Any]], Any]) -> None:
        self._pool = pool
        self._run = run

    def fill(self, table: list[Row]) -> Site:
        """A new site with these orders. The document of an order is its id."""
        site = Site(f"l{os.urandom(8).hex()}")
        constant = {"site": site, "version": 1, "position": 1, "document_number": None}
        columns = [*constant, *(VALUES | {"deleted": None})]
        records = [(*constant.values(), *(row[name] for name in columns[4:]), row["id"].encode()) for row in table]
        self._run(self._copy([*columns, "document"], records))
        return site

    def pages(self, site: Site, wanted: OrderQuery) -> list[list[str]]:
        """The ids of all pages, to the last."""
        found: list[list[str]] = self._run(self._pages(site, wanted))
        return found

    def first_page_by_every_way(self, site: Site, wanted: OrderQuery) -> list[list[str]]:
        """The ids that each statement of the first page finds, and one more, if it is not cut short."""
        found: list[list[str]] = self._run(self._first_page_by_every_way(site, wanted))
        return found

    async def _first_page_by_every_way(self, site: Site, wanted: OrderQuery) -> list[list[str]]:
        ways = [(each, await self._pool.fetch(each.text, *each.arguments)) for each in page_statements(site, wanted)]
        return [[row["document"].decode() for row in rows] for each, rows in ways if not is_cut(each, rows)]

    async def _copy(self, columns: list[str], records: list[tuple[Any, ...]]) -> None:
        async with self._pool.acquire() as connection:
            await connection.copy_records_to_table("order_view", schema_name="ledger", columns=columns, records=records)

    async def _pages(self, site: Site, wanted: OrderQuery) -> list[list[str]]:
        views = OrderViews(self._pool)
        pages = []
        for _ in range(100):
            page = await views.page(site, wanted)
            pages.append([document.decode() for document in page.documents])
            if page.next_start is None:
                return pages
            wanted = OrderQuery(
                filters=wanted.filters,
                sort=wanted.sort,
                limit=wanted.limit,
                include_deleted=wanted.include_deleted,
                start=page.next_start,
            )
        raise AssertionError("The list does not end.")


@pytest.fixture(scope="module")
def view(address: Address) -> Iterator[View]:
    """The view of the database that the tests of this process share."""
    with asyncio.Runner() as runner:
        serving = service_pool(address, size_max=1)
        yield View(runner.run(serving.__aenter__()), runner.run)
        runner.run(serving.__aexit__(None, None, None))


@pytest.mark.parametrize("rows_max", [(reads.TRY_ROWS_MAX, reads.SECOND_TRY_ROWS_MAX), (3, 7)])
@settings(max_examples=50 * LAWS_TIMES, deadline=None)
@given(table=tables, wanted=st.lists(queries, min_size=1, max_size=6))
def test_pages_put_together_are_the_list(
    view: View, rows_max: tuple[int, int], table: list[Row], wanted: list[OrderQuery]
) -> None:
    site = view.fill(table)
    with pytest.MonkeyPatch.context() as patch:
        # With small bounds, small tables are enough to come to them.
        patch.setattr(reads, "TRY_ROWS_MAX", rows_max[0])
        patch.setattr(reads, "SECOND_TRY_ROWS_MAX", rows_max[1])
        patch.setattr(reads, "LAST_TRY_ROWS_MAX", 2 * rows_max[1])
        patch.setattr(reads, "WALK_BEFORE_PERIODS_ROWS_MAX", rows_max[0])
        patch.setattr(reads, "MERGED_PERIODS_MAX", rows_max[0])
        patch.setattr(statements, "LOOK_ROWS_MAX", rows_max[0])
        for each in wanted:
            pages = view.pages(site, each)
            assert [row_id for page in pages for row_id in page] == listed(table, each)
            assert all(len(page) == each.limit for page in pages[:-1])
            assert len(pages[-1]) <= each.limit


@settings(max_examples=50 * LAWS_TIMES, deadline=None)
@given(
    table=tables | tables_of_rare,
    wanted=st.lists(queries | queries_of_rare, min_size=1, max_size=6),
)
def test_every_way_to_a_page_finds_the_same_rows(view: View, table: list[Row], wanted: list[OrderQuery]) -> None:
    """Those too that small tables do not come to, because one before them has answered."""
    site = view.fill(table)
    for each in wanted:
        for found in view.first_page_by_every_way(site, each):
            assert found == listed(table, each)[: each.limit + 1]
