"""Scratch databases with the whole log of a shop, and the index of its past orders."""

import time
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import asyncpg
from rich.progress import Progress

from ledger.batch import OrderRow
from ledger.consumer import catch_up
from ledger.envelope import SealedEvent
from ledger.ids import Site
from ops.bench.cpu import worked_ms
from ops.bench.orders import COLUMNS
from ops.bench.past_orders import history
from ops.bench.scratch import SITE
from ops.database import Address, as_owner, service_pool
from ops.embedded import EmbeddedPostgres
from ops.migrations import migrate
from projections.past.consumer import OrderVersions
from projections.past.rebuild import VersionsRebuild
from projections.past.versions_report import VersionsReport

_EVENT_COLUMNS = ("stream", "version", "type", "recorded_at", "event_id", "leaf", "body")
_WRITTEN_TOGETHER = 5_000
_LACKS_DOCUMENTS = """
SELECT (SELECT count(*) FROM ledger.order_version_document) < (SELECT count(*) FROM ledger.order_version)
"""


async def past_database(postgres: EmbeddedPostgres, total: int, lives: str, progress: Progress) -> Address:
    """A database with so many orders of short or long lives; one that is there already is used again."""
    server = {"host": str(postgres.socket_dir), "port": postgres.port}
    owner: dict[str, Any] = server | {"user": postgres.superuser, "database": f"past_{lives}_{total}"}
    address = Address(owner=owner, service=owner | {"user": "order_ledger_service"}, is_embedded=True)
    administrator = await asyncpg.connect(**(owner | {"database": "postgres"}))
    is_new = not await administrator.fetchval("SELECT true FROM pg_database WHERE datname = $1", owner["database"])
    if is_new:
        await administrator.execute(f"CREATE DATABASE {owner['database']}")
    await administrator.close()
    async with as_owner(address) as connection:
        await migrate(connection)
        if not await connection.fetchval("SELECT count(*) FROM ledger.event"):
            task = progress.add_task(f"filling {total:,} orders of {lives} lives", total=total)
            await fill(connection, total, lives, on_orders=lambda count: progress.advance(task, count))
        await _follow(address, progress)
        if await connection.fetchval(_LACKS_DOCUMENTS):
            report = await keep_all_documents(address, SITE)
            progress.console.print(f"documents of past orders: {report.without_document:,} in {report.seconds:.0f} s")
        await connection.execute("VACUUM (ANALYZE)")
    return address


async def fill(
    connection: asyncpg.Connection, total: int, lives: str, *, on_orders: Callable[[int], None] = lambda _: None
) -> None:
    """Write the log of so many orders and their rows; nothing has followed it yet."""
    await write_log(connection, SITE, history(SITE, total, long_lives=lives == "long"), on_orders=on_orders)


async def write_log(
    connection: asyncpg.Connection,
    site: Site,
    made: Iterator[tuple[SealedEvent, OrderRow | None]],
    *,
    on_orders: Callable[[int], None] = lambda _: None,
) -> None:
    """Write the log of a new site, and the rows of its orders; nothing has followed it yet."""
    await connection.execute("INSERT INTO ledger.site (site, live, created_at) VALUES ($1, false, 0)", site)
    position = 0
    while chunk := list(islice(made, _WRITTEN_TOGETHER)):
        places = range(position + 1, position + 1 + len(chunk))
        events = [
            (site, place, *(getattr(event, name) for name in _EVENT_COLUMNS))
            for place, (event, _) in zip(places, chunk, strict=True)
        ]
        rows = [
            (site, place, *(getattr(row, name) for name in COLUMNS[2:]))
            for place, (_, row) in zip(places, chunk, strict=True)
            if row
        ]
        await connection.copy_records_to_table(
            "event", schema_name="ledger", columns=["site", "position", *_EVENT_COLUMNS], records=events
        )
        await connection.copy_records_to_table("order_view", schema_name="ledger", columns=COLUMNS, records=rows)
        position += len(chunk)
        on_orders(len(rows))
    await connection.execute("INSERT INTO ledger.head (site, position) VALUES ($1, $2)", site, position)


async def _follow(address: Address, progress: Progress) -> None:
    """Let the index of past orders catch up, and tell how fast that was."""
    async with service_pool(address, size_max=1) as pool:
        pid = await pool.fetchval("SELECT pg_backend_pid()")
        server, client = worked_ms(pid), time.process_time()
        before = await pool.fetchval("SELECT coalesce(max(position), 0) FROM ledger.order_version_page")
        events = await catch_up(pool, OrderVersions(), SITE) - before
        if events:
            server_s, client_s = (worked_ms(pid) - server) / 1000, time.process_time() - client
            progress.console.print(
                f"index of past orders: {events:,} events, {events / (server_s + client_s):,.0f} a second of processor "
                f"time ({client_s:.1f} s of ours, {server_s:.1f} s of the server)"
            )


async def keep_all_documents(address: Address, site: Site) -> VersionsReport:
    """Keep the documents of all versions, as they would have been while the orders lived."""
    async with service_pool(address, size_max=2) as pool:
        await catch_up(pool, OrderVersions(), site)
        report = await VersionsRebuild(pool, site).run()
    assert report.is_true
    return report
