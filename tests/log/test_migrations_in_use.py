"""Migrating a database that others work on: locks that do not last, and services of other versions beside it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import asyncpg
import pytest

from ops import migration_steps, migrations
from ops.database import Address
from ops.migration_steps import TableInUse
from ops.migrations import MIGRATIONS, Migration, SchemaMismatch, migrate, pending
from tests.log.appends import until_blocked

NEWEST = MIGRATIONS[-1].number


@dataclass(frozen=True)
class Later(Migration):
    """A migration of a later version, whose text is no file."""

    text: str = "SELECT 1"

    @property
    def sql(self) -> str:
        """The text."""
        return self.text


@pytest.fixture
async def connection(own_address: Address) -> AsyncIterator[asyncpg.Connection]:
    """The owner's, in a database of this version."""
    connection = await asyncpg.connect(**own_address.owner)
    yield connection
    await connection.close()


MigrateTo = Callable[..., "asyncio.Future[list[Migration]]"]


@pytest.fixture
def migrate_to(connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch) -> MigrateTo:
    """Migrates as a later version does, which knows more migrations; what is asked afterwards is this version again."""

    async def migrated(*later: Migration) -> list[Migration]:
        with monkeypatch.context() as newer:
            newer.setattr(migrations, "MIGRATIONS", (*MIGRATIONS, *later))
            return await migrate(connection)

    return lambda *later: asyncio.ensure_future(migrated(*later))


# Services of versions before


async def test_a_service_runs_on_what_a_later_version_only_added_to(
    connection: asyncpg.Connection, migrate_to: MigrateTo
) -> None:
    await migrate_to(Later("ledger", "901_more.sql"), Later("ledger", "902_more.sql", oldest_service=NEWEST))
    assert await pending(connection) == []
    assert await migrate(connection) == []


async def test_a_service_refuses_what_a_later_version_made_for_later_services_only(
    connection: asyncpg.Connection, migrate_to: MigrateTo
) -> None:
    await migrate_to(Later("ledger", "901_more.sql"), Later("ledger", "902_less.sql", oldest_service=901))
    with pytest.raises(SchemaMismatch, match=rf"902_less\.sql, which needs .* migration 901; .* up to {NEWEST}\."):
        await pending(connection)


async def test_an_unknown_migration_that_is_no_later_one_is_refused(
    connection: asyncpg.Connection, migrate_to: MigrateTo
) -> None:
    """It is another build's, whatever it says."""
    await migrate_to(Later("ledger", "001_other.sql"))
    with pytest.raises(SchemaMismatch, match=r"001_other\.sql"):
        await pending(connection)


async def test_a_database_of_before_versions_were_remembered_is_understood(connection: asyncpg.Connection) -> None:
    await connection.execute("ALTER TABLE ledger_migration.applied DROP COLUMN oldest_service")
    assert await pending(connection) == []
    await connection.execute("DELETE FROM ledger_migration.applied WHERE name = $1", MIGRATIONS[-1].name)
    assert await pending(connection) == [MIGRATIONS[-1]]


# Locks


async def test_who_uses_a_table_does_not_wait_behind_a_migration_that_waits_for_it(
    connection: asyncpg.Connection, own_address: Address, migrate_to: MigrateTo, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The change of a table waits for one long answer; everybody else would wait behind it."""
    monkeypatch.setattr(migration_steps, "MIGRATION_LOCK_S_MAX", 0.05)
    monkeypatch.setattr(migration_steps, "MIGRATION_LOCK_PAUSE_S", 0.05)
    reader = await asyncpg.connect(**own_address.owner)
    other = await asyncpg.connect(**own_address.owner)
    long_answer = reader.transaction()
    await long_answer.start()
    await reader.execute("SELECT FROM ledger.event")
    migrating = migrate_to(Later("ledger", "901_column.sql", text="ALTER TABLE ledger.event ADD COLUMN later text"))
    await until_blocked(reader)
    assert await other.fetchval("SELECT count(*) FROM ledger.event") == 0
    assert not migrating.done()
    await long_answer.commit()
    assert [migration.name for migration in await migrating] == ["ledger/901_column.sql"]
    await reader.close()
    await other.close()


async def test_a_migration_that_waits_in_vain_says_so_and_keeps_those_before_it(
    connection: asyncpg.Connection, own_address: Address, migrate_to: MigrateTo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migration_steps, "MIGRATION_LOCK_S_MAX", 0.01)
    monkeypatch.setattr(migration_steps, "MIGRATION_LOCK_PAUSE_S", 0.0)
    monkeypatch.setattr(migration_steps, "MIGRATION_LOCK_ATTEMPTS_MAX", 3)
    later = (
        Later("ledger", "901_table.sql", text="CREATE TABLE ledger.later (site text)"),
        Later("ledger", "902_column.sql", text="ALTER TABLE ledger.event ADD COLUMN later text"),
    )
    reader = await asyncpg.connect(**own_address.owner)
    async with reader.transaction():
        await reader.execute("SELECT FROM ledger.event")
        with pytest.raises(TableInUse, match="migrate again"):
            await migrate_to(*later)
    assert await migrate_to(*later) == [later[1]]
    await reader.close()


# Indexes on tables that commands write


BUILD = "CREATE INDEX CONCURRENTLY later ON ledger.event (site, event_id)"


async def test_an_index_is_built_beside_writers(
    connection: asyncpg.Connection, own_address: Address, migrate_to: MigrateTo
) -> None:
    writer = await asyncpg.connect(**own_address.owner)
    writing = writer.transaction()
    await writing.start()
    await writer.execute("LOCK TABLE ledger.event IN ROW EXCLUSIVE MODE")
    building = migrate_to(Later("ledger", "901_index.sql", text=f"-- For whom.\n{BUILD};\n"))
    await until_blocked(writer)
    other = await asyncpg.connect(**own_address.owner)
    async with other.transaction():
        # Who writes now does not wait for the build, which waits for the first writer.
        await other.execute("SET LOCAL lock_timeout = '1ms'; LOCK TABLE ledger.event IN ROW EXCLUSIVE MODE")
    await writing.commit()
    assert len(await building) == 1
    assert await connection.fetchval("SELECT indisvalid FROM pg_index WHERE indexrelid = 'ledger.later'::regclass")
    await writer.close()
    await other.close()


async def test_what_a_build_that_failed_has_left_is_built_anew(
    connection: asyncpg.Connection, migrate_to: MigrateTo
) -> None:
    await connection.execute(BUILD)
    await connection.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'ledger.later'::regclass")
    assert len(await migrate_to(Later("ledger", "901_index.sql", text=BUILD))) == 1
    assert await connection.fetchval("SELECT indisvalid FROM pg_index WHERE indexrelid = 'ledger.later'::regclass")


async def test_an_index_that_was_built_and_not_written_down_is_kept(
    connection: asyncpg.Connection, migrate_to: MigrateTo
) -> None:
    """The migrator was killed in between."""
    await connection.execute(BUILD)
    before = await connection.fetchval("SELECT 'ledger.later'::regclass::oid")
    assert len(await migrate_to(Later("ledger", "901_index.sql", text=BUILD))) == 1
    assert await connection.fetchval("SELECT 'ledger.later'::regclass::oid") == before
