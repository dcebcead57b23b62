"""ops/deploy/citus.sql distributes every table of the schema by its site, and nothing that Citus would refuse.

Citus has no package that tests could install. Its functions are put in place here with the rules that it has for them;
the file was run on a cluster of Citus 14 as ops/deploy/scale-out.md says.
"""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from ops.database import Address, service_pool
from tests.ops.deploy.program import DEPLOY

DISTRIBUTION = (DEPLOY / "citus.sql").read_text(encoding="utf-8")
REFERENCE_TABLES = {"site", "api_key"}

# What the file calls, with Citus's rules: a distributed table has its column in each unique index, refers to others
# by that column or to reference tables, and is distributed once.
CITUS = """
    CREATE TABLE pg_dist_partition (logicalrelid regclass PRIMARY KEY, partmethod "char", repmodel "char", place text);
    CREATE TABLE distributed_function (name regprocedure PRIMARY KEY, argument text);

    CREATE FUNCTION create_reference_table(name regclass) RETURNS void LANGUAGE sql
    AS 'INSERT INTO pg_dist_partition VALUES (name, ''n'', ''t'', name::text)';

    CREATE FUNCTION create_distributed_table(name regclass, by text, colocate_with text DEFAULT NULL) RETURNS void
    LANGUAGE plpgsql AS $$
    DECLARE
        number smallint := (SELECT attnum FROM pg_attribute WHERE attrelid = name AND attname = by);
    BEGIN
        IF EXISTS (SELECT FROM pg_index WHERE indrelid = name AND indisunique AND NOT number = ANY (indkey)) THEN
            RAISE EXCEPTION 'a unique index of % lacks %', name, by;
        END IF;
        IF EXISTS (
            SELECT FROM pg_constraint
            LEFT JOIN pg_dist_partition ON logicalrelid = confrelid
            WHERE conrelid = name AND contype = 'f' AND repmodel IS DISTINCT FROM 't'
                AND (partmethod IS DISTINCT FROM 'h' OR NOT number = ANY (conkey))
        ) THEN
            RAISE EXCEPTION '% refers to what is elsewhere', name;
        END IF;
        INSERT INTO pg_dist_partition VALUES (name, 'h', 's', coalesce(colocate_with, name::text));
    END $$;

    CREATE FUNCTION create_distributed_function(name regprocedure, argument text, colocate_with text) RETURNS void
    LANGUAGE plpgsql AS $$
    BEGIN
        IF NOT EXISTS (SELECT FROM pg_dist_partition WHERE place = colocate_with AND partmethod = 'h') THEN
            RAISE EXCEPTION 'nothing is at %', colocate_with;
        END IF;
        INSERT INTO distributed_function VALUES (name, argument) ON CONFLICT DO NOTHING;
    END $$;
"""


@pytest.fixture
async def cluster(owner: asyncpg.Connection) -> AsyncIterator[asyncpg.Connection]:
    """A migrated database that knows Citus's functions, of which nothing stays."""
    transaction = owner.transaction()
    await transaction.start()
    await owner.execute("CREATE SCHEMA citus; SET LOCAL search_path = citus, pg_catalog")
    await owner.execute(CITUS)
    yield owner
    await transaction.rollback()


async def names(connection: asyncpg.Connection, statement: str) -> set[str]:
    return {row[0] for row in await connection.fetch(statement)}


async def test_every_table_is_distributed_by_its_site_in_one_place_or_is_on_every_node(
    cluster: asyncpg.Connection,
) -> None:
    await cluster.execute(DISTRIBUTION)
    tables = await names(cluster, "SELECT tablename FROM pg_tables WHERE schemaname = 'ledger'")
    relation = "SELECT relname FROM pg_dist_partition JOIN pg_class ON pg_class.oid = logicalrelid"
    assert await names(cluster, f"{relation} WHERE repmodel = 't'") == REFERENCE_TABLES
    assert await names(cluster, f"{relation} WHERE partmethod = 'h'") == tables - REFERENCE_TABLES
    assert await names(cluster, "SELECT place FROM pg_dist_partition WHERE partmethod = 'h'") == {"ledger.head"}


async def test_every_way_into_the_log_runs_where_its_site_lives(cluster: asyncpg.Connection) -> None:
    await cluster.execute(DISTRIBUTION)
    ways = "SELECT proname FROM pg_proc WHERE pronamespace = 'ledger'::regnamespace AND proname LIKE 'append%'"
    placed = "SELECT proname FROM distributed_function JOIN pg_proc ON pg_proc.oid = name WHERE argument = 'p_site'"
    assert await names(cluster, placed) == await names(cluster, ways) != set()


async def test_it_may_be_run_after_each_migration(cluster: asyncpg.Connection) -> None:
    await cluster.execute(DISTRIBUTION)
    await cluster.execute("DELETE FROM pg_dist_partition WHERE logicalrelid = 'ledger.tile'::regclass")
    before = await cluster.fetchval("SELECT count(*) FROM pg_dist_partition")
    await cluster.execute(DISTRIBUTION)
    assert await cluster.fetchval("SELECT count(*) FROM pg_dist_partition") == before + 1


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ("CREATE UNIQUE INDEX ON ledger.change (actor)", "a unique index of ledger.change lacks site"),
        (
            "DELETE FROM ledger.tile; ALTER TABLE ledger.tile DROP CONSTRAINT tile_pkey; "
            "ALTER TABLE ledger.tile ADD PRIMARY KEY (level, index)",
            "a unique index of ledger.tile lacks site",
        ),
        (
            "CREATE TABLE ledger.elsewhere (site text PRIMARY KEY); "
            "ALTER TABLE ledger.parked ADD FOREIGN KEY (site) REFERENCES ledger.elsewhere",
            "ledger.parked refers to what is elsewhere",
        ),
        ("DROP TABLE ledger.order_words", 'relation "ledger.order_words" does not exist'),
    ],
)
async def test_a_schema_that_cannot_be_distributed_is_seen(
    cluster: asyncpg.Connection, change: str, complaint: str
) -> None:
    await cluster.execute(change)
    with pytest.raises(asyncpg.PostgresError, match=complaint):
        await cluster.execute(DISTRIBUTION)


async def test_a_table_that_is_missing_in_the_file_is_seen(cluster: asyncpg.Connection) -> None:
    await cluster.execute("CREATE TABLE ledger.forgotten (site text PRIMARY KEY)")
    with pytest.raises(AssertionError, match="forgotten"):
        await test_every_table_is_distributed_by_its_site_in_one_place_or_is_on_every_node(cluster)


async def test_statements_are_planned_once_but_with_their_values_where_citus_is(own_address: Address) -> None:
    """Citus refuses a plan that was made without values. Only its entry in the catalog is here, not its files."""
    async with service_pool(own_address) as pool:
        assert await pool.fetchval("SHOW plan_cache_mode") == "force_generic_plan"
    owner = await asyncpg.connect(**own_address.owner)
    await owner.execute("SET allow_system_table_mods = on")
    await owner.execute(
        "INSERT INTO pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion) "
        "SELECT 1, 'citus', nspowner, oid, false, '14' FROM pg_namespace WHERE nspname = 'public'"
    )
    await owner.close()
    async with service_pool(own_address) as pool:
        assert await pool.fetchval("SHOW plan_cache_mode") == "auto"
