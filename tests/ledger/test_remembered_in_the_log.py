"""Commands that are decided on what a process remembers, beside another process that changes it: nobody can tell."""

from collections.abc import AsyncIterator, Iterable, Mapping

import asyncpg
import pytest

from ledger.appender import Appender
from ledger.commands import ChangeSettings, Command, CreateOrder
from ledger.envelope import RecordedEvent
from ledger.errors import ConfigurationIncompatible, ResourceNotFound
from ledger.handler import Caller, CommandHandler, Handled
from ledger.ids import IdSource, Site, StreamId
from ledger.store import Store
from ops.operator import operator
from projections.order_row import order_row
from tests.ledger.given import invoice

ON, OFF = (ChangeSettings(settings={"manual_orders_enabled": enabled}) for enabled in (True, False))


class WatchedStore(Store):
    """Counts how often streams are read."""

    reads = 0

    async def load_streams(
        self, site: Site, streams: Iterable[StreamId], *, after: Mapping[StreamId, int] | None = None
    ) -> dict[StreamId, list[RecordedEvent]]:
        self.reads += 1
        return await super().load_streams(site, streams, after=after or {})


class Process:
    """A process with a memory of its own."""

    def __init__(self, pool: asyncpg.Pool, caller: Caller) -> None:
        self.store = WatchedStore(pool)
        self.appender = Appender(pool)
        self._caller = caller
        self._handler = CommandHandler(self.store, self.appender, row_of=order_row)

    async def handle(self, command: Command) -> Handled:
        return await self._handler.handle(command, self._caller)

    async def create(self, invoice_id: str = "i") -> Handled:
        return await self.handle(CreateOrder(invoice_id=invoice_id))


async def lose_all_behind(owner: asyncpg.Connection, site: Site, position: int) -> None:
    """As where a standby took over that lacked the last commits."""
    async with owner.transaction():
        await owner.execute("SET LOCAL session_replication_role = replica")
        await owner.execute("DELETE FROM ledger.event WHERE site = $1 AND position > $2", site, position)
        await owner.execute("UPDATE ledger.head SET position = $2 WHERE site = $1", site, position)


@pytest.fixture
async def process(pool: asyncpg.Pool, site: Site) -> AsyncIterator[Process]:
    """It remembers the settings and one invoice, since it has made an order of them."""
    process = Process(pool, operator(site, live=False, ids=IdSource()))
    await process.handle(invoice("i"))
    await process.create()
    yield process
    await process.appender.close()


@pytest.fixture
async def other(pool: asyncpg.Pool, site: Site) -> AsyncIterator[Process]:
    """Another one on the same site."""
    other = Process(pool, operator(site, live=False, ids=IdSource()))
    yield other
    await other.appender.close()


async def test_what_is_remembered_is_not_read(process: Process) -> None:
    process.store.reads = 0
    for _ in range(3):
        await process.create()
    assert process.store.reads == 0


async def test_an_invoice_that_another_changed_is_read_again(process: Process, other: Process) -> None:
    await other.handle(invoice("i", business_entity_id="be"))
    handled = await process.create()
    assert handled.row is not None
    assert handled.row.business_entity_id == "be"


async def test_settings_that_another_changed_are_read_again(process: Process, other: Process) -> None:
    await other.handle(OFF)
    with pytest.raises(ConfigurationIncompatible):
        await process.create()


async def test_nobody_is_refused_for_what_is_only_remembered(process: Process, other: Process) -> None:
    await process.handle(OFF)
    with pytest.raises(ConfigurationIncompatible):
        await process.create()
    await other.handle(ON)
    assert (await process.create()).events


async def test_an_invoice_that_was_not_there_is_looked_for_again(process: Process, other: Process) -> None:
    with pytest.raises(ResourceNotFound):
        await process.create("new")
    await other.handle(invoice("new"))
    assert (await process.create("new")).events


async def test_a_change_that_is_none_any_more_is_found_out(process: Process, other: Process) -> None:
    """To what is remembered the invoice would be as it was: nothing would be recorded, and nothing would prove it."""
    await other.handle(invoice("i", note="changed"))
    await other.handle(invoice("i", status="voided"))
    assert (await process.handle(invoice("i"))).events


async def test_a_log_that_lost_its_end_is_found_out(
    process: Process, other: Process, owner: asyncpg.Connection, site: Site
) -> None:
    await process.handle(invoice("i", business_entity_id="lost"))
    await process.create()
    await lose_all_behind(owner, site, 2)
    await other.handle(invoice("i", business_entity_id="kept"))
    handled = await process.create()
    assert handled.row is not None
    assert handled.row.business_entity_id == "kept"


async def test_settings_of_a_log_that_lost_its_end_are_forgotten(
    process: Process, other: Process, owner: asyncpg.Connection, site: Site
) -> None:
    await process.handle(OFF)
    with pytest.raises(ConfigurationIncompatible):
        await process.create()
    await lose_all_behind(owner, site, 2)
    await other.handle(ChangeSettings(settings={"order_generation_enabled": True}))
    assert (await process.create()).events
