"""How a migration is applied to a database that others work on: one migrator at a time, and no lock that lasts.

A statement that changes a table waits for all who use it, and everybody who comes after waits behind it. So it waits
for a moment only, gives way, and tries again. An index on a table that commands write is built CONCURRENTLY, outside of
a transaction; what a build that failed has left is removed first.
"""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable

import asyncpg

from ledger.errors import OperationFailed
from ledger.limits import MIGRATION_LOCK_ATTEMPTS_MAX, MIGRATION_LOCK_PAUSE_S, MIGRATION_LOCK_S_MAX

# Only operators migrate, and only on one node. It is asked for again and again, not waited for: a session that waits in
# a statement is one that CREATE INDEX CONCURRENTLY waits for.
_LOCK = "SELECT pg_try_advisory_lock(hashtext('order-ledger migrations'))"
_UNLOCK = "SELECT pg_advisory_unlock(hashtext('order-ledger migrations'))"
_TURN_LOOK_S = 0.1

_CONCURRENTLY = re.compile(r"^CREATE (?:UNIQUE )?INDEX CONCURRENTLY (\w+)", re.MULTILINE)


class TableInUse(OperationFailed):
    """A migration waited in vain for a table that somebody holds for long: end what does, and migrate again."""


@contextlib.asynccontextmanager
async def turn(connection: asyncpg.Connection) -> AsyncIterator[None]:
    """Migrate alone: several migrators of one database wait for each other. The end of the session gives way too."""
    while not await connection.fetchval(_LOCK):  # noqa: ASYNC110
        await asyncio.sleep(_TURN_LOOK_S)
    try:
        yield
    finally:
        if not connection.is_closed():
            await connection.execute(_UNLOCK)


async def give_way(connection: asyncpg.Connection, work: Callable[[], Awaitable[None]]) -> None:
    """Run work in a transaction that waits for no lock longer than a moment; again, where it would have to.

    Raises:
        TableInUse: it would have to each time.
    """
    for _ in range(MIGRATION_LOCK_ATTEMPTS_MAX):
        try:
            async with connection.transaction():
                await connection.execute(f"SET LOCAL lock_timeout = '{MIGRATION_LOCK_S_MAX}s'")
                await work()
                return
        except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError):
            await asyncio.sleep(MIGRATION_LOCK_PAUSE_S)
    raise TableInUse


def index_built_concurrently(sql: str) -> str | None:
    """The name of the index that a migration builds beside writers; None for a migration of another kind."""
    found = _CONCURRENTLY.search(sql)
    return found[1] if found else None


async def build_index(connection: asyncpg.Connection, index: str, sql: str) -> None:
    """Build an index beside writers, whatever an attempt before has left."""
    is_whole = await connection.fetchval(
        "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass($1)", f"ledger.{index}"
    )
    if is_whole is False:
        await connection.execute(f"DROP INDEX CONCURRENTLY ledger.{index}")
    if not is_whole:
        await connection.execute(sql)
