"""The checkpointer signs every log once, whoever runs it, and never two histories."""

import asyncio
import json
import logging
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path

import asyncpg
import pytest

from ledger.consumer import catch_up
from ledger.ids import Position, Site
from ledger.limits import LOG_PAGE_EVENTS
from ledger.merkle.checkpoint import open_checkpoint
from ledger.store import Store
from ledger.transparency.checkpoint_store import unverified
from ledger.transparency.checkpointer import NAME, Checkpointer
from ledger.transparency.fork_guard import ForkGuard, SigningRefused
from ledger.transparency.signing_keys import KeyFolder, SigningKeysUnusable
from ops.database import Address
from tests.ledger.transparency.given import Signer, grow
from tests.log.waiting import PATIENCE_S


async def sizes(signer: Signer) -> list[int]:
    return [each.size for each in await signer.store.within(0, 2**62)]


async def test_it_signs_the_whole_log_with_the_sites_key(signer: Signer) -> None:
    await grow(signer.pool, signer.site, 7)
    assert await signer.sign() == 7
    stored = await signer.store.latest()
    assert stored
    keys = signer.keys.keys(signer.site)
    assert open_checkpoint(stored.note, origin=keys.origin, keys=keys.verifiers).checkpoint.size == stored.size == 7
    assert await signer.sign() == 7
    assert await sizes(signer) == [7]


async def test_it_signs_once_a_pause_while_more_comes_than_a_page(signer: Signer) -> None:
    await grow(signer.pool, signer.site, 3 * LOG_PAGE_EVENTS + 1)
    patient = Checkpointer(signer.keys, ForkGuard(signer.keys, signer.anchors), pause_s=3600)
    await catch_up(signer.pool, patient, signer.site)
    assert await sizes(signer) == [LOG_PAGE_EVENTS, 3 * LOG_PAGE_EVENTS + 1]
    assert (await signer.audit()).fault is None


async def test_growth_in_any_steps_gives_the_same_tree(signer: Signer) -> None:
    for count in (1, 254, 1, 1, 255, 256, 300):
        await grow(signer.pool, signer.site, count)
        await signer.sign()
    audit = await signer.audit()
    assert audit.fault is None
    assert audit.log.checkpoints == 7


async def test_leaves_are_hashed_from_bodies_and_not_believed(signer: Signer, owner: asyncpg.Connection) -> None:
    await grow(signer.pool, signer.site, 3)
    await owner.execute("UPDATE ledger.event SET leaf = sha256('x') WHERE site = $1 AND position = 2", signer.site)
    await signer.sign()
    await owner.execute(
        "UPDATE ledger.event SET leaf = sha256('\\x00'::bytea || body) WHERE site = $1 AND position = 2", signer.site
    )
    assert await signer.fault() == ""


# Never two histories


async def test_after_an_older_database_is_restored_nothing_is_signed_and_it_says_so_each_time(
    signer: Signer, owner: asyncpg.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    await signer.grow(5)
    before = await _saved(owner, signer.site)
    await signer.grow(5)
    await _restored(owner, signer.site, before)
    for count in (1, 2, 20):
        await grow(signer.pool, signer.site, count, note="another history")
        with caplog.at_level(logging.ERROR), pytest.raises(SigningRefused):
            await signer.sign()
        assert "Nothing is signed any more" in caplog.text
        caplog.clear()
    assert await sizes(signer) == [5], "no fork was signed"
    assert await Store(signer.pool).head_position(signer.site) == 28, "and the log goes on"


async def test_an_older_database_is_told_at_the_start_already(
    signer: Signer, owner: asyncpg.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    await signer.grow(5)
    guard = ForkGuard(signer.keys, signer.anchors)
    with caplog.at_level(logging.ERROR):
        await guard.tell_of_older_database(signer.pool)
        assert signer.site not in caplog.text
        await owner.execute("UPDATE ledger.head SET position = 3 WHERE site = $1", signer.site)
        await guard.tell_of_older_database(signer.pool)
    assert f"Nothing will be signed for site {signer.site}" in caplog.text
    assert "covers 5 events, but the log ends at 3" in caplog.text


async def test_a_damaged_memory_is_told_and_nothing_is_signed(signer: Signer) -> None:
    await signer.grow(5)
    (signer.keys.path / f"{signer.site}.signed").write_text("nothing")
    await grow(signer.pool, signer.site, 1)
    with pytest.raises(SigningKeysUnusable, match="cannot be read"):
        await signer.sign()
    assert await sizes(signer) == [5]


@pytest.mark.parametrize("kept", ["keys", "anchors"])
async def test_either_memory_outside_the_database_is_enough_to_refuse(
    signer: Signer, owner: asyncpg.Connection, kept: str
) -> None:
    await signer.grow(5)
    before = await _saved(owner, signer.site)
    await signer.grow(5)
    await _restored(owner, signer.site, before)
    if kept == "anchors":
        (signer.keys.path / f"{signer.site}.signed").unlink()
    else:
        shutil.rmtree(signer.anchors.folder)
    await grow(signer.pool, signer.site, 6, note="another history")
    with pytest.raises(SigningRefused, match="does not continue the one of size 10"):
        await signer.sign()


async def test_a_log_that_was_rewritten_in_place_is_not_signed(signer: Signer, owner: asyncpg.Connection) -> None:
    """The thief has the database alone: he rewrites it all, tiles included, and waits for a signature."""
    await signer.grow(5)
    for table in ("anchor", "checkpoint", "event", "tile"):
        await owner.execute(f"DELETE FROM ledger.{table} WHERE site = $1", signer.site)
    await owner.execute("UPDATE ledger.head SET position = 0 WHERE site = $1", signer.site)
    await owner.execute("DELETE FROM ledger.consumer WHERE site = $1", signer.site)
    await grow(signer.pool, signer.site, 9, note="rewritten")
    with pytest.raises(SigningRefused, match="does not continue"):
        await signer.sign()


async def test_an_edited_tile_is_not_signed(signer: Signer, owner: asyncpg.Connection) -> None:
    await signer.grow(5)
    await owner.execute(
        "UPDATE ledger.tile SET hashes = overlay(hashes PLACING sha256('other') FROM 33) WHERE site = $1",
        signer.site,
    )
    await grow(signer.pool, signer.site, 1)
    with pytest.raises(SigningRefused):
        await signer.sign()


async def test_other_keys_do_not_go_on_with_a_log(signer: Signer, tmp_path: Path) -> None:
    """A second machine whose folder was not shared, or one whose folder was lost."""
    await signer.grow(5)
    other = KeyFolder(tmp_path / "other")
    other.prepare("ledger.example", new_name=lambda: "x")
    await grow(signer.pool, signer.site, 1)
    with pytest.raises(SigningRefused, match="signed by none of the known keys"):
        await catch_up(signer.pool, Checkpointer(other, ForkGuard(other, signer.anchors), pause_s=0), signer.site)
    assert other.keys(signer.site).keys == ()


async def test_a_kill_between_signature_and_commit_is_no_fork(signer: Signer) -> None:
    await signer.grow(5)
    await grow(signer.pool, signer.site, 2)

    class Killed(Checkpointer):
        async def handle(self, *arguments: object) -> None:
            await super().handle(*arguments)  # type: ignore[arg-type]
            raise KeyboardInterrupt

    killed = Killed(signer.keys, ForkGuard(signer.keys, signer.anchors), pause_s=0)
    with pytest.raises(KeyboardInterrupt):
        await catch_up(signer.pool, killed, signer.site)
    signed = signer.keys.last_signed(signer.site)
    assert signed
    assert (unverified(signed).size, await sizes(signer)) == (7, [5])
    page = await Store(signer.pool).read_log(signer.site, after=Position(5))
    async with signer.pool.acquire() as connection, connection.transaction():
        # Another process had read less of the log when it got its turn: it does not sign what is behind.
        await signer.checkpointer().handle(connection, signer.site, page[:1])
    assert await sizes(signer) == [5]
    await grow(signer.pool, signer.site, 1)
    await signer.sign()
    assert await sizes(signer) == [5, 8]
    assert await signer.fault() == ""


async def _saved(owner: asyncpg.Connection, site: Site) -> dict[str, list[asyncpg.Record]]:
    tables = ("event", "head", "tile", "checkpoint", "anchor", "consumer")
    return {table: await owner.fetch(f"SELECT * FROM ledger.{table} WHERE site = $1", site) for table in tables}


async def _restored(owner: asyncpg.Connection, site: Site, rows: dict[str, list[asyncpg.Record]]) -> None:
    for table in reversed(rows):
        if table != "head":
            await owner.execute(f"DELETE FROM ledger.{table} WHERE site = $1", site)
    await owner.execute("UPDATE ledger.head SET position = $2 WHERE site = $1", site, rows["head"][0]["position"])
    for table in ("event", "tile", "checkpoint", "anchor", "consumer"):
        await owner.copy_records_to_table(table, schema_name="ledger", records=[tuple(row) for row in rows[table]])


# Two processes, and kills

PROGRAM = """
import asyncio, sys, json
from pathlib import Path
from ledger.consumer import catch_up
from ops.database import Address, service_pool
from tests.ledger.transparency.given import Signer

async def main(address, site, folder):
    async with service_pool(Address(**address)) as pool:
        signer = Signer(pool, site, Path(folder))
        print("ready", flush=True)
        while True:
            await signer.sign()

asyncio.run(main(json.loads(sys.argv[1]), *sys.argv[2:]))
"""


@pytest.fixture
def processes(signer: Signer, address: Address) -> Iterator[Callable[[], "subprocess.Popen[bytes]"]]:
    started: list[subprocess.Popen[bytes]] = []

    def start() -> "subprocess.Popen[bytes]":
        told = json.dumps({"owner": address.owner, "service": address.service, "is_embedded": False})
        command = [sys.executable, "-c", PROGRAM, told, signer.site, str(signer.folder)]
        root = Path(__file__).parents[3]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=root)
        started.append(process)
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        assert process.stdout
        process.stdout.close()


async def test_two_processes_that_are_killed_again_and_again_sign_one_history(
    signer: Signer, processes: Callable[[], "subprocess.Popen[bytes]"]
) -> None:
    running = [await asyncio.to_thread(processes) for _ in range(2)]

    async def signed(size: int) -> bool:
        latest = await signer.store.latest()
        return latest is not None and latest.size >= size

    for turn, total in enumerate(range(400, 2800, 400)):
        await grow(signer.pool, signer.site, 400)
        await _until(partial(signed, total - 300))
        assert [process.poll() for process in running] == [None, None]
        os.kill(running[turn % 2].pid, signal.SIGKILL)
        running[turn % 2].wait()
        running[turn % 2] = await asyncio.to_thread(processes)
    await _until(partial(signed, total))
    assert (
        await signer.pool.fetchval(
            "SELECT position FROM ledger.consumer WHERE site = $1 AND name = $2", signer.site, NAME
        )
        == total
    )
    await signer.anchor()
    audit = await signer.audit()
    assert audit.fault is None
    assert (audit.log.size, audit.log.anchored) == (total, total)
    assert len(signer.keys.keys(signer.site).keys) == 1


async def _until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        # Nobody tells when: what is waited for happens in other processes.
        while not await condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
