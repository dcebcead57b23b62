"""Connections to the ledger's database: as its owner for migrations, as the service for all else.

The service connects with the role ``order_ledger_service``, which can add events and never change one. On a
database of somebody else's it becomes that role after the login, unless the login has no more rights already.
"""

import asyncio
import contextlib
import functools
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import asyncpg

from ledger.appender import CONNECTION_ERRORS
from ledger.errors import DatabaseUnavailable
from ledger.limits import STATEMENT_TIMEOUT_S
from ops.embedded import EmbeddedPostgres, Role
from ops.migrations import Migration, MigrationsPending, migrate, pending
from ops.service_pool import ServicePool
from ops.target import Target

DATABASE = "order_ledger"
SERVICE_ROLE = "order_ledger_service"
APPLICATION = "order-ledger"
CONNECT_TIMEOUT_S = 10.0
POOL_SIZE_MAX = 10
# asyncpg's own defaults, which its class does not have.
_QUERIES_PER_CONNECTION_MAX = 50_000
_CONNECTION_IDLE_S_MAX = 300.0
# Connections are closed by force after this: a server that hangs must not keep a process from ending.
_CLOSE_TIMEOUT_S = 5.0

_UNREACHABLE = "The database cannot be reached: {}"
_BECOME_SERVICE = f"SET ROLE {SERVICE_ROLE}"
# All our statements are made for the indexes that they read: planning a list anew takes as long as reading it. Citus
# has to see the values in order to plan anything that reads more than one table.
_PLAN_ONCE = """
SELECT set_config(
    'plan_cache_mode',
    CASE WHEN EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') THEN 'auto' ELSE 'force_generic_plan' END,
    false
)
"""

Report = Callable[[str], None]


class DatabaseRefuses(DatabaseUnavailable):
    """The database answers and does not let us in, or its URL cannot be read: waiting does not help."""


@dataclass(frozen=True, slots=True)
class Address:
    """How to reach a database: arguments of ``asyncpg.connect``, for its owner and for the service."""

    owner: dict[str, Any]
    service: dict[str, Any]
    is_embedded: bool

    @classmethod
    def embedded(cls, postgres: EmbeddedPostgres) -> "Address":
        """The database in a data folder."""
        server = {"host": str(postgres.socket_dir), "port": postgres.port, "database": DATABASE}
        return cls(
            owner=server | {"user": postgres.superuser}, service=server | {"user": SERVICE_ROLE}, is_embedded=True
        )

    @classmethod
    def external(cls, database_url: str) -> "Address":
        """A database by its URL."""
        return cls(owner={"dsn": database_url}, service={"dsn": database_url}, is_embedded=False)


@contextlib.contextmanager
def reachable(target: Target, *, role: Role = Role.COMMAND, report: Report = lambda _: None) -> Iterator[Address]:
    """The database of a target, with the embedded server started for as long as it is needed.

    Raises:
        EmbeddedPostgresError: the embedded server cannot be had, and why.
    """
    if target.database_url:
        yield Address.external(target.database_url)
        return
    with EmbeddedPostgres.open(target.postgres_dir, role=role, on_progress=report) as postgres:
        yield Address.embedded(postgres)


@contextlib.asynccontextmanager
async def as_owner(address: Address) -> AsyncIterator[asyncpg.Connection]:
    """A connection with the rights of the owner, which migrations need.

    Raises:
        DatabaseUnavailable: nobody answers. DatabaseRefuses: somebody does, and refuses.
    """
    connection = await _connect(address.owner)
    try:
        yield connection
    finally:
        await connection.close()


async def ensure_database(address: Address) -> None:
    """Create the database of an embedded server, once."""
    if not address.is_embedded:
        return
    connection = await _connect(address.owner | {"database": "postgres"})
    try:
        known = await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", DATABASE)
        if not known:
            with contextlib.suppress(asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):
                await connection.execute(f"CREATE DATABASE {DATABASE}")
    finally:
        await connection.close()


async def bring_up_to_date(address: Address, on_applied: Callable[[Migration], None] = lambda _: None) -> int:
    """Create the database if it is ours to create, and apply pending migrations; returns how many."""
    await ensure_database(address)
    async with as_owner(address) as connection:
        return len(await migrate(connection, on_applied))


async def prepare(address: Address) -> None:
    """Make sure that the schema is there: an embedded database is migrated, another's is only looked at.

    Raises:
        MigrationsPending: the operator has to migrate first.
    """
    if address.is_embedded:
        await bring_up_to_date(address)
        return
    async with as_owner(address) as connection:
        if await pending(connection):
            raise MigrationsPending


@contextlib.asynccontextmanager
async def service_pool(
    address: Address, *, size_max: int = POOL_SIZE_MAX, read_only: bool = False
) -> AsyncIterator[asyncpg.Pool]:
    """Connections with the rights of the service; the database refuses every write through read-only ones.

    Raises:
        DatabaseUnavailable: nobody answers. DatabaseRefuses: somebody does, and refuses.
    """
    pool = create_service_pool(address, size_max=size_max, read_only=read_only)
    with _unavailable():
        await pool
    async with closed_in_time(pool):
        yield pool


@contextlib.asynccontextmanager
async def closed_in_time(pool: asyncpg.Pool) -> AsyncIterator[None]:
    """Close a pool behind the block, by force where the database does not answer any more."""
    try:
        yield
    finally:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_TIMEOUT_S):
                await pool.close()


def create_service_pool(
    address: Address,
    *,
    size_max: int = POOL_SIZE_MAX,
    size_min: int = 1,
    read_only: bool = False,
    on_query: Callable[[Any], None] | None = None,
) -> asyncpg.Pool:
    """A pool that is not connected yet; with ``size_min`` 0 it comes up without a database.

    ``on_query`` is told of each statement that was run (``asyncpg.Connection.add_query_logger``).
    """
    return ServicePool(
        address.service.get("dsn"),
        **{name: value for name, value in address.service.items() if name != "dsn"},
        connection_class=asyncpg.Connection,
        record_class=asyncpg.Record,
        loop=None,
        min_size=size_min,
        max_size=size_max,
        max_queries=_QUERIES_PER_CONNECTION_MAX,
        max_inactive_connection_lifetime=_CONNECTION_IDLE_S_MAX,
        timeout=CONNECT_TIMEOUT_S,
        command_timeout=STATEMENT_TIMEOUT_S,
        server_settings={"application_name": APPLICATION},
        init=functools.partial(
            _begin_session, become_service=not address.is_embedded, read_only=read_only, on_query=on_query
        ),
        # Our statements leave nothing behind in a session; the default would cost a round trip for each.
        reset=_nothing_to_reset,
    )


async def connect_as_service(address: Address) -> asyncpg.Connection:
    """One connection outside the pool, for LISTEN."""
    connection = await _connect(address.service)
    if not address.is_embedded:
        await _become_service(connection)
    return connection


async def _become_service(connection: asyncpg.Connection) -> None:
    await connection.execute(_BECOME_SERVICE)


async def _begin_session(
    connection: asyncpg.Connection,
    *,
    become_service: bool,
    read_only: bool,
    on_query: Callable[[Any], None] | None,
) -> None:
    if become_service:
        await _become_service(connection)
    await connection.execute(_PLAN_ONCE)
    if read_only:
        await connection.execute("SET default_transaction_read_only = on")
    if on_query:
        connection.add_query_logger(on_query)


async def _nothing_to_reset(_: asyncpg.Connection) -> None:
    pass


async def _connect(arguments: dict[str, Any]) -> asyncpg.Connection:
    with _unavailable():
        return await asyncpg.connect(
            **arguments, timeout=CONNECT_TIMEOUT_S, server_settings={"application_name": APPLICATION}
        )


@contextlib.contextmanager
def _unavailable() -> Iterator[None]:
    try:
        yield
    except asyncpg.ClientConfigurationError as error:
        raise DatabaseRefuses(_UNREACHABLE.format(error)) from error
    except CONNECTION_ERRORS as error:
        raise DatabaseUnavailable(_UNREACHABLE.format(str(error) or type(error).__name__)) from error
    except asyncpg.PostgresError as error:
        raise DatabaseRefuses(_UNREACHABLE.format(error)) from error
