"""A primary and a standby: a failover keeps what was acknowledged, or the service does not start.

The servers are real, made from the programs that the embedded server is started with.
"""

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from ledger.errors import DatabaseUnavailable
from ledger.ids import Site
from ledger.store import Store
from ops.database import Address, bring_up_to_date, service_pool
from ops.durability import AsynchronousReplication, require_synchronous
from tests.chaos.load import Load, PatientDoor
from tests.chaos.replicas import Pair, replica_pair
from tests.log.audit import assert_answers_are_true, assert_view_is_the_fold, read_log
from tests.log.traffic import Asked, HttpDoor, Told
from tests.serving import SITE, Server, running_server, starting_server, until

pytestmark = pytest.mark.timeout(600)

INSIST = "--allow-asynchronous-replication"


@pytest.fixture
async def pair() -> AsyncIterator[Pair]:
    async with replica_pair() as pair:
        await bring_up_to_date(Address.external(pair.url))
        yield pair


async def test_a_failover_of_a_pair(pair: Pair, tmp_path: Path) -> None:
    """One pair and one service for the whole story: each takes seconds to make."""
    await _asynchronous_pairs_are_refused(pair, tmp_path)
    await pair.become_synchronous()
    await require_synchronous(Address.external(pair.url))
    with running_server(tmp_path / "data", "--database-url", pair.url) as server:
        async with aiohttp.ClientSession(headers=server.headers) as client:
            told = await _what_the_standby_lacks_is_not_acknowledged(pair, server, client)
            answers = await _a_failover_is_served_through(pair, server, client)
        assert await asyncio.to_thread(server.stop) == 0
    async with service_pool(Address.external(pair.url)) as pool:
        log = await read_log(Store(pool), Site(SITE))
        assert_answers_are_true(log, [told, *answers])
        await assert_view_is_the_fold(pool, Site(SITE), log)


async def _asynchronous_pairs_are_refused(pair: Pair, tmp_path: Path) -> None:
    for url in (pair.url, pair.url_of_primary):
        with pytest.raises(AsynchronousReplication, match=r"1 standby server, but synchronous_standby_names is empty"):
            await require_synchronous(Address.external(url))
    with starting_server(tmp_path / "refused", "--database-url", pair.url) as server:
        await asyncio.to_thread(until, lambda: not server.is_running, what="the end of the service")
        assert server.stop() == 1
        assert server.errors.startswith(
            "order-ledger: The database has 1 standby server, but synchronous_standby_names"
        )
        assert INSIST in server.errors

    await pair.become_synchronous()
    await pair.primary.set(synchronous_commit="local")
    with pytest.raises(AsynchronousReplication, match="synchronous_commit is local"):
        await require_synchronous(Address.external(pair.url))
    await pair.primary.set(synchronous_commit="on")
    await pair.become_asynchronous()


async def _what_the_standby_lacks_is_not_acknowledged(
    pair: Pair, server: Server, client: aiohttp.ClientSession
) -> Told:
    """A command is written on the primary alone, whose crash makes it visible: its retry waits for the standby."""
    door = PatientDoor(client, server.url)
    asked = Asked(operation="create", form={"invoice_id": "inv_0001", "note": "waits"}, key="waits")
    pair.standby.signal(signal.SIGSTOP)
    try:
        lost = asyncio.create_task(HttpDoor(client, server.url).ask(asked))
        await pair.until_a_commit_waits()
        server.kill(*server.workers())
        with pytest.raises(aiohttp.ClientConnectionError):
            await lost
        await asyncio.to_thread(pair.primary.kill)
        pair.primary.start()

        retry = asyncio.create_task(door.repeat(asked))
        await asyncio.wait(
            {retry, waits := asyncio.create_task(pair.until_a_commit_waits())}, return_when=asyncio.FIRST_COMPLETED
        )
        assert waits.done()
        assert not retry.done()
    finally:
        pair.standby.signal(signal.SIGCONT)
    told = await retry
    assert (told.status, told.replayed) == (200, True)
    return told


async def _a_failover_is_served_through(pair: Pair, server: Server, client: aiohttp.ClientSession) -> list[Told]:
    """The primary is lost under load and the standby takes its place; nobody starts the service again."""
    load = Load(client)
    try:
        async with service_pool(Address.external(pair.url)) as pool:
            await load.begin(server, pool)
        await load.answered()
        workers = server.workers()
        await pair.lose_primary()
        with pytest.raises(DatabaseUnavailable, match="cannot be reached"):
            await require_synchronous(Address.external(pair.url))
        await pair.promote_standby()
        # The service waits for a database that is away, so its clients may have met no refusal at all.
        await _until_more_is_written(pair, load)
        assert server.workers() == workers
        return await load.finish()
    finally:
        await load.stop()


async def _until_more_is_written(pair: Pair, load: Load) -> None:
    async with service_pool(Address.external(pair.url)) as pool:
        store = Store(pool)
        before = await store.head_position(Site(SITE))
        await load.answered()
        assert (await store.head_position(Site(SITE)) or 0) > (before or 0)
