"""The comparison of all views, as a verification runs it."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg

from ledger.envelope import RecordedEvent
from ledger.ids import Position, Site
from ledger.sql import query
from ledger.store import recorded
from ledger.transparency.log_audit import ViewsChecked
from ops.database import Address
from ops.view_audits.audit import ViewsAudit


async def checked(pool: asyncpg.Pool, site: Site, address: Address | None = None) -> ViewsChecked:
    """What all views are found to be; with an address a second process may help."""
    async with (
        pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
        ViewsAudit(connection, site, address=address) as views,
    ):
        async for page in pages(connection, site):
            await views.take(page)
        return await views.finish()


async def pages(connection: Any, site: Site, page_size: int = 7) -> AsyncIterator[list[RecordedEvent]]:
    """The log, as its verification hands it on."""
    after = Position(0)
    while rows := await connection.fetch(query("read_log"), site, after, page_size):
        yield list(map(recorded, rows))
        after = rows[-1]["position"]
