"""Scratch databases of a benchmark: made, migrated and filled on a server of their own."""

import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from typing import Any

import asyncpg

from ledger.ids import Site
from ops.bench.orders import COLUMNS, in_order_of_updates, orders, records
from ops.database import Address, as_owner
from ops.embedded import EmbeddedPostgres
from ops.migrations import migrate

SITE = Site("bench")

_REPORT_EVERY = 1_000


async def filled_database(postgres: EmbeddedPostgres, total: int, on_order: Callable[[int], None]) -> Address:
    """A database with so many orders, vacuumed and analyzed; one that is there already is used again.

    Args:
        on_order: called now and then with the number of orders that are in.
    """
    server = {"host": str(postgres.socket_dir), "port": postgres.port}
    owner: dict[str, Any] = server | {"user": postgres.superuser, "database": f"orders_{total}"}
    address = Address(owner=owner, service=owner | {"user": "order_ledger_service"}, is_embedded=True)
    async with _administrator(address) as administrator:
        if not await administrator.fetchval("SELECT true FROM pg_database WHERE datname = $1", owner["database"]):
            await administrator.execute(f"CREATE DATABASE {owner['database']}")
    async with as_owner(address) as connection:
        await migrate(connection)
        if await connection.fetchval("SELECT count(*) FROM ledger.order_view") != total:
            await connection.execute("TRUNCATE ledger.order_view")
            await _fill(connection, total, on_order)
        await connection.execute("VACUUM (ANALYZE) ledger.order_view")
    on_order(total)
    return address


@contextlib.asynccontextmanager
async def copied_database(address: Address) -> AsyncIterator[Address]:
    """A copy of a database, for as long as it is needed."""
    source = address.owner["database"]
    copy = f"{source}_copy"
    async with _administrator(address) as administrator:
        await administrator.execute(f"DROP DATABASE IF EXISTS {copy}")
        await administrator.execute(f"CREATE DATABASE {copy} TEMPLATE {source} STRATEGY file_copy")
        try:
            yield replace(
                address, owner=address.owner | {"database": copy}, service=address.service | {"database": copy}
            )
        finally:
            await administrator.execute(f"DROP DATABASE {copy}")


@contextlib.asynccontextmanager
async def _administrator(address: Address) -> AsyncIterator[asyncpg.Connection]:
    async with as_owner(replace(address, owner=address.owner | {"database": "postgres"})) as connection:
        yield connection


async def _fill(connection: asyncpg.Connection, total: int, on_order: Callable[[int], None]) -> None:
    rows = records(SITE, in_order_of_updates(orders(total)))
    await connection.copy_records_to_table(
        "order_view", schema_name="ledger", columns=COLUMNS, records=_counted(rows, on_order)
    )


def _counted(rows: Iterator[tuple[Any, ...]], on_order: Callable[[int], None]) -> Iterator[tuple[Any, ...]]:
    for number, row in enumerate(rows):
        if number % _REPORT_EVERY == 0:
            on_order(number)
        yield row
