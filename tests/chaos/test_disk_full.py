"""The disk fills up under load: commands are answered 503, what was acknowledged stays, and with room all goes on."""

import asyncio
import shutil
from collections.abc import Iterator
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
from tests.chaos.small_disk import SmallDisk, small_disk
from tests.log.audit import assert_answers_are_true, assert_view_is_the_fold, read_log
from tests.serving import SITE, Server, running_server

pytestmark = pytest.mark.timeout(600)

# A new folder has some 60 MB, and PostgreSQL makes its log in pieces of 16 MB.
_DISK_MB = 220
_REFUSED = "503 db_connection_failure"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path / "disk", _DISK_MB) as disk:
        yield disk


async def test_a_full_disk_refuses_commands_and_loses_none(disk: SmallDisk, data_dir: Path) -> None:
    """First rows find no room, then PostgreSQL's own log, which ends the server again and again until there is some."""
    folder = Path(shutil.copytree(data_dir, disk.path / "data"))
    with running_server(folder) as server:
        async with aiohttp.ClientSession() as client:
            load = Load(client)
            try:
                with reachable(Target(folder)) as address:
                    async with service_pool(address) as pool:
                        await load.begin(server, pool)
                    await load.answered()
                    owner = await asyncpg.connect(**address.owner)
                    await asyncio.to_thread(disk.fill)
                    await _exhaust_the_log(owner)
                await load.wait_until(lambda: load.door.troubles[_REFUSED] >= 3, what="commands are refused")
                await load.wait_until(lambda: "the disk is full" in server.errors, what="the service says why")
                assert server.is_running
                assert await _status(client, server, "/healthz") == 200
                assert await _status(client, server, "/readyz") == 503

                disk.make_room()
                await load.answered()
                answers = await load.finish()
            finally:
                await load.stop()
        assert await asyncio.to_thread(server.stop) == 0
        assert "Traceback" not in server.errors
    with reachable(Target(folder)) as address:
        async with service_pool(address) as pool:
            log = await read_log(Store(pool), Site(SITE))
            assert_answers_are_true(log, answers)
            await assert_view_is_the_fold(pool, Site(SITE), log)
            verified = await verify_site(pool, Site(SITE), Target(folder), full=True)
    assert verified.audit.fault is None, verified.audit.fault.sentence


async def _exhaust_the_log(owner: asyncpg.Connection) -> None:
    """Use up the pieces of the server's log that exist already."""
    try:
        while True:
            await owner.execute("SELECT pg_logical_emit_message(false, '', repeat('x', 1000000)), pg_switch_wal()")
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        owner.terminate()


async def _status(client: aiohttp.ClientSession, server: Server, path: str) -> int:
    async with client.get(server.url + path) as response:
        return response.status
