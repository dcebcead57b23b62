"""Generation and the clock over kills of everything: each order once, each date told once, and the log sound."""

import asyncio
import base64
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
from aiohttp import ClientError, ClientSession

from ledger.appender import Appender
from ledger.commands import ChangeSettings
from ledger.envelope import EventMapper
from ledger.handler import CommandHandler
from ledger.ids import IdSource, Position, Site, system_clock_ms
from ledger.sites import Sites
from ledger.store import Store
from ops.database import reachable, service_pool
from ops.operator import operator
from ops.target import Target
from projections.order_row import order_row
from tests.api.chargebee_events import body_of, chargebee_event
from tests.ledger.processes.billing_story import CATALOG, DAY, paid
from tests.serving import PATIENCE_S, SITE, Server, running_server

INVOICES = 30
KILLS = 3
# The term began 100 days ago.
BEGIN = system_clock_ms() // 1000 - 100 * DAY
PATH = "/api/v2/intake/chargebee"
GENERATED = "order.generated"
READY = ("order.ready_to_process", "order.ready_to_ship")


async def test_each_order_comes_once_and_each_date_is_told_once_over_kills(data_dir: Path) -> None:
    password = await prepare(data_dir)
    for kill in range(KILLS):
        with running_server(data_dir) as server:
            # Every delivery comes again after a kill, as Chargebee sends again what was not answered.
            sending = asyncio.create_task(send_all(server, password))
            await until_more(server, GENERATED if kill % 2 == 0 else READY[0])
            server.kill_everything()
            await asyncio.gather(sending, return_exceptions=True)
    with running_server(data_dir) as server:
        await send_all(server, password)
        await until_total(server, GENERATED, INVOICES * 3)
        # Of three orders of each invoice two have dates that are reached.
        for each in READY:
            await until_total(server, each, INVOICES * 2)
        assert server.stop() == 0
    async with pool_of(data_dir) as pool:
        events = await whole_log(pool)
    orders = Counter((event["stream"], event["type"]) for event in events if event["type"] in {GENERATED, *READY})
    assert set(orders.values()) == {1}
    assert Counter(kind for _, kind in orders) == {GENERATED: INVOICES * 3} | dict.fromkeys(READY, INVOICES * 2)
    invoices = Counter(event["stream"] for event in events if event["type"] == "invoice.orders_generated")
    assert invoices == {f"invoice-inv_{number}": 1 for number in range(INVOICES)}


async def prepare(data_dir: Path) -> str:
    """Turn generation on, and make a password."""
    async with pool_of(data_dir) as pool:
        ids, appender = IdSource(), Appender(pool)
        handler = CommandHandler(Store(pool), appender, row_of=order_row, ids=ids)
        settings = ChangeSettings(settings={"order_generation_enabled": True, "catalog": CATALOG})
        await handler.handle(settings, operator(Site(SITE), live=False, ids=ids))
        await appender.close()
        return await Sites(pool).create_intake(SITE, "chargebee", system_clock_ms())


@asynccontextmanager
async def pool_of(data_dir: Path) -> AsyncIterator[asyncpg.Pool]:
    with reachable(Target(data_dir)) as address:
        async with service_pool(address) as pool:
            yield pool


async def whole_log(pool: asyncpg.Pool) -> list[dict[str, str]]:
    """Stream and type of every event; each can be read."""
    mapper, last = EventMapper(), Position(0)
    found: list[dict[str, str]] = []
    while page := await Store(pool).read_log(Site(SITE), after=last):
        found += [{"stream": event.stream, "type": event.type} for event in page]
        for event in page:
            mapper.event(event.body)
        last = page[-1].position
    return found


async def send_all(server: Server, password: str) -> None:
    """Deliver every invoice, paid in time."""
    login = base64.b64encode(f"chargebee:{password}".encode()).decode()
    async with ClientSession(server.url, headers={"Authorization": f"Basic {login}"}) as session:
        for number in range(INVOICES):
            invoice = paid(1, f"inv_{number}", date=BEGIN, paid_at=BEGIN)
            [line] = invoice["line_items"]
            invoice["line_items"] = [line | {"date_from": BEGIN, "date_to": BEGIN + 181 * DAY}]
            event = chargebee_event("invoice_generated", f"ev_{number}", invoice=invoice)
            async with session.post(PATH, data=body_of(event)) as response:
                assert response.status == 200, await response.text()


async def count(server: Server, kind: str) -> int:
    """How many events of a type there are, as far as the first pages say."""
    total, offset = 0, None
    async with ClientSession(server.url, headers=server.headers) as session:
        while True:
            query = {"type[is]": kind, "limit": "100"} | ({"offset": offset} if offset else {})
            async with session.get("/api/v2/ledger/changes", params=query) as response:
                page = msgspec.json.decode(await response.read())
            total += len(page.get("list", ()))
            offset = page.get("next_offset")
            if offset is None:
                return total


async def until_more(server: Server, kind: str) -> None:
    """Wait until there is one more of a type than there was, or all are there."""
    before = await count(server, kind)
    await _until(lambda now: now > before or now >= INVOICES * 2, server, kind)


async def until_total(server: Server, kind: str, total: int) -> None:
    """Wait until there are so many of a type."""
    await _until(lambda now: now >= total, server, kind)


async def _until(condition: Any, server: Server, kind: str) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                if condition(await count(server, kind)):
                    return
            except ClientError:
                pass
            await asyncio.sleep(0.02)
