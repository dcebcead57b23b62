"""A service under load is killed in all its parts, frozen and slowed down, in random order: nothing acknowledged is
lost, nothing is done twice, nobody who follows the log misses an event.

``make chaos`` runs it for long. CHAOS_KILLS says how many kills, CHAOS_SEED repeats a run: both are printed.
"""

import asyncio
import contextlib
import os
import random
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import asyncpg
import pytest

from ledger.ids import WEBHOOK_ENDPOINTS_STREAM, Site
from ledger.store import Store
from ops.database import reachable, service_pool
from ops.target import Target
from ops.verification import verify_site
from tests.chaos.faults import KILLS, chosen
from tests.chaos.load import Load
from tests.chaos.subscribers import (
    StreamReader,
    all_event_ids,
    assert_each_was_delivered,
    assert_nothing_missed_or_repeated,
    register,
)
from tests.log.audit import assert_answers_are_true, assert_view_is_the_fold, read_log
from tests.log.traffic import Told
from tests.serving import PATIENCE_S, SITE, Server, running_server
from tests.webhooks.receiver import Receiver, receiving

# Of each kind that harms a part of its own.
KILLS_IN_SHORT = 5
REPLAYS_AT_ONCE = 8
_LOOK_S = 0.05

kills = int(os.environ.get("CHAOS_KILLS") or KILLS_IN_SHORT)
pytestmark = pytest.mark.timeout(600 + 60 * kills)


class Run:
    """One service after another on one data folder, with writers and followers that outlive them."""

    def __init__(self, data_dir: Path, stack: contextlib.AsyncExitStack, receiver: Receiver) -> None:
        self._data_dir = data_dir
        self._stack = stack
        self._receiver = receiver

    async def begin(self) -> None:
        """Start the service, the writers and the followers."""
        client = await self._stack.enter_async_context(aiohttp.ClientSession())
        self.server = await self._serve()
        client.headers.update(self.server.headers)
        self._client = client
        await register(client, self.server, self._receiver)
        self.reader = StreamReader(client, self.server)
        self._stack.push_async_callback(self.reader.stop)
        self.reader.begin()
        self.load = Load(client)
        self._stack.push_async_callback(self.load.stop)
        async with self.database() as pool:
            await self.load.begin(self.server, pool)

    async def serve_again(self) -> None:
        """Start the service on the same data; processes of the one before may still be there."""
        self.server = await self._serve()
        self.load.follow(self.server)
        self.reader.follow(self.server)

    @contextlib.asynccontextmanager
    async def database(self) -> AsyncIterator[asyncpg.Pool]:
        """Its database, whether it runs or not."""
        with reachable(Target(self._data_dir)) as address:
            async with service_pool(address) as pool:
                yield pool

    async def assert_replays_are_identical(self, answers: list[Told]) -> None:
        """Every command whose answer is still kept is answered as before under its key, and not done again."""
        waiting = [told for told in answers if self.load.door.can_be_repeated(told)]
        assert waiting

        async def repeat() -> None:
            while waiting:
                told = waiting.pop(0)
                if not self.load.door.can_be_repeated(told):
                    continue
                again = await self.load.door.repeat(told.asked)
                assert (again.status, again.order, again.replayed) == (told.status, told.order, True)

        await asyncio.gather(*(repeat() for _ in range(REPLAYS_AT_ONCE)))

    async def assert_followers_saw_all(self) -> None:
        """Consumers have come to the end, the stream brought each event once, webhooks each at least once."""
        async with self.database() as pool:
            await _until_consumers_are_at_the_head(pool)
            await _until_all_is_delivered(pool)
            head = await Store(pool).head_position(Site(SITE))
        assert head
        await self.reader.until(head)
        assert_nothing_missed_or_repeated(self.reader, head)
        assert_each_was_delivered(self._receiver, await all_event_ids(self._client, self.server))

    async def _serve(self) -> Server:
        options = ("--workers", "2", "--webhooks-allow-private", "--webhook-port", str(self._receiver.port))
        running = running_server(self._data_dir, *options)
        server = await asyncio.to_thread(running.__enter__)
        self._stack.push_async_callback(asyncio.to_thread, running.__exit__, None, None, None)
        return server


@pytest.fixture
async def run(data_dir: Path) -> AsyncIterator[Run]:
    async with contextlib.AsyncExitStack() as stack:
        run = Run(data_dir, stack, await stack.enter_async_context(receiving()))
        await run.begin()
        yield run


async def test_what_was_acknowledged_outlives_every_fault(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    seed = os.environ.get("CHAOS_SEED") or str(random.SystemRandom().getrandbits(32))
    done: Counter[str] = Counter()
    _tell(capsys, f"CHAOS_KILLS={kills} CHAOS_SEED={seed}")
    for fault in chosen(kills, dice := random.Random(seed)):
        await run.load.answered()
        name = fault.__name__
        _tell(capsys, f"{len(run.load.door.answers):6} answers, {name.replace('_', ' ')}")
        done[name] += 1
        if await fault(run.load, run.server, dice):
            await run.serve_again()
    await run.load.answered()
    answers = await run.load.finish()
    assert sum(done[kill.__name__] for kill in KILLS) == kills
    assert run.load.door.troubles, "the faults were felt"
    assert run.reader.resumed > 1, "the stream broke off"

    await run.assert_followers_saw_all()
    await run.assert_replays_are_identical(answers)
    assert await asyncio.to_thread(run.server.stop) == 0
    async with run.database() as pool:
        log = await read_log(Store(pool), Site(SITE))
        assert_answers_are_true([entry for entry in log if entry.event.stream != WEBHOOK_ENDPOINTS_STREAM], answers)
        await assert_view_is_the_fold(pool, Site(SITE), log)
        verified = await verify_site(pool, Site(SITE), Target(run.server.data_dir), full=True)
    assert verified.audit.fault is None, verified.audit.fault.sentence
    assert verified.audit.log.checkpoints > 0
    _tell(capsys, f"{len(answers)} commands, {len(log)} events; clients met {dict(run.load.door.troubles)}")
    _tell(capsys, f"faults: {dict(done)}; the stream was resumed {run.reader.resumed - 1} times")


async def _until_consumers_are_at_the_head(pool: asyncpg.Pool) -> None:
    behind = """
        SELECT array_agg(name) FILTER (WHERE consumer.position < head.position) AS behind, count(*) AS consumers
        FROM ledger.consumer JOIN ledger.head USING (site) WHERE site = $1
    """
    async with asyncio.timeout(PATIENCE_S):
        while True:
            row = await pool.fetchrow(behind, SITE)
            assert row
            assert row["consumers"] >= 5
            if row["behind"] is None:
                return
            await asyncio.sleep(_LOOK_S)


async def _until_all_is_delivered(pool: asyncpg.Pool) -> None:
    # What time does in two minutes: who was killed in the middle of a call counts as gone.
    later = "UPDATE ledger.webhook_delivery SET due_at = 1 WHERE due_at > 1 AND site = $1"
    waiting = "SELECT count(*) FROM ledger.webhook_delivery WHERE status <> 'succeeded' AND site = $1"
    await pool.execute(later, SITE)
    left = 1
    async with asyncio.timeout(PATIENCE_S):
        while left:
            await asyncio.sleep(_LOOK_S)
            left = await pool.fetchval(waiting, SITE)


def _tell(capsys: pytest.CaptureFixture[str], line: str) -> None:
    with capsys.disabled():
        print(line, flush=True)  # noqa: T201 - whoever runs it for long wants to see how far it is
