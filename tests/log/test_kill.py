"""The service is stopped and killed at chosen moments of a command: what was accepted is answered, and is done once.

Kills of every part under load, in random order, are in ``tests.chaos``.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import asyncpg
import pytest

from ledger.ids import Site
from ledger.store import Store
from ops.database import reachable, service_pool
from ops.target import Target
from ops.verification import verify_site
from tests.chaos.load import Load
from tests.log.appends import until_blocked
from tests.log.audit import assert_answers_are_true, assert_view_is_the_fold, read_log
from tests.log.traffic import Asked, HttpDoor, Told
from tests.serving import PATIENCE_S, SITE, Server, is_gone, running_server, until

pytestmark = pytest.mark.timeout(600)


@pytest.fixture
async def load() -> AsyncIterator[Load]:
    async with aiohttp.ClientSession() as client:
        load = Load(client)
        yield load
        await load.stop()


async def assert_all_is_well(data_dir: Path, answers: list[Told]) -> None:
    """The log and the view agree with every answer, and all of it is verified."""
    async with _database_of(data_dir) as pool:
        log = await read_log(Store(pool), Site(SITE))
        assert_answers_are_true(log, answers)
        await assert_view_is_the_fold(pool, Site(SITE), log)
        verified = await verify_site(pool, Site(SITE), Target(data_dir), full=True)
        assert verified.audit.fault is None, verified.audit.fault.sentence
        assert verified.audit.log.checkpoints > 0


@contextlib.asynccontextmanager
async def _database_of(data_dir: Path) -> AsyncIterator[asyncpg.Pool]:
    with reachable(Target(data_dir)) as address:
        async with service_pool(address) as pool:
            yield pool


# The service is asked to stop


async def test_a_stop_under_load_loses_nothing(load: Load, data_dir: Path) -> None:
    for start in range(3):
        with running_server(data_dir, "--workers", "2") as server:
            if start == 0:
                async with _database_of(data_dir) as pool:
                    await load.begin(server, pool)
            load.follow(server)
            await load.answered()
            # The last time each writer has its answer first.
            answers = await load.finish() if start == 2 else []
            assert await asyncio.to_thread(server.stop) == 0
            assert "did not stop" not in server.errors
    await assert_all_is_well(data_dir, answers)


async def test_every_request_that_was_accepted_is_answered_when_the_service_stops(data_dir: Path) -> None:
    with running_server(data_dir) as server:
        async with _held_log(data_dir) as held, aiohttp.ClientSession(headers=server.headers) as client:
            reader, writer = await _idle_connection(server)
            asked = [Asked(operation="create", form={"invoice_id": "inv_0001", "note": f"{n}"}) for n in range(40)]
            answers = [asyncio.create_task(HttpDoor(client, server.url).ask(each)) for each in asked]
            await until_blocked(held.owner)
            await _until_all_is_read(server)

            server.terminate()
            # The worker has heard: it lets go of who asks nothing.
            assert await asyncio.wait_for(reader.read(), PATIENCE_S) == b""
            writer.close()
            assert not any(answer.done() for answer in answers)
            await held.release()
            told = await asyncio.gather(*answers)
        assert {each.status for each in told} == {200}
        assert await asyncio.to_thread(server.stop) == 0
    await _assert_logged_once(data_dir, told)


# The outcome is not known


async def test_a_command_whose_answer_was_lost_is_done_once(data_dir: Path) -> None:
    """The worker dies, but its backend goes on and commits: the retry finds the answer."""
    with running_server(data_dir) as server:
        async with _held_log(data_dir) as held, aiohttp.ClientSession(headers=server.headers) as client:
            door = HttpDoor(client, server.url)
            asked = Asked(operation="create", form={"invoice_id": "inv_0001", "note": "once"}, key="k")
            lost = asyncio.create_task(door.ask(asked))
            [backend] = await until_blocked(held.owner)
            [worker] = server.workers()
            server.kill(worker)
            with pytest.raises(aiohttp.ClientConnectionError):
                await lost
            await asyncio.to_thread(until, lambda: is_gone(worker), what="the end of the worker")
            assert await until_blocked(held.owner) == [backend]

            # The retry comes while the first attempt still waits, and another after it has committed.
            retry = asyncio.create_task(door.ask(asked))
            await _until_all_is_read(server)
            await held.release()
            told = [await retry, await door.ask(asked)]
        assert [(each.status, each.replayed) for each in told] == [(200, True), (200, True)]
        assert told[0].order == told[1].order
        server.stop()
    await _assert_logged_once(data_dir, told[:1])


async def test_a_command_of_a_client_that_hung_up_is_done_once(data_dir: Path) -> None:
    asked = Asked(operation="create", form={"invoice_id": "inv_0001", "note": "once"}, key="k")
    with running_server(data_dir) as server:
        async with _held_log(data_dir) as held, aiohttp.ClientSession(headers=server.headers) as client:
            async with aiohttp.ClientSession(headers=server.headers) as hasty:
                gone = asyncio.create_task(HttpDoor(hasty, server.url).ask(asked))
                await until_blocked(held.owner)
                gone.cancel()
                await asyncio.wait([gone])
            retry = asyncio.create_task(HttpDoor(client, server.url).ask(asked))
            await _until_all_is_read(server)
            await held.release()
            told = await retry
        assert (told.status, told.replayed) == (200, True)
        server.stop()
    await _assert_logged_once(data_dir, [told])


async def test_a_command_that_was_never_written_is_done_once(data_dir: Path) -> None:
    asked = Asked(operation="create", form={"invoice_id": "inv_0001", "note": "once"}, key="k")
    with running_server(data_dir) as server:
        async with _held_log(data_dir) as held, aiohttp.ClientSession(headers=server.headers) as client:
            lost = asyncio.create_task(HttpDoor(client, server.url).ask(asked))
            await until_blocked(held.owner)
            await asyncio.to_thread(server.kill_everything)
            with pytest.raises(aiohttp.ClientConnectionError):
                await lost
    with running_server(data_dir) as server:
        async with aiohttp.ClientSession(headers=server.headers) as client:
            told = [await HttpDoor(client, server.url).ask(asked) for _ in range(2)]
        assert [(each.status, each.replayed) for each in told] == [(200, False), (200, True)]
        assert told[0].order == told[1].order
        server.stop()
    await _assert_logged_once(data_dir, told[:1])


class _Held:
    """The log of the quick start's site, locked so that every append waits."""

    def __init__(self, owner: asyncpg.Connection) -> None:
        self.owner = owner
        self._transaction = owner.transaction()

    async def hold(self) -> None:
        await self._transaction.start()
        await self.owner.execute("SELECT FROM ledger.head WHERE site = $1 FOR UPDATE", SITE)

    async def release(self) -> None:
        await self._transaction.rollback()


@contextlib.asynccontextmanager
async def _held_log(data_dir: Path) -> AsyncIterator[_Held]:
    with reachable(Target(data_dir)) as address:
        owner = await asyncpg.connect(**address.owner)
        held = _Held(owner)
        await held.hold()
        try:
            yield held
        finally:
            # Its server may have been killed meanwhile.
            owner.terminate()


async def _idle_connection(server: Server) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection that has had its answer and asks nothing more."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    await reader.readuntil(b'{"status":"alive"}')
    return reader, writer


async def _until_all_is_read(server: Server) -> None:
    """What was sent before these questions is read before they are answered: the worker has one event loop."""
    for _ in range(3):
        _, writer = await _idle_connection(server)
        writer.close()


async def _assert_logged_once(data_dir: Path, told: list[Told]) -> None:
    with reachable(Target(data_dir)) as address:
        async with service_pool(address) as pool:
            log = await read_log(Store(pool), Site(SITE))
            assert_answers_are_true(log, told)
            await assert_view_is_the_fold(pool, Site(SITE), log)
