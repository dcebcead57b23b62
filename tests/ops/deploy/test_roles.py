"""The roles that ops/deploy/roles.sh makes are enough to migrate and to serve, and no more."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from ops.database import SERVICE_ROLE, Address, as_owner, bring_up_to_date, prepare, service_pool
from ops.embedded import EmbeddedPostgres
from ops.embedded.binaries import find_binaries
from ops.migrations import MIGRATIONS, MigrationNotAllowed, migrate
from tests.conftest import new_site
from tests.log.appends import append, append_batch
from tests.ops.deploy.program import DEPLOY

DATABASE = "order_ledger"


@pytest.fixture
def postgres(tmp_state_dir: Path) -> Iterator[EmbeddedPostgres]:
    """A server without a role of ours."""
    with EmbeddedPostgres.open(tmp_state_dir / "postgres", settings={"fsync": "off"}) as postgres:
        yield postgres


def address_of(postgres: EmbeddedPostgres, login: str) -> Address:
    return Address.external(f"postgresql://{login}@/{DATABASE}?host={postgres.socket_dir}&port={postgres.port}")


def make_roles(postgres: EmbeddedPostgres) -> None:
    """Run the script as the image of PostgreSQL does."""
    environment = {
        "PATH": f"{find_binaries().bin_dir}:{os.environ['PATH']}",
        "PGHOST": str(postgres.socket_dir),
        "PGPORT": str(postgres.port),
        "POSTGRES_USER": postgres.superuser,
        "POSTGRES_DB": DATABASE,
        "OWNER_PASSWORD": "the owner's",
        "SERVICE_PASSWORD": 'a "service"; \\q',
    }
    made = subprocess.run(
        ["sh", DEPLOY / "roles.sh"], env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert made.returncode == 0, made.stderr


async def test_the_owner_migrates_and_the_login_of_the_service_serves_and_may_no_more(
    postgres: EmbeddedPostgres,
) -> None:
    administrator = await asyncpg.connect(
        host=str(postgres.socket_dir), port=postgres.port, user=postgres.superuser, database="postgres"
    )
    await administrator.execute(f"CREATE DATABASE {DATABASE}")
    make_roles(postgres)
    logins = "SELECT rolname FROM pg_authid WHERE rolcanlogin AND NOT rolsuper AND rolpassword LIKE 'SCRAM-SHA-256%'"
    names = {row["rolname"] for row in await administrator.fetch(logins)}
    assert names == {"order_ledger_migrator", "order_ledger_login"}
    await administrator.close()

    owner, login = address_of(postgres, "order_ledger_migrator"), address_of(postgres, "order_ledger_login")
    async with as_owner(login) as connection:
        with pytest.raises(MigrationNotAllowed):
            await migrate(connection)
    assert await bring_up_to_date(owner) == len(MIGRATIONS)
    await prepare(login)
    async with service_pool(login) as pool:
        assert await pool.fetchval("SELECT current_user::text") == SERVICE_ROLE
        site = await new_site(pool)
        await append_batch(pool, append(site, ("a", 1)))
        assert await pool.fetchval("SELECT count(*) FROM ledger.event WHERE site = $1", site) == 1
    async with as_owner(login) as connection:
        for statement in ("DELETE FROM ledger.event", "CREATE TABLE ledger.mine ()", "CREATE SCHEMA mine"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
