"""Every likely page of a list is answered from an index, whichever plan PostgreSQL chooses for it.

What a plan reads is counted, not how it looks: a page may look at some thousand rows, never at a share of the table.
"""

import asyncio
import os
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import asyncpg
import msgspec
import pytest

from ledger.ids import Site
from ops.bench.orders import COLUMNS, END_S, START_S, in_order_of_updates, orders, records
from ops.bench.pages import LikelyPage, likely_pages
from projections.listing import Filter, Operator, OrderQuery, PageStart, Sort
from projections.orders import is_cut, page_statements
from projections.sql import reads
from projections.sql.accesses import NARROW, PERIOD_BITS, PERIODS, STATUS_PERIODS, UPDATE_PERIODS
from projections.sql.statements import Statement
from tests.conftest import new_database

SITE = Site("shop")
ORDERS = 20_000
ROWS_MAX = 4_000
BLOCKS_MAX = 2_500

# A hundred keys of each of a year's periods.
DEAREST = "created_at[after]={year_ago}&sort_by[asc]=updated_at"
DEAREST_ROWS_MAX = 15_000

# States that few orders end in, over a long range. On this table a first try answers them: what is read at more orders
# is looked at without it.
RARE = {"status[is]=cancelled&updated_at[after]={year_ago}", "status[is]=returned&updated_at[after]={year_ago}"}
# One try each, by index; all that a page needs beside it are the documents, by key.
RARE_INDEXES = ["order_view_list_status_updated", "order_view_list_status_created", STATUS_PERIODS.index]
RARE_ROWS_MAX = 2_500

Plan = dict[str, Any]


@pytest.fixture(scope="module")
def shop(superuser: dict[str, Any], worker_id: str) -> Iterator[tuple[asyncio.Runner, asyncpg.Connection]]:
    """A connection to a database of one's own: one large site among many small ones."""
    with asyncio.Runner() as runner:
        address = runner.run(new_database(superuser, f"plans_{worker_id}_{os.getpid()}"))
        connection = runner.run(asyncpg.connect(**address.owner))
        runner.run(_fill(connection))
        yield runner, connection
        runner.run(connection.close())


async def _fill(connection: asyncpg.Connection) -> None:
    sizes = {SITE: ORDERS, **{f"stall-{number}": 4 for number in range(300)}}
    for site, size in sizes.items():
        rows = records(site, in_order_of_updates(orders(size)))
        await connection.copy_records_to_table("order_view", schema_name="ledger", columns=COLUMNS, records=rows)
    await connection.execute("VACUUM (ANALYZE) ledger.order_view")


async def explained(connection: asyncpg.Connection, statement: Statement) -> Plan:
    """The plan of a statement as a prepared one runs, with what it read."""
    literals = [
        await connection.fetchval(
            f"SELECT quote_nullable($1::{'text[]' if isinstance(value, list) else 'text'}::text)",
            value if isinstance(value, list) else str(value),
        )
        for value in statement.arguments
    ]
    await connection.execute(f"PREPARE page AS {statement.text}")
    explain = f"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) EXECUTE page ({', '.join(literals)})"
    text = await connection.fetchval(explain)
    await connection.execute("DEALLOCATE page")
    plan: Plan = msgspec.json.decode(text)[0]["Plan"]
    return plan


def rows_read(plan: Plan) -> float:
    """Rows that all scans of a plan looked at."""
    inner = sum(rows_read(each) for each in plan.get("Plans", ()))
    if "Relation Name" not in plan:
        return inner
    seen = plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0) + plan.get("Rows Removed by Index Recheck", 0)
    return inner + float(seen * plan["Actual Loops"])


def reads_whole_table(plan: Plan) -> bool:
    """Whether any part of a plan goes through the table instead of an index."""
    return plan["Node Type"] == "Seq Scan" or any(map(reads_whole_table, plan.get("Plans", ())))


def blocks_read(plan: Plan) -> int:
    """Blocks of 8 KiB that a plan looked at."""
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


def query_of(page: LikelyPage) -> OrderQuery:
    """The query, with a start in the middle of the two years where the page is not the first."""
    return replace(page.query, start=PageStart((START_S + END_S) // 2, "")) if page.is_half_way else page.query


async def cost(connection: asyncpg.Connection, query: OrderQuery) -> tuple[float, int]:
    """Rows and blocks that a page looks at."""
    rows, blocks = 0.0, 0
    for statement in page_statements(SITE, query):
        plan = await explained(connection, statement)
        assert not reads_whole_table(plan)
        rows, blocks = rows + rows_read(plan), blocks + blocks_read(plan)
        if not is_cut(statement, await connection.fetch(statement.text, *statement.arguments)):
            break
    return rows, blocks


@pytest.mark.parametrize("plans", ["force_custom_plan", "force_generic_plan"])
def test_no_likely_page_looks_at_a_share_of_the_table(
    shop: tuple[asyncio.Runner, asyncpg.Connection], plans: str
) -> None:
    runner, connection = shop
    runner.run(connection.execute(f"SET plan_cache_mode = {plans}"))
    costs = {page.name: runner.run(cost(connection, query_of(page))) for page in likely_pages()}
    rows, blocks = costs.pop(DEAREST)
    assert rows <= DEAREST_ROWS_MAX
    assert blocks <= BLOCKS_MAX
    assert {name: each for name, each in costs.items() if each[0] > ROWS_MAX or each[1] > BLOCKS_MAX} == {}


def test_a_range_with_one_end_is_read_from_the_start_of_the_page_and_not_from_the_end_it_does_not_have(
    shop: tuple[asyncio.Runner, asyncpg.Connection],
) -> None:
    """Of two bounds an index reads from one, and a bound that nothing reaches may be that one."""
    runner, connection = shop
    newest_first, half_way = Sort("updated_at", descending=True), PageStart((START_S + END_S) // 2, "")
    everything = OrderQuery(sort=newest_first, start=half_way, limit=100)
    since_long = replace(everything, filters=(Filter("updated_at", Operator.AFTER, (1,)),))
    _, blocks = runner.run(cost(connection, everything))
    _, blocks_of_range = runner.run(cost(connection, since_long))
    assert blocks_of_range <= blocks + 5


def scans(plan: Plan) -> set[tuple[str, str]]:
    """Kind of node and index of each scan that reads keys, not documents."""
    own = {(plan["Node Type"], plan["Index Name"])} if "Index Name" in plan and plan["Alias"] != "shown" else set()
    return own.union(*map(scans, plan.get("Plans", ())))


def test_a_rare_status_in_a_long_range_is_read_from_indexes_alone(
    shop: tuple[asyncio.Runner, asyncpg.Connection],
) -> None:
    runner, connection = shop
    runner.run(connection.execute("SET plan_cache_mode = force_generic_plan"))
    for page in (each for each in likely_pages() if each.name in RARE):
        statements = list(page_statements(SITE, page.query))
        plans = [runner.run(explained(connection, statement)) for statement in statements]
        assert [scans(plan) for plan in plans] == [{("Index Only Scan", index)} for index in RARE_INDEXES]
        assert max(map(rows_read, plans)) <= RARE_ROWS_MAX


@pytest.mark.parametrize(
    "name", ["id[starts_with]=__test__", "invoice_id[is]={large_invoice}&sort_by[desc]=updated_at"]
)
def test_a_try_of_too_many_rows_reads_none_of_them(
    shop: tuple[asyncio.Runner, asyncpg.Connection], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """That there are too many is seen from the index."""
    runner, connection = shop
    runner.run(connection.execute("SET plan_cache_mode = force_generic_plan"))
    monkeypatch.setattr(reads, "TRY_ROWS_MAX", 0)
    page = next(each for each in likely_pages() if each.name == name)
    first = next(page_statements(SITE, page.query))
    assert is_cut(first, runner.run(connection.fetch(first.text, *first.arguments)))
    plan = runner.run(explained(connection, first))
    assert rows_read(plan) == page.query.limit + 1
    assert blocks_read(plan) < page.query.limit


async def test_the_service_plans_its_statements_once(pool: asyncpg.Pool) -> None:
    """Otherwise PostgreSQL may plan a list anew each time, which takes it as long as to read the page."""
    assert await pool.fetchval("SHOW plan_cache_mode") == "force_generic_plan"


def test_every_index_is_there_as_the_reads_think_of_it(shop: tuple[asyncio.Runner, asyncpg.Connection]) -> None:
    runner, connection = shop
    indexes = runner.run(connection.fetch("SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'order_view'"))
    definitions = {index["indexname"]: index["indexdef"] for index in indexes}
    for access in NARROW:
        definition, columns = definitions[access.index], [*access.pinned, *access.ordered]
        if "WHERE is_resent" in definition:
            columns.remove("is_resent")
        assert set(columns) <= set(re.findall(r"\w+", definition))
        assert f"{', '.join(access.ordered)})" in definition or access.ordered == ("id",)
    for time, periods in [*PERIODS.items(), ("updated_at", STATUS_PERIODS)]:
        pinned, definition = ", ".join(periods.pinned), definitions[periods.index]
        assert f"(site, {pinned}, ((created_at >> {periods.bits})), {time}" in definition
        assert set(re.findall("'(.+?)'", definition)) == set(periods.statuses)
    assert f"(site, deleted, ((updated_at >> {PERIOD_BITS})), created_at, id)" in definitions[UPDATE_PERIODS]


def test_every_index_is_read(shop: tuple[asyncio.Runner, asyncpg.Connection]) -> None:
    runner, connection = shop
    indexes = runner.run(connection.fetch("SELECT indexname FROM pg_indexes WHERE tablename = 'order_view'"))
    by_period = {periods.index for periods in [*PERIODS.values(), STATUS_PERIODS]}
    read = {*(access.index for access in NARROW), *by_period, UPDATE_PERIODS}
    assert {index["indexname"] for index in indexes} == read | {"order_view_by_number"}
