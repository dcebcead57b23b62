"""Tables that grow with the log are sampled again and again: by as little as tells how many values a column has."""

import asyncpg
import pytest

# Columns of tables, and of indexes those that are expressions. A table is sampled for the one that wants most.
_WANT_MORE = """
    SELECT class.relname || '.' || attribute.attname
    FROM pg_class AS class
    JOIN pg_attribute AS attribute ON attribute.attrelid = class.oid
    LEFT JOIN pg_index AS index ON index.indexrelid = class.oid
    WHERE class.relnamespace = 'ledger'::regnamespace
        AND attribute.attnum > 0
        AND NOT attribute.attisdropped
        AND (class.relkind IN ('r', 'p') OR index.indkey[attribute.attnum - 1] = 0)
        AND attribute.attstattarget IS DISTINCT FROM 10
    UNION ALL
    SELECT stxname FROM pg_statistic_ext WHERE stxnamespace = 'ledger'::regnamespace
"""


async def found(owner: asyncpg.Connection) -> list[str]:
    """What wants more than it may."""
    return [row[0] for row in await owner.fetch(_WANT_MORE)]


async def test_no_column_wants_a_larger_sample(owner: asyncpg.Connection) -> None:
    """032_small_samples.sql; a migration that adds a column says so of it: ``ALTER COLUMN … SET STATISTICS 10``."""
    assert await found(owner) == []


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE ledger.event ADD COLUMN place text",
        "ALTER TABLE ledger.event ALTER COLUMN body SET STATISTICS -1",
        "CREATE INDEX ON ledger.event (site, lower(type))",
        "CREATE STATISTICS ledger.of_events ON type, stream FROM ledger.event",
    ],
)
async def test_one_that_does_is_seen(owner: asyncpg.Connection, change: str) -> None:
    undone = owner.transaction()
    await undone.start()
    try:
        await owner.execute(change)
        assert len(await found(owner)) == 1
    finally:
        await undone.rollback()
