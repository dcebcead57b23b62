"""The service is killed under load, whole and in parts: what it acknowledged is there once, and nothing is half there.

Clients do what clients should: every request has an idempotency key, and one whose outcome is not known is sent
again until there is an answer.
"""

import asyncio
import contextlib
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import pytest

from ledger.ids import Site
from ledger.store import Store
from ops.database import Address, reachable, service_pool
from ops.target import Target
from ops.verification import verify_site
from tests.log.appends import until_blocked
from tests.log.audit import assert_answers_are_true, assert_view_is_the_fold, read_log
from tests.log.traffic import Asked, HttpDoor, Told, import_shared, load_big_invoices, writers
from tests.serving import PATIENCE_S, SITE, Server, is_gone, running_server, until

NAMES = tuple("abcdefgh")
ANSWERS_BETWEEN_KILLS = 40
_PAUSE_S = 0.02

# What a client may be told while the service is not all there; then it comes again.
COME_AGAIN = {(503, "db_connection_failure"), (503, "internal_temporary_error"), (429, "lock_timeout")}

pytestmark = pytest.mark.timeout(600)


class PatientDoor:
    """Asks under a key until there is an answer, wherever the service is by then."""

    def __init__(self, client: aiohttp.ClientSession, url: str) -> None:
        self._client = client
        self._numbers = itertools.count()
        self.url = url
        self.answers: list[Told] = []
        self.troubles: Counter[str] = Counter()

    async def ask(self, asked: Asked) -> Told:
        """Ask until there is an answer."""
        asked = replace(asked, key=f"key-{next(self._numbers)}")
        async with asyncio.timeout(PATIENCE_S):
            while True:
                told = await self._try(asked)
                if told:
                    self.answers.append(told)
                    return told
                await asyncio.sleep(_PAUSE_S)

    async def _try(self, asked: Asked) -> Told | None:
        try:
            told = await HttpDoor(self._client, self.url).ask(asked)
        except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError) as broken:
            self.troubles[type(broken).__name__] += 1
            return None
        if (told.status, told.code) in COME_AGAIN:
            self.troubles[f"{told.status} {told.code}"] += 1
            return None
        return told


class Load:
    """Writers at work on a service until ``finish``."""

    def __init__(self, data_dir: Path, stack: contextlib.AsyncExitStack, client: aiohttp.ClientSession) -> None:
        self._data_dir = data_dir
        self._stack = stack
        self._client = client
        self._is_over = False
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Start the service, prepare it, and set the writers to work."""
        self.server = await self._serve()
        self._client.headers.update(self.server.headers)
        with reachable(Target(self._data_dir)) as address:
            async with service_pool(address) as pool:
                await load_big_invoices(pool, SITE)
        self.setup = await import_shared(HttpDoor(self._client, self.server.url))
        self.door = PatientDoor(self._client, self.server.url)
        shared = [told.order for told in self.setup if told.order]
        self._tasks = [asyncio.create_task(self._write(writer)) for writer in writers(NAMES, NAMES, shared)]

    async def serve_again(self) -> None:
        """Start the service on the same data folder; workers of the one before may still be there."""
        self.server = await self._serve()
        self.door.url = self.server.url

    async def answered(self, more: int = ANSWERS_BETWEEN_KILLS) -> None:
        """Wait until so many more requests have their answer."""
        wanted = len(self.door.answers) + more
        await self.wait_until(lambda: len(self.door.answers) >= wanted, what="more answers")

    async def wait_until(self, condition: Callable[[], object], *, what: str) -> None:
        """Wait for a condition while the writers work."""
        for task in self._tasks:
            if task.done():
                task.result()
        await asyncio.to_thread(until, condition, what=what)

    async def finish(self) -> None:
        """Let each writer have its last answer."""
        self._is_over = True
        await asyncio.gather(*self._tasks)

    async def stop_writers(self) -> None:
        """Stop the writers wherever they are."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self) -> Server:
        running = running_server(self._data_dir, "--workers", "2")
        server = await asyncio.to_thread(running.__enter__)
        self._stack.push_async_callback(asyncio.to_thread, running.__exit__, None, None, None)
        return server

    async def _write(self, writer: Any) -> None:
        while not self._is_over:
            writer.hear(await self.door.ask(writer.next()))


@pytest.fixture
async def load(data_dir: Path) -> AsyncIterator[Load]:
    async with contextlib.AsyncExitStack() as stack:
        client = await stack.enter_async_context(aiohttp.ClientSession())
        load = Load(data_dir, stack, client)
        try:
            await load.start()
            yield load
        finally:
            await load.stop_writers()


async def assert_all_is_well(load: Load) -> None:
    """Every request has its answer; the log and the view agree with all of them, also after a last restart."""
    await load.finish()
    assert await asyncio.to_thread(load.server.stop) == 0
    assert {told.status for told in load.door.answers} == {200}
    async with _database_of(load) as (_, pool):
        log = await read_log(Store(pool), Site(SITE))
        assert_answers_are_true(log, [*load.setup, *load.door.answers])
        await assert_view_is_the_fold(pool, Site(SITE), log)
        verified = await verify_site(pool, Site(SITE), Target(load.server.data_dir), full=True)
        assert verified.audit.fault is None, verified.audit.fault.sentence
        assert verified.audit.log.checkpoints > 0


@contextlib.asynccontextmanager
async def _database_of(load: Load) -> AsyncIterator[tuple[Address, asyncpg.Pool]]:
    with reachable(Target(load.server.data_dir)) as address:
        async with service_pool(address) as pool:
            yield address, pool


# The whole service is killed, and started again


async def kill_the_parent(server: Server) -> None:
    """Workers and database end by themselves, each in its own time."""
    server.kill()


async def kill_parent_and_workers(server: Server) -> None:
    """The database ends by itself."""
    server.kill(server.pid, *server.workers())


async def kill_everything(server: Server) -> None:
    """As a power cut does."""
    await asyncio.to_thread(server.kill_everything)


async def kill_the_postmaster_and_then_the_parent(server: Server) -> None:
    """Workers are left that wait for a database."""
    postmaster = server.postmaster()
    assert postmaster
    server.kill(postmaster)
    server.kill()


KILLS = (kill_the_parent, kill_parent_and_workers, kill_everything, kill_the_postmaster_and_then_the_parent)


async def test_what_was_acknowledged_outlives_kills_of_the_whole_service(load: Load) -> None:
    for kill in KILLS:
        await load.answered()
        await kill(load.server)
        await load.serve_again()
    await load.answered()
    assert load.door.troubles, "the kills were felt"
    await assert_all_is_well(load)


# A part of the service is killed, and the service helps itself


async def test_parts_that_are_killed_are_replaced(load: Load) -> None:
    server = load.server
    for parts in (1, 2, 1, 2):
        await load.answered()
        workers, postmaster = server.workers(), server.postmaster()
        assert len(workers) == 2
        server.kill(*workers[:parts])
        await load.wait_until(partial(_has_new_workers, server, workers[:parts]), what="other workers")

        await load.answered()
        assert postmaster
        server.kill(postmaster)
        await load.wait_until(partial(_has_another_postmaster, server, postmaster), what="another postmaster")
    await load.answered()
    await assert_all_is_well(load)


def _has_new_workers(server: Server, old: Iterable[int]) -> bool:
    workers = server.workers()
    return len(workers) == 2 and not set(workers) & set(old)


def _has_another_postmaster(server: Server, old: int) -> bool:
    return server.postmaster() not in {None, old}


# The service is asked to stop


async def test_a_stop_under_load_loses_nothing(load: Load) -> None:
    for _ in range(2):
        await load.answered()
        assert await asyncio.to_thread(load.server.stop) == 0
        assert "did not stop" not in load.server.errors
        await load.serve_again()
    await load.answered()
    await assert_all_is_well(load)


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
