"""A stream of changes over kills of the worker that sends it: nothing lost, nothing repeated."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientError, ClientSession

from tests.api.event_source import ACCEPT, EventSource
from tests.serving import PATIENCE_S, Server, running_server

CHANGES = "/api/v2/ledger/changes"
WRITERS = 3
KILLS = 3


@pytest.fixture
def server(tmp_state_dir: Path) -> Iterator[Server]:
    with running_server(tmp_state_dir / "var") as server:
        yield server


async def test_a_stream_resumes_over_kills_of_the_worker_while_writers_write(server: Server) -> None:
    async with ClientSession(server.url, headers=server.headers) as session, asyncio.timeout(PATIENCE_S):
        start = int((await page(session, limit="1"))[0]["position"])
        done = asyncio.Event()
        reading = asyncio.create_task(read(session, start, done))
        killing = asyncio.create_task(kill(server, session))
        written = sum(await asyncio.gather(*(write(session, number, killing) for number in range(WRITERS))))
        await killing
        last = int((await page(session, limit="1"))[0]["position"])
        # One more, so that the reader has something to end with.
        done.set()
        await create(session, "the-last", "the-last")
        found = await reading
    assert found[:-1] == list(range(start + 1, last + 1))
    assert last - start == written
    assert "Traceback" not in server.errors


async def read(session: ClientSession, start: int, done: asyncio.Event) -> list[int]:
    """Positions as they come, up to the last order."""
    found: list[int] = []
    last = str(start)
    while True:
        try:
            async with session.get(CHANGES, headers={**ACCEPT, "Last-Event-ID": last}) as response:
                if response.status != 200:
                    continue
                source = EventSource(response, last)
                try:
                    async for event in source.events():
                        found.append(int(event.id))
                        if event.data["change"]["order_id"] == "the-last":
                            assert done.is_set()
                            return found
                finally:
                    last = source.last_event_id
        except ClientError:
            continue


async def write(session: ClientSession, writer: int, killing: "asyncio.Task[None]") -> int:
    """Make orders as long as workers are killed; returns how many."""
    number = 0
    while not killing.done():
        number += 1
        await create(session, f"w{writer}-{number}", f"w{writer}-{number}")
    return number


async def create(session: ClientSession, order_id: str, key: str) -> None:
    """Make an order, whatever happens meanwhile."""
    while True:
        try:
            headers = {"chargebee-idempotency-key": key}
            form = {"invoice_id": "inv_0001", "id": order_id}
            async with session.post("/api/v2/orders", data=form, headers=headers) as response:
                if response.status == 200:
                    return
                assert response.status >= 500, await response.text()
        except ClientError:
            await asyncio.sleep(0)


async def kill(server: Server, session: ClientSession) -> None:
    """Kill the worker again and again, each time once the next one answers."""
    for _ in range(KILLS):
        workers: list[int] = []
        while not workers:
            workers = await asyncio.to_thread(server.workers)
        server.kill(*workers)
        await page(session, limit="1")


async def page(session: ClientSession, **params: str) -> list[dict[str, Any]]:
    while True:
        try:
            async with session.get(CHANGES, params=params) as response:
                if response.status == 200:
                    return [entry["change"] for entry in json.loads(await response.read())["list"]]
        except ClientError:
            await asyncio.sleep(0)


async def test_streams_do_not_hold_up_the_end_of_the_service(server: Server) -> None:
    async with ClientSession(server.url, headers=server.headers) as session, asyncio.timeout(PATIENCE_S):
        async with session.get(CHANGES, headers=ACCEPT) as response:
            assert await response.content.readline() == b"retry: 1000\n"
            server.terminate()
            rest = await response.content.read()
        assert b"event:" not in rest
    # The worker waits as long as this for what it cannot end (api.server.SHUTDOWN_S), and reports what it had to cut.
    assert await asyncio.to_thread(server.stop) == 0
    assert "Traceback" not in server.errors
    assert "did not stop" not in server.errors
