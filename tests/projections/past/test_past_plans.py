"""Pages of the past are read from indexes, whichever plan PostgreSQL chooses for their statements."""

import asyncio
import os
from collections.abc import Iterator
from typing import Any

import asyncpg
import msgspec
import pytest

from ledger.consumer import catch_up
from ops.bench.pages import likely_pages
from ops.bench.past_database import fill
from ops.bench.past_lists import MOMENTS, moments_of
from ops.bench.scratch import SITE
from ops.database import Address, service_pool
from projections.past.consumer import OrderVersions
from projections.past.lists import PastLists
from projections.sql import query
from projections.sql.statements import Statement
from tests.conftest import new_database
from tests.projections.test_list_plans import Plan, blocks_read, explained, rows_read

ORDERS = 3_000
# The table of versions alone has several hundred blocks, and its indexes as many.
BLOCKS_MAX = 4_000


@pytest.fixture(scope="module", params=["short", "long"])
def shop(
    superuser: dict[str, Any], worker_id: str, request: pytest.FixtureRequest
) -> Iterator[tuple[asyncio.Runner, Address]]:
    """A database of one's own with a site whose orders live short or long."""
    with asyncio.Runner() as runner:
        address = runner.run(new_database(superuser, f"past_{request.param}_{worker_id}_{os.getpid()}"))
        runner.run(_fill(address, request.param))
        yield runner, address


async def _fill(address: Address, lives: str) -> None:
    connection = await asyncpg.connect(**address.owner)
    await fill(connection, ORDERS, lives)
    async with service_pool(address, size_max=1) as pool:
        await catch_up(pool, OrderVersions(), SITE)
    await connection.execute("VACUUM (ANALYZE)")
    await connection.close()


async def statements_of(address: Address) -> dict[str, Statement]:
    """Every form of statement that likely pages of old, middle and recent moments need, once."""
    found: dict[str, Statement] = {}

    def note(ran: Any) -> None:
        if ran.query.lstrip().startswith(("SELECT", "WITH")) and None not in ran.args:
            arguments = tuple(list(map(str, each)) if isinstance(each, list) else each for each in ran.args)
            found.setdefault(ran.query, Statement(ran.query, arguments, is_bounded=False))

    async with service_pool(address, size_max=1) as pool:
        moments = await moments_of(pool)
        assert moments.keys() == MOMENTS.keys()
        async with pool.acquire() as connection:
            connection.add_query_logger(note)
        for page in likely_pages():
            for moment in moments.values():
                await PastLists(pool).page(SITE, page.query, moment)
    return {text: each for text, each in found.items() if "order_version" in text or "ledger.event" in text}


@pytest.fixture(scope="module")
def statements(shop: tuple[asyncio.Runner, Address]) -> dict[str, Statement]:
    """The statements of the shop: they do not depend on how they are planned."""
    runner, address = shop
    return runner.run(statements_of(address))


def scans(plan: Plan) -> Iterator[tuple[str, str]]:
    """Kind of node and table of each scan."""
    if "Relation Name" in plan:
        yield plan["Node Type"], plan["Relation Name"]
    for inner in plan.get("Plans", ()):
        yield from scans(inner)


@pytest.mark.parametrize("plans", ["force_custom_plan", "force_generic_plan"])
def test_no_page_of_the_past_scans_versions_or_events(
    shop: tuple[asyncio.Runner, Address], statements: dict[str, Statement], plans: str
) -> None:
    runner, address = shop

    async def plans_of() -> dict[str, Plan]:
        connection = await asyncpg.connect(**address.owner)
        await connection.execute(f"SET plan_cache_mode = {plans}")
        found = {text: await explained(connection, each) for text, each in statements.items()}
        await connection.close()
        return found

    found = runner.run(plans_of())
    assert len(found) > 20
    for text, plan in found.items():
        assert ("Seq Scan", "order_version") not in set(scans(plan)), text
        assert ("Seq Scan", "order_version_document") not in set(scans(plan)), text
        assert ("Seq Scan", "event") not in set(scans(plan)), text
        assert blocks_read(plan) < BLOCKS_MAX, text


@pytest.mark.parametrize("name", ["version_rows", "version_documents"])
def test_what_a_rebuild_compares_is_read_between_two_orders_and_not_to_the_end(
    shop: tuple[asyncio.Runner, Address], name: str
) -> None:
    """Or a rebuild takes longer with the square of the orders. Sessions of the service plan without the values."""
    runner, address = shop

    async def plans_of() -> list[Plan]:
        connection = await asyncpg.connect(**address.owner)
        await connection.execute("SET plan_cache_mode = force_generic_plan")
        ids = await connection.fetch("SELECT id FROM ledger.order_view ORDER BY id LIMIT 21 OFFSET 100")
        first, last = ids[0]["id"], ids[-1]["id"]
        await connection.execute(f"PREPARE compared AS {query(name)}")
        plans = []
        for arguments in (f"NULL, '{first}', '{last}'", f"'{{{last}}}', '', NULL"):
            told = await connection.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE compared ('{SITE}', {arguments})")
            plans.append(msgspec.json.decode(told)[0]["Plan"])
        await connection.close()
        return plans

    some, one = runner.run(plans_of())
    assert some["Actual Rows"] >= 20
    # The order in front of the first one is looked at as well.
    assert rows_read(some) <= some["Actual Rows"] + 10
    assert 0 < rows_read(one) == one["Actual Rows"]
