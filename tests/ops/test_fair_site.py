"""Workers that accept on one socket: connections are spread evenly, and none is left waiting for who does not come."""

import asyncio
import contextlib
import os
import resource
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator

import pytest
from aiohttp import web

from api.server import LedgerRunner
from api.shared_memory import create_memory
from ops.serving.connection_counts import COUNTS, ConnectionCounts
from ops.serving.fair_site import FairSite
from tests.serving import until

_DEADLINE_S = 60
_REQUEST = b"GET / HTTP/1.1\r\nHost: here\r\n\r\n"
_CHILD = "import sys; from tests.ops.test_fair_site import work; work(*map(int, sys.argv[1:]))"


def work(listener_fd: int, counts_fd: int, descriptors_max: int) -> None:
    """A worker that answers with its pid, until its standard input ends."""
    if descriptors_max:
        resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors_max, descriptors_max))
    asyncio.run(_work(socket.socket(fileno=listener_fd), ConnectionCounts(counts_fd)))


async def _work(listener: socket.socket, counts: ConnectionCounts) -> None:
    async def who(_: web.Request) -> web.Response:
        return web.Response(text=str(os.getpid()))

    app = web.Application()
    app.router.add_get("/", who)
    runner = LedgerRunner(app, counts.has)
    await runner.setup()
    site = FairSite(runner, listener, counts)
    await site.start()
    ended = asyncio.Event()
    asyncio.get_running_loop().add_reader(sys.stdin, ended.set)
    sys.stdout.write("at work\n")
    sys.stdout.flush()
    await ended.wait()
    await runner.cleanup()


class Place:
    """A socket, and the workers on it."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.counts = create_memory(COUNTS)
        self.workers: list[subprocess.Popen[str]] = []
        self.clients = contextlib.AsyncExitStack()

    def employ(self, *, descriptors_max: int = 0) -> int:
        """Start a worker; its pid."""
        shared = (self.listener.fileno(), self.counts)
        started = subprocess.Popen(
            [sys.executable, "-c", _CHILD, *map(str, shared), str(descriptors_max)],
            pass_fds=shared,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.workers.append(started)
        assert started.stdout
        assert started.stdout.readline() == "at work\n"
        return started.pid

    async def connect(self) -> "Client":
        """A connection that stays open."""
        client = Client(*await asyncio.open_connection(*self.listener.getsockname()))
        self.clients.callback(client.close)
        return client

    async def served(self, count: int) -> Counter[int]:
        """Who serves so many new connections, one after another; they stay open."""
        async with asyncio.timeout(_DEADLINE_S):
            return Counter([await (await self.connect()).asked() for _ in range(count)])

    def close(self) -> None:
        """End the workers by their own pids."""
        for each in self.workers:
            each.send_signal(signal.SIGCONT)
            each.kill()
            each.communicate()
        self.listener.close()
        os.close(self.counts)


class Client:
    """One kept connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def asked(self) -> int:
        """Ask who answers."""
        self._writer.write(_REQUEST)
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = next(int(line[15:]) for line in head.splitlines() if line.startswith(b"Content-Length:"))
        return int(await self._reader.readexactly(length))

    def close(self) -> None:
        """Hang up."""
        self._writer.close()


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    place = Place()
    try:
        async with place.clients:
            yield place
    finally:
        place.close()


@pytest.fixture
def counts_fd() -> Iterator[int]:
    descriptor = create_memory(COUNTS)
    yield descriptor
    os.close(descriptor)


async def test_who_has_fewer_connections_gets_the_next_ones(place: Place) -> None:
    """Who is awake first would take what is there: most gathered in one, and the other had little to do."""
    workers = [place.employ(), place.employ()]
    for busy, idle in (workers, workers[::-1]):
        os.kill(idle, signal.SIGSTOP)
        await place.served(20)
        os.kill(idle, signal.SIGCONT)
        assert (await place.served(20))[idle] >= 13, f"{busy} has 20 more"


async def test_a_worker_that_does_not_come_keeps_nobody_waiting(place: Place) -> None:
    stopped, works = place.employ(), place.employ()
    os.kill(stopped, signal.SIGSTOP)
    assert await place.served(20) == {works: 20}


async def test_a_worker_that_was_killed_is_not_waited_for(place: Place) -> None:
    killed, works = place.employ(), place.employ()
    place.workers[0].kill()
    place.workers[0].wait(_DEADLINE_S)
    assert await place.served(10) == {works: 10}
    counts = ConnectionCounts(place.counts)
    counts.accepts(True)
    counts.has(20)
    assert counts.another_has_fewer()
    counts.has(11)
    assert not counts.another_has_fewer(), "as good as even"
    counts.has(9)
    assert not counts.another_has_fewer(), f"{killed} is gone"


async def test_connections_that_are_gone_count_no_more(place: Place) -> None:
    """Also where many hang up at once: the worker would be passed over until the others had as many again."""
    place.employ()
    await place.served(20)
    own = ConnectionCounts(place.counts)
    own.accepts(True)
    own.has(2)
    assert not own.another_has_fewer()
    await place.clients.aclose()
    await asyncio.to_thread(until, own.another_has_fewer, what="the worker has none")


async def test_who_finds_no_room_is_served_once_there_is_some(place: Place) -> None:
    place.employ(descriptors_max=48)
    clients = [await place.connect() for _ in range(60)]
    asking = [asyncio.create_task(each.asked()) for each in clients]
    async with asyncio.timeout(_DEADLINE_S):
        await asyncio.wait(asking, return_when=asyncio.FIRST_COMPLETED)
        while not all(each.done() for each in asking):
            for each, answer in zip(clients, asking, strict=True):
                if answer.done():
                    each.close()
            await asyncio.wait([each for each in asking if not each.done()], return_when=asyncio.FIRST_COMPLETED)
    assert len({each.result() for each in asking}) == 1


def test_a_worker_counts_while_it_accepts(counts_fd: int) -> None:
    own = ConnectionCounts(counts_fd)
    own.has(3)
    assert not own.another_has_fewer(), "nobody else is there"
    own.accepts(True)
    assert not own.another_has_fewer(), "nobody else is there"


def test_a_worker_on_its_own_shares_no_memory() -> None:
    own = ConnectionCounts(None)
    own.accepts(True)
    own.has(5)
    assert not own.another_has_fewer()
