"""A stream of changes when its service stops. What it brings over kills: ``tests.chaos.test_kills``."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import ClientSession

from tests.api.event_source import ACCEPT
from tests.serving import PATIENCE_S, Server, running_server

CHANGES = "/api/v2/ledger/changes"


@pytest.fixture
def server(data_dir: Path) -> Iterator[Server]:
    with running_server(data_dir) as server:
        yield server


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
