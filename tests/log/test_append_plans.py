"""The append looks up single rows by their indexes, also where its plans were made when there was next to nothing."""

import asyncpg

from ops.database import Address, service_pool
from tests.conftest import new_site
from tests.log.appends import answer, append_batch, order_append

TABLES = ("event", "head", "order_view", "idempotent_answer", "number_series")


async def full_reads(connection: asyncpg.Connection) -> dict[str, int]:
    """How often each table was read as a whole."""
    await connection.execute("SELECT pg_stat_force_next_flush()")
    await connection.execute("SELECT pg_stat_clear_snapshot()")
    rows = await connection.fetch(
        "SELECT relname, seq_scan FROM pg_stat_user_tables WHERE schemaname = 'ledger' AND relname = ANY ($1)", TABLES
    )
    return {row["relname"]: row["seq_scan"] for row in rows}


async def test_a_plan_of_a_log_of_few_events_does_not_read_a_long_one(own_address: Address) -> None:
    """Such a plan lives as long as its connection: creates became slower with each second of a new service."""
    async with service_pool(own_address, size_max=1) as pool:
        site = await new_site(pool)
        await append_batch(pool, order_append(site, "first", document_number="d", answer=answer("k")))
        owner = await asyncpg.connect(**own_address.owner)
        await owner.execute("ANALYZE")
        before = await full_reads(owner)
        for number in range(10):
            numbered = order_append(site, f"o{number}", document_number=f"d{number}", answer=answer(f"k{number}"))
            await append_batch(pool, numbered, order_append(site, f"o{number}", version=3))
        await pool.execute("SELECT pg_stat_force_next_flush()")
        assert await full_reads(owner) == before
        await owner.close()
