"""What the role of the service can do to the log: add events and read them. Each claim is tried as that role."""

import asyncpg
import pytest

from ledger.ids import Position, Site
from ledger.store import Store
from ledger.subscription import EventMissed, Subscription
from ops.database import SERVICE_ROLE, Address, connect_as_service
from tests.log.appends import append, append_batch, head, order_append, positions

REFUSED = asyncpg.InsufficientPrivilegeError
_RIGHTS = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")

CHANGES_OF_EVENTS = [
    "UPDATE ledger.event SET body = '' WHERE site = $1",
    "UPDATE ledger.event SET position = position + 1 WHERE site = $1",
    "DELETE FROM ledger.event WHERE site = $1",
    "MERGE INTO ledger.event USING (SELECT $1::text AS site) AS mine ON event.site = mine.site "
    "WHEN MATCHED THEN DELETE",
    "INSERT INTO ledger.event SELECT * FROM ledger.event WHERE site = $1 "
    "ON CONFLICT (site, position) DO UPDATE SET body = ''",
    "SELECT FROM ledger.event WHERE site = $1 FOR UPDATE",
    "UPDATE ledger.event_readable SET type = '' WHERE site = $1",
    "DELETE FROM ledger.event_readable WHERE site = $1",
]

CHANGES_OF_THE_SCHEMA = [
    "TRUNCATE ledger.event",
    "TRUNCATE ledger.head CASCADE",
    "DROP TABLE ledger.event",
    "ALTER TABLE ledger.event DROP COLUMN leaf",
    "ALTER TABLE ledger.event DROP CONSTRAINT event_pkey",
    "ALTER TABLE ledger.event DISABLE TRIGGER ALL",
    "ALTER TABLE ledger.event OWNER TO order_ledger_service",
    "ALTER TABLE ledger.event ENABLE ROW LEVEL SECURITY",
    "CREATE POLICY hide ON ledger.event USING (false)",
    "CREATE RULE swallow AS ON INSERT TO ledger.event DO INSTEAD NOTHING",
    "CREATE TRIGGER change BEFORE INSERT ON ledger.event EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "CREATE INDEX mine ON ledger.event (type)",
    "CREATE TABLE ledger.mine (site text)",
    "CREATE FUNCTION ledger.mine() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
    "CREATE OR REPLACE VIEW ledger.event_readable AS SELECT 1",
    "DROP FUNCTION ledger.append_1",
    "DROP FUNCTION ledger.append_2",
    "ALTER FUNCTION ledger.append_1 SET search_path = ''",
    "ALTER FUNCTION ledger.append_2 RESET ALL",
    "DROP SCHEMA ledger CASCADE",
    "CREATE SCHEMA mine",
    "UPDATE ledger_migration.applied SET digest = ''",
    "INSERT INTO ledger_migration.applied (name, digest) VALUES ('mine', '')",
    "SET session_replication_role = replica",
    "SET ROLE order_ledger_owner",
    "COPY ledger.event TO PROGRAM 'true'",
]

REMOVALS = [
    "DELETE FROM ledger.site WHERE site = $1",
    "DELETE FROM ledger.head WHERE site = $1",
    "DELETE FROM ledger.api_key WHERE site = $1",
    "DELETE FROM ledger.number_series WHERE site = $1",
    "DELETE FROM ledger.consumer WHERE site = $1",
    "DELETE FROM ledger.tile WHERE site = $1",
    "UPDATE ledger.tile SET level = 1 WHERE site = $1",
    "DELETE FROM ledger.checkpoint WHERE site = $1",
    "UPDATE ledger.checkpoint SET note = '' WHERE site = $1",
    "DELETE FROM ledger.anchor WHERE site = $1",
    "UPDATE ledger.anchor SET size = 1 WHERE site = $1",
]


async def test_the_pool_works_as_the_service(pool: asyncpg.Pool) -> None:
    assert await pool.fetchval("SELECT current_user::text") == SERVICE_ROLE


async def test_a_login_of_the_owner_becomes_the_service(address: Address) -> None:
    as_owner = Address(owner=address.owner, service=address.owner, is_embedded=False)
    connection = await connect_as_service(as_owner)
    try:
        assert await connection.fetchval("SELECT current_user::text") == SERVICE_ROLE
    finally:
        await connection.close()


@pytest.mark.parametrize("statement", CHANGES_OF_EVENTS)
async def test_the_service_cannot_change_or_remove_an_event(pool: asyncpg.Pool, site: Site, statement: str) -> None:
    await append_batch(pool, append(site, ("order-1", 1)))
    before = await pool.fetch("SELECT * FROM ledger.event WHERE site = $1", site)

    with pytest.raises(REFUSED):
        await pool.execute(statement, site)

    assert await pool.fetch("SELECT * FROM ledger.event WHERE site = $1", site) == before


@pytest.mark.parametrize("statement", CHANGES_OF_THE_SCHEMA)
async def test_the_service_cannot_change_the_schema_or_its_own_rights(pool: asyncpg.Pool, statement: str) -> None:
    with pytest.raises(REFUSED):
        await pool.execute(statement)


@pytest.mark.parametrize("statement", REMOVALS)
async def test_the_service_cannot_remove_what_the_log_stands_on(pool: asyncpg.Pool, site: Site, statement: str) -> None:
    with pytest.raises(REFUSED):
        await pool.execute(statement, site)


async def test_the_service_cannot_give_itself_a_right(pool: asyncpg.Pool) -> None:
    await pool.execute(f"GRANT ALL ON ledger.event TO {SERVICE_ROLE} WITH GRANT OPTION")  # a warning, no error

    rights = [
        right for right in _RIGHTS if await pool.fetchval("SELECT has_table_privilege('ledger.event', $1)", right)
    ]
    assert rights == ["SELECT", "INSERT"]


async def test_nobody_else_can_read_or_append(address: Address, owner: asyncpg.Connection) -> None:
    await owner.execute(
        "DO $$ BEGIN CREATE ROLE order_ledger_stranger LOGIN; "
        "EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
    )
    stranger = await asyncpg.connect(**address.owner | {"user": "order_ledger_stranger"})
    try:
        for statement in (
            "SELECT FROM ledger.event",
            "SELECT FROM ledger.api_key",
            "SELECT 'ledger.append_1'::regproc",
            "SELECT 'ledger.append_2'::regproc",
        ):
            with pytest.raises(REFUSED):
                await stranger.execute(statement)
    finally:
        await stranger.close()


async def test_a_head_that_is_moved_back_lets_nothing_be_overwritten(pool: asyncpg.Pool, site: Site) -> None:
    """The append function runs with the service's rights, so the service can move a head; it gains nothing by it."""
    await append_batch(pool, append(site, ("order-1", 1), ("order-1", 2)))
    await pool.execute("UPDATE ledger.head SET position = 0 WHERE site = $1", site)

    with pytest.raises(asyncpg.UniqueViolationError):
        await append_batch(pool, append(site, ("order-2", 1)))

    assert await positions(pool, site) == [1, 2]


async def test_a_head_that_is_moved_on_is_noticed_by_the_next_reader(pool: asyncpg.Pool, site: Site) -> None:
    await append_batch(pool, append(site, ("order-1", 1)))
    await pool.execute("UPDATE ledger.head SET position = position + 1 WHERE site = $1", site)
    await append_batch(pool, append(site, ("order-1", 2)))

    subscription = Subscription(Store(pool), site, after=Position(0))
    with pytest.raises(EventMissed):
        await anext(subscription.pages())


async def test_the_service_does_its_work_with_these_rights(pool: asyncpg.Pool, site: Site) -> None:
    await append_batch(pool, order_append(site, "1"))
    assert await head(pool, site) == 1
    assert await Store(pool).read_log(site, after=Position(0)) != []
