"""Services with a clock of the test's own, and what their processes have done."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import msgspec

from api.services import Services, build_services
from ledger.commands import Command
from ledger.consumer import catch_up
from ledger.envelope import Envelope, EventMapper
from ledger.handler import Handled
from ledger.ids import IdSource, Position, Site
from ledger.processes.order_clock import OrderClock
from ledger.store import Store
from ops.operator import operator
from ops.serving.processes import generation_of

NOW = 1_770_000_000


class Hands:
    """A clock that stands still until it is moved."""

    def __init__(self, now: int = NOW) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now * 1000


@asynccontextmanager
async def service(pool: asyncpg.Pool, clock_ms: Callable[[], int]) -> AsyncIterator[Services]:
    """The services of one process, wired as the server wires them."""

    async def check_ready() -> None:
        await pool.fetchval("SELECT 1")

    services = build_services(pool, clock_ms=clock_ms, check_ready=check_ready)
    yield services
    await services.appender.close()


async def run(services: Services, site: Site, command: Command) -> Handled:
    """Let an operator run a command."""
    return await services.handler.handle(command, operator(site, live=False, ids=IdSource()))


async def follow_clock(services: Services, site: Site) -> None:
    """Let the clock's table catch up with the log."""
    await catch_up(services.pool, OrderClock(), site)


async def generate(services: Services, site: Site) -> None:
    """Let the generation process catch up with the log."""
    await catch_up(services.pool, generation_of(services), site)


async def envelopes(pool: asyncpg.Pool, site: Site, *types: str) -> list[Envelope]:
    """The events of these types, or all, in the order of the log."""
    mapper, found, last = EventMapper(), [], Position(0)
    while page := await Store(pool).read_log(site, after=last):
        found += [mapper.envelope(event.body) for event in page if not types or event.type in types]
        last = page[-1].position
    return found


async def orders_of(pool: asyncpg.Pool, site: Site) -> list[Mapping[str, Any]]:
    """The orders of a site as the API shows them, by invoice and dates."""
    rows = await pool.fetch(
        "SELECT document FROM ledger.order_view WHERE site = $1 ORDER BY invoice_id, order_date, shipping_date, id",
        site,
    )
    return [msgspec.json.decode(row["document"]) for row in rows]
