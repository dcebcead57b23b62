"""Bringing a database to the schema of this version: once, by anybody who may, and never by guessing."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlencode

import aiohttp
import asyncpg
import pytest

from ledger.errors import LedgerError
from ledger.ids import Site
from ops import migrations
from ops.database import SERVICE_ROLE, Address, as_owner, prepare, service_pool
from ops.embedded import EmbeddedPostgres
from ops.migrations import MIGRATIONS, Migration, MigrationsPending, SchemaMismatch, migrate, pending
from tests.conftest import new_site
from tests.log.appends import append, append_batch, positions
from tests.serving import PATIENCE_S, PROGRAM, running_server

CATALOG = """
    SELECT 'column' AS kind, table_name::text AS name, column_name || ' ' || data_type AS text
    FROM information_schema.columns WHERE table_schema IN ('ledger', 'ledger_migration')
    UNION ALL
    SELECT 'right', table_name, grantee || ' ' || privilege_type
    FROM information_schema.table_privileges WHERE table_schema IN ('ledger', 'ledger_migration')
    UNION ALL
    SELECT 'function', oid::text, prosrc FROM pg_proc WHERE pronamespace = 'ledger'::regnamespace
    UNION ALL
    SELECT 'index', indexrelid::text, pg_get_indexdef(indexrelid)
    FROM pg_index JOIN pg_class ON pg_class.oid = indrelid WHERE relnamespace = 'ledger'::regnamespace
    UNION ALL
    SELECT 'migration', name, digest || applied_at FROM ledger_migration.applied
    ORDER BY 1, 2, 3
"""


class DatabaseServer:
    """A server of one's own: its roles are nobody else's."""

    def __init__(self, postgres: EmbeddedPostgres) -> None:
        self._host = str(postgres.socket_dir)
        self._port = postgres.port
        self._superuser = postgres.superuser
        self._count = 0

    def url(self, database: str, user: str | None = None) -> str:
        """The database as an operator would name it."""
        return (
            f"postgresql://{user or self._superuser}@/{database}?{urlencode({'host': self._host, 'port': self._port})}"
        )

    async def execute(self, *statements: str, database: str = "postgres") -> None:
        """Run statements as the superuser."""
        connection = await asyncpg.connect(self.url(database))
        for statement in statements:
            await connection.execute(statement)
        await connection.close()

    async def new_database(self, owner: str | None = None) -> str:
        """Make an empty database; returns its name."""
        self._count += 1
        name = f"empty_{self._count}"
        await self.execute(f"CREATE DATABASE {name}" + (f" OWNER {owner}" if owner else ""))
        return name


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DatabaseServer]:
    folder = tmp_path_factory.mktemp("migrations") / "postgres"
    with EmbeddedPostgres.open(folder, settings={"fsync": "off"}) as postgres:
        yield DatabaseServer(postgres)


@pytest.fixture
async def database(server: DatabaseServer) -> str:
    return await server.new_database()


@pytest.fixture
async def connection(server: DatabaseServer, database: str) -> AsyncIterator[asyncpg.Connection]:
    """The owner's, in a database without migrations."""
    connection = await asyncpg.connect(server.url(database))
    yield connection
    await connection.close()


async def catalog(connection: asyncpg.Connection) -> list[asyncpg.Record]:
    return await connection.fetch(CATALOG)


def order_ledger(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [PROGRAM, *arguments], capture_output=True, text=True, timeout=PATIENCE_S, stdin=subprocess.DEVNULL, check=False
    )


# The files


def test_every_file_of_the_schema_is_a_migration() -> None:
    repository = Path(migrations.__file__).parents[1]
    files = {f"{path.parents[2].name}/{path.name}" for path in repository.glob("*/sql/schema/*.sql")}
    assert files == {migration.name for migration in MIGRATIONS}


def test_migrations_are_numbered_in_their_order() -> None:
    numbers = [int(migration.file.partition("_")[0]) for migration in MIGRATIONS]
    assert numbers == sorted(set(numbers))


# Migrating


async def test_the_database_names_every_migration(connection: asyncpg.Connection) -> None:
    told: list[Migration] = []
    assert await pending(connection) == list(MIGRATIONS)
    assert await migrate(connection, told.append) == told == list(MIGRATIONS)
    rows = await connection.fetch("SELECT name, digest FROM ledger_migration.applied ORDER BY applied_at, name")
    assert {(row["name"], row["digest"]) for row in rows} == {(each.name, each.digest) for each in MIGRATIONS}
    assert await pending(connection) == []


async def test_migrating_again_changes_nothing(connection: asyncpg.Connection) -> None:
    await migrate(connection)
    before = await catalog(connection)
    assert await migrate(connection) == []
    assert await catalog(connection) == before


async def test_of_several_migrations_at_once_one_does_the_work(server: DatabaseServer, database: str) -> None:
    async def once() -> list[Migration]:
        async with as_owner(Address.external(server.url(database))) as connection:
            return await migrate(connection)

    applied = await asyncio.gather(*(once() for _ in range(6)))
    assert sorted(map(len, applied)) == [0] * 5 + [len(MIGRATIONS)]


async def test_databases_of_one_server_are_migrated_at_once(tmp_state_dir: Path) -> None:
    """They share the service's role, which none of them finds at first."""
    with EmbeddedPostgres.open(tmp_state_dir / "postgres") as postgres:
        server = DatabaseServer(postgres)
        names = [await server.new_database() for _ in range(4)]

        async def once(name: str) -> int:
            async with as_owner(Address.external(server.url(name))) as connection:
                return len(await migrate(connection))

        assert await asyncio.gather(*map(once, names)) == [len(MIGRATIONS)] * 4


async def test_a_migration_that_fails_leaves_nothing_behind(
    monkeypatch: pytest.MonkeyPatch, connection: asyncpg.Connection
) -> None:
    broken = "CREATE TABLE ledger.half (site text); SELECT 1/0"
    texts = {migration.file: migration.sql for migration in MIGRATIONS} | {MIGRATIONS[-1].file: broken}
    monkeypatch.setattr(Migration, "sql", property(lambda migration: texts[migration.file]))
    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrate(connection)
    assert await connection.fetchval("SELECT to_regnamespace('ledger')") is None
    assert await connection.fetchval("SELECT to_regnamespace('ledger_migration')") is None


# Databases of other builds


async def test_another_text_of_a_migration_is_refused_by_name(connection: asyncpg.Connection) -> None:
    await migrate(connection)
    await connection.execute("UPDATE ledger_migration.applied SET digest = 'other' WHERE name = 'ledger/002_log.sql'")
    for check in (pending, migrate):
        with pytest.raises(SchemaMismatch, match=r"ledger/002_log\.sql"):
            await check(connection)


async def test_an_unknown_migration_is_refused_by_name(connection: asyncpg.Connection) -> None:
    await migrate(connection)
    await connection.execute("INSERT INTO ledger_migration.applied (name, digest) VALUES ('ledger/999_later.sql', '')")
    before = await catalog(connection)
    for check in (pending, migrate):
        with pytest.raises(SchemaMismatch, match=r"ledger/999_later\.sql"):
            await check(connection)
    assert await catalog(connection) == before


async def test_only_what_is_missing_is_applied(monkeypatch: pytest.MonkeyPatch, connection: asyncpg.Connection) -> None:
    monkeypatch.setattr(migrations, "MIGRATIONS", MIGRATIONS[:-1])
    await migrate(connection)
    monkeypatch.setattr(migrations, "MIGRATIONS", MIGRATIONS)
    assert await pending(connection) == [MIGRATIONS[-1]]
    assert await migrate(connection) == [MIGRATIONS[-1]]


# A database of somebody else's


async def test_a_foreign_database_without_migrations_is_refused_with_what_to_do(
    server: DatabaseServer, database: str
) -> None:
    address = Address.external(server.url(database))
    with pytest.raises(MigrationsPending, match="run `order-ledger migrate`"):
        await prepare(address)
    async with as_owner(address) as connection:
        assert await connection.fetchval("SELECT to_regnamespace('ledger')") is None


@pytest.mark.parametrize("command", [("serve", "--port", "0"), ("sites", "list")])
async def test_commands_refuse_a_foreign_database_without_migrations_in_one_line(
    server: DatabaseServer, database: str, tmp_path: Path, command: tuple[str, ...]
) -> None:
    ended = order_ledger(*command, "--data-dir", str(tmp_path), "--database-url", server.url(database))
    assert ended.returncode == 1
    assert ended.stderr.splitlines() == ["order-ledger: The database lacks migrations: run `order-ledger migrate`."]


async def test_the_command_migrates_a_foreign_database_and_says_what_it_did(
    server: DatabaseServer, database: str
) -> None:
    first = order_ledger("migrate", "--database-url", server.url(database))
    assert first.returncode == 0, first.stderr
    assert first.stdout.splitlines() == [f"applied {migration.name}" for migration in MIGRATIONS]
    again = order_ledger("migrate", "--database-url", server.url(database))
    assert again.stdout.splitlines() == ["The schema is up to date."]


async def test_a_login_that_may_not_migrate_is_told_so_in_words(server: DatabaseServer, database: str) -> None:
    await server.execute("DROP ROLE IF EXISTS nobody", "CREATE ROLE nobody LOGIN")
    ended = order_ledger("migrate", "--database-url", server.url(database, "nobody"))
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    assert ended.stderr.startswith("order-ledger: ")
    assert "permission denied" in ended.stderr


async def test_an_owner_who_is_no_superuser_migrates_and_serves(tmp_state_dir: Path) -> None:
    """As on a hosted PostgreSQL: the login may make roles and owns its database, and that is all there is."""
    with EmbeddedPostgres.open(tmp_state_dir / "postgres") as postgres:
        server = DatabaseServer(postgres)
        await server.execute("CREATE ROLE tenant LOGIN CREATEROLE")
        address = Address.external(server.url(await server.new_database("tenant"), "tenant"))
        async with as_owner(address) as connection:
            assert await migrate(connection) == list(MIGRATIONS)
        await prepare(address)
        await assert_serves(address)


@pytest.mark.parametrize("login", [SERVICE_ROLE, "clerk"])
async def test_a_login_without_the_rights_of_the_owner_can_serve(
    server: DatabaseServer, connection: asyncpg.Connection, database: str, login: str
) -> None:
    await migrate(connection)
    if login == "clerk":
        await server.execute("DROP ROLE IF EXISTS clerk", f"CREATE ROLE clerk LOGIN NOINHERIT IN ROLE {SERVICE_ROLE}")
    address = Address.external(server.url(database, login))
    await prepare(address)
    await assert_serves(address)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with as_owner(address) as clerk:
            await clerk.execute("UPDATE ledger.event SET body = ''")


async def test_the_whole_service_runs_for_a_login_without_the_rights_of_the_owner(
    server: DatabaseServer, connection: asyncpg.Connection, database: str, tmp_path: Path
) -> None:
    await migrate(connection)
    url = server.url(database, SERVICE_ROLE)
    with running_server(tmp_path, "--database-url", url) as service:
        assert service.postmaster() is None
        async with aiohttp.ClientSession(headers=service.headers) as client:
            created = await client.post(f"{service.url}/api/v2/orders", data={"invoice_id": "inv_0001"})
            assert created.status == 200
            ready = await client.get(f"{service.url}/readyz")
            assert ready.status == 200
        assert service.stop() == 0


async def test_a_service_is_not_ready_on_a_database_that_a_later_build_has_changed(
    server: DatabaseServer, connection: asyncpg.Connection, database: str
) -> None:
    await migrate(connection)
    await connection.execute("INSERT INTO ledger_migration.applied (name, digest) VALUES ('ledger/999_later.sql', '')")
    with pytest.raises(LedgerError, match=r"ledger/999_later\.sql"):
        await prepare(Address.external(server.url(database)))


async def assert_serves(address: Address) -> None:
    async with service_pool(address) as pool:
        assert await pool.fetchval("SELECT current_user::text") == SERVICE_ROLE
        site: Site = await new_site(pool)
        await append_batch(pool, append(site, ("a", 1)))
        assert await positions(pool, site) == [1]
