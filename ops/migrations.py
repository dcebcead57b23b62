"""Brings a database to the schema of this version: forward only, each file once, in one order.

A migration is one ``.sql`` file of one object, kept in the room that it belongs to. A released file is frozen: a
changed function is a new file with the next number in its name, so that a service of the version before goes on
calling the old one. The database remembers each file's digest; a difference means that another build made it.

Services of versions before run while and after a database is migrated. So a migration adds, and takes nothing away that
they use; the database remembers with each which services may run beside it (docs/operations.md, "Upgrade").
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.resources import files

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from ledger.errors import OperationFailed
from ops.migration_steps import build_index, give_way, index_built_concurrently, turn


class SchemaMismatch(OperationFailed):
    """The database was migrated by a build that this one does not know, or for services newer than this one."""


class MigrationsPending(OperationFailed):
    """The database lacks migrations: run `order-ledger migrate`."""


class MigrationNotAllowed(OperationFailed):
    """This login may not change the schema."""


@dataclass(frozen=True)
class Migration:
    """One file, applied once.

    ``oldest_service`` is the number of the last migration that a service must know to run on the database once this
    one is applied. 0, any service will do, is right for whatever only adds; what takes something away names the first
    version that does without it.
    """

    package: str
    file: str
    oldest_service: int = 0

    @property
    def number(self) -> int:
        """Its place in the order of all migrations."""
        return int(self.file.partition("_")[0])

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
    Migration("ledger", "027_append_2.sql"),
    Migration("projections", "029_order_version_periods.sql"),
    Migration("projections", "030_rebuild_runs_and_causes.sql"),
    Migration("projections", "031_causes_of_changes.sql"),
    Migration("projections", "032_small_samples.sql"),
)

_BOOKKEEPING = """
CREATE SCHEMA IF NOT EXISTS ledger_migration;
CREATE TABLE IF NOT EXISTS ledger_migration.applied (
    name text COLLATE "C" NOT NULL PRIMARY KEY,
    digest text COLLATE "C" NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE ledger_migration.applied ADD COLUMN IF NOT EXISTS oldest_service integer;
GRANT USAGE ON SCHEMA ledger_migration TO PUBLIC;
GRANT SELECT ON ledger_migration.applied TO PUBLIC;
"""

# Services look while a later version migrates, and databases of versions before lack the column.
_APPLIED = """
SELECT name, digest, (to_jsonb(applied) ->> 'oldest_service')::integer AS oldest_service
FROM ledger_migration.applied
"""
_RECORD = "INSERT INTO ledger_migration.applied (name, digest, oldest_service) VALUES ($1, $2, $3)"


async def pending(connection: asyncpg.Connection | PoolConnectionProxy) -> list[Migration]:
    """The migrations that the database lacks.

    Raises:
        SchemaMismatch: the database has a migration that this build does not know and may not run beside, or another
            text of one.
    """
    if await _is_new(connection):
        return list(MIGRATIONS)
    applied = await connection.fetch(_APPLIED)
    _refuse_incompatible(applied)
    names = {row["name"] for row in applied}
    return [migration for migration in MIGRATIONS if migration.name not in names]


async def migrate(
    connection: asyncpg.Connection, on_applied: Callable[[Migration], None] = lambda _: None
) -> list[Migration]:
    """Apply what is pending; returns what was applied.

    A new database gets all in one transaction. One with data gets each migration in a transaction of its own, so that
    locks are short; where one fails, those before it stay, and the next attempt goes on behind them.

    Args:
        connection: the owner's, straight to the server: a lock of the session makes migrators wait for each other.

    Raises:
        SchemaMismatch: as for ``pending``.
        MigrationNotAllowed: the login has too few rights.
        TableInUse: somebody holds a table for long.
    """
    try:
        async with turn(connection):
            to_apply = await pending(connection)
            is_new = await _is_new(connection)
            for step in _steps(to_apply, is_new=is_new):
                await _apply(connection, step, is_new=is_new)
                for migration in step:
                    on_applied(migration)
            return to_apply
    except asyncpg.InsufficientPrivilegeError as error:
        raise MigrationNotAllowed(f"This login may not change the schema: {error}.") from error


async def _is_new(connection: asyncpg.Connection | PoolConnectionProxy) -> bool:
    return await connection.fetchval("SELECT to_regclass('ledger_migration.applied')") is None


def _steps(to_apply: Sequence[Migration], *, is_new: bool) -> Iterator[list[Migration]]:
    """What is applied together. Nobody waits for the locks of a new database."""
    step: list[Migration] = []
    for migration in to_apply:
        stands_alone = not is_new or index_built_concurrently(migration.sql)
        if step and (stands_alone or index_built_concurrently(step[-1].sql)):
            yield step
            step = []
        step.append(migration)
    if step:
        yield step


async def _apply(connection: asyncpg.Connection, step: Sequence[Migration], *, is_new: bool) -> None:
    index = index_built_concurrently(step[0].sql)
    if index:
        await build_index(connection, index, step[0].sql)
        await _record(connection, step[0])
    elif is_new:
        async with connection.transaction():
            await _apply_files(connection, step)
    else:
        await give_way(connection, partial(_apply_files, connection, step))


async def _apply_files(connection: asyncpg.Connection, step: Sequence[Migration]) -> None:
    await connection.execute(_BOOKKEEPING)
    for migration in step:
        await connection.execute(migration.sql)
        await _record(connection, migration)


async def _record(connection: asyncpg.Connection, migration: Migration) -> None:
    await connection.execute(_RECORD, migration.name, migration.digest, migration.oldest_service)


def _refuse_incompatible(applied: Sequence[asyncpg.Record]) -> None:
    known = {migration.name: migration for migration in MIGRATIONS}
    newest = MIGRATIONS[-1].number
    for name, digest, oldest_service in applied:
        if name in known and known[name].digest == digest:
            continue
        if name in known or oldest_service is None or _number(name) <= newest:
            raise SchemaMismatch(f"The database has migration {name} in a form that this build does not know.")
        if oldest_service > newest:
            raise SchemaMismatch(
                f"The database has migration {name}, which needs a service that knows migration {oldest_service}; "
                f"this one knows those up to {newest}."
            )


def _number(name: str) -> int:
    """Of a migration by the name that a database remembers it by; 0 where it has none."""
    digits = name.rpartition("/")[2].partition("_")[0]
    return int(digits) if digits.isdecimal() else 0
