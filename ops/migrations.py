"""Brings a database to the schema of this version: forward only, each file once, in one order.

A migration is one ``.sql`` file of one object, kept in the room that it belongs to. A released file is frozen: a
changed function is a new file with the next number in its name, so that a service of the version before goes on
calling the old one. The database remembers each file's digest; a difference means that another build made it.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from ledger.errors import OperationFailed


class SchemaMismatch(OperationFailed):
    """The database was migrated by a build that this one does not know."""


class MigrationsPending(OperationFailed):
    """The database lacks migrations: run `order-ledger migrate`."""


class MigrationNotAllowed(OperationFailed):
    """This login may not change the schema."""


@dataclass(frozen=True)
class Migration:
    """One file, applied once."""

    package: str
    file: str

    @property
    def name(self) -> str:
        """What the database remembers it by."""
        return f"{self.package}/{self.file}"

    @property
    def sql(self) -> str:
        """Text of the file."""
        return files(self.package).joinpath("sql", "schema", self.file).read_text(encoding="utf-8")

    @property
    def digest(self) -> str:
        """SHA-256 of the text, in hex."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


MIGRATIONS: tuple[Migration, ...] = (
    Migration("ledger", "001_site.sql"),
    Migration("ledger", "002_log.sql"),
    Migration("projections", "003_order_view.sql"),
    Migration("ledger", "004_append_1.sql"),
    Migration("ledger", "005_rights.sql"),
    Migration("projections", "006_list_indexes.sql"),
    Migration("projections", "007_list_indexes_of_some.sql"),
    Migration("projections", "008_list_indexes_by_period.sql"),
    Migration("ledger", "010_business_entity.sql"),
    Migration("projections", "011_more_list_indexes.sql"),
    Migration("ledger", "012_transparency.sql"),
    Migration("projections", "013_change.sql"),
    Migration("ledger", "014_request.sql"),
    Migration("projections", "015_rebuild.sql"),
    Migration("projections", "016_order_version.sql"),
    Migration("projections", "017_status_list_includes_updates.sql"),
    Migration("projections", "018_order_version_document.sql"),
    Migration("projections", "019_event_list.sql"),
    Migration("ledger", "020_webhook.sql"),
    Migration("ledger", "021_order_clock.sql"),
    Migration("ledger", "022_intake.sql"),
    Migration("ledger", "023_parked_invoice.sql"),
    Migration("ledger", "024_invoice_credit_note.sql"),
    Migration("projections", "025_order_words.sql"),
    Migration("ledger", "026_invoice_subscription.sql"),
)

_BOOKKEEPING = """
CREATE SCHEMA IF NOT EXISTS ledger_migration;
CREATE TABLE IF NOT EXISTS ledger_migration.applied (
    name text COLLATE "C" NOT NULL PRIMARY KEY,
    digest text COLLATE "C" NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);
GRANT USAGE ON SCHEMA ledger_migration TO PUBLIC;
GRANT SELECT ON ledger_migration.applied TO PUBLIC;
"""

# Two migrations of one database at once wait for each other. Only operators migrate, and only on one node.
_LOCK = "SELECT pg_advisory_xact_lock(hashtext('order-ledger migrations'))"


async def pending(connection: asyncpg.Connection | PoolConnectionProxy) -> list[Migration]:
    """The migrations that the database lacks.

    Raises:
        SchemaMismatch: the database has a migration that this build does not know, or another text of one.
    """
    if await connection.fetchval("SELECT to_regclass('ledger_migration.applied')") is None:
        return list(MIGRATIONS)
    rows = await connection.fetch("SELECT name, digest FROM ledger_migration.applied")
    applied = {row["name"]: row["digest"] for row in rows}
    _refuse_unknown(applied)
    return [migration for migration in MIGRATIONS if migration.name not in applied]


async def migrate(
    connection: asyncpg.Connection, on_applied: Callable[[Migration], None] = lambda _: None
) -> list[Migration]:
    """Apply what is pending, all in one transaction; returns what was applied.

    Raises:
        SchemaMismatch: as for ``pending``.
        MigrationNotAllowed: the login has too few rights.
    """
    try:
        async with connection.transaction():
            return await _migrate(connection, on_applied)
    except asyncpg.InsufficientPrivilegeError as error:
        raise MigrationNotAllowed(f"This login may not change the schema: {error}.") from error


async def _migrate(connection: asyncpg.Connection, on_applied: Callable[[Migration], None]) -> list[Migration]:
    await connection.execute(_LOCK)
    await connection.execute(_BOOKKEEPING)
    to_apply = await pending(connection)
    for migration in to_apply:
        await connection.execute(migration.sql)
        await connection.execute(
            "INSERT INTO ledger_migration.applied (name, digest) VALUES ($1, $2)", migration.name, migration.digest
        )
        on_applied(migration)
    return to_apply


def _refuse_unknown(applied: dict[str, str]) -> None:
    known = {migration.name: migration.digest for migration in MIGRATIONS}
    for name, digest in applied.items():
        if known.get(name) != digest:
            raise SchemaMismatch(f"The database has migration {name} in a form that this build does not know.")
