"""Durable consumers of the log: each keeps how far it has come, and is handed every event once and in order.

What a consumer writes and how far it has come are one transaction, so a kill in between repeats nothing and loses
nothing. The position is compared before it is set: of two processes that run the same consumer, one moves on and the
other finds out and reads again, so it does no harm where two run it.
"""

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import asyncpg

from ledger.envelope import RecordedEvent
from ledger.ids import Position, Site
from ledger.limits import LOG_PAGE_EVENTS
from ledger.probe import NO_PROBE, Probe
from ledger.recent_log import RecentLog
from ledger.sql import query
from ledger.store import Store
from ledger.subscription import POLL_S, Wakeups, assert_none_missed, assert_not_shortened

# After a failure: long enough not to fill the log file, short enough that nobody waits for it.
_RETRY_S = 5.0

log = logging.getLogger(__name__)


class Consumer(Protocol):
    """Something that follows the log of every site.

    ``name`` is what its checkpoints are kept under and never changes. ``pause_s`` is the least time between two
    looks at the logs: what arrives meanwhile is handled together.
    """

    name: str
    pause_s: float

    async def handle(self, connection: Any, site: Site, page: Sequence[RecordedEvent]) -> None:
        """Take the next events of a site. All writes go through the connection, which is in a transaction."""


class ConsumerCheckpoint:
    """How far a consumer has come in a site's log.

    Args:
        database: a pool or a connection.
    """

    def __init__(self, database: Any, site: Site, name: str) -> None:
        self._database = database
        self._site = site
        self._name = name

    async def load(self) -> Position:
        """The last position handled, 0 before the first."""
        position = await self._database.fetchval(query("find_consumer"), self._site, self._name)
        return Position(position or 0)

    async def advance(self, before: Position, after: Position) -> bool:
        """Move on from one position to a later one; False if somebody else moved it meanwhile."""
        moved = await self._database.fetchval(query("advance_consumer"), self._site, self._name, after, before)
        return moved is not None


async def catch_up(pool: asyncpg.Pool, consumer: Consumer, site: Site, recent: RecentLog | None = None) -> Position:
    """Hand a consumer all events of a site that it has not handled; returns the last position.

    Args:
        recent: what consumers of this process read together.

    Raises:
        EventMissed: the log has a gap, or ends before what was handled.
    """
    recent = recent or RecentLog(Store(pool))
    last = await ConsumerCheckpoint(pool, site, consumer.name).load()
    await assert_not_shortened(recent.store, site, last)
    while page := await recent.read(site, after=last):
        assert_none_missed(site, last, page)
        last = await _handle(pool, consumer, site, last, page)
        if len(page) < LOG_PAGE_EVENTS:
            break
    return last


async def _handle(
    pool: asyncpg.Pool, consumer: Consumer, site: Site, last: Position, page: Sequence[RecordedEvent]
) -> Position:
    """One page in one transaction; the position afterwards, whoever moved it there."""
    async with pool.acquire() as connection:
        async with connection.transaction():
            checkpoint = ConsumerCheckpoint(connection, site, consumer.name)
            if await checkpoint.advance(last, page[-1].position):
                await consumer.handle(connection, site, page)
                return page[-1].position
        return await checkpoint.load()


@dataclass(frozen=True, slots=True)
class ConsumerLoop:
    """Runs consumers over all sites until cancelled; each has a task of its own, and none holds up another.

    What fails is reported and tried again; other sites and consumers go on meanwhile.
    """

    pool: asyncpg.Pool
    consumers: Sequence[Consumer]
    wakeups: Wakeups
    probe: Probe = NO_PROBE

    async def run(self) -> None:
        """Follow the logs."""
        recent = RecentLog(Store(self.pool))
        async with asyncio.TaskGroup() as tasks:
            for consumer in self.consumers:
                tasks.create_task(self._follow(consumer, recent))

    async def _follow(self, consumer: Consumer, recent: RecentLog) -> None:
        with self.wakeups.waiting_for_any() as grown:
            while True:
                grown.clear()
                failed = await self._look(consumer, recent)
                await asyncio.sleep(_RETRY_S if failed else consumer.pause_s)
                with contextlib.suppress(TimeoutError):
                    # asyncio.wait_for of Python 3.11 can lose a cancellation that comes with the wake-up.
                    async with asyncio.timeout(POLL_S):
                        await grown.wait()

    async def _look(self, consumer: Consumer, recent: RecentLog) -> bool:
        """Catch up with every site whose log has grown; whether something failed."""
        failed = False
        try:
            moved = await self.pool.fetch(query("sites_to_follow"), consumer.name)
        except Exception as error:
            log.warning("%s: the logs cannot be followed: %s", consumer.name, type(error).__name__)
            self.probe.consumer_failed(consumer.name)
            return True
        for row in moved:
            try:
                await catch_up(self.pool, consumer, Site(row["site"]), recent)
            except Exception as error:
                # The text of an exception may hold personal data; its type and the place do not.
                log.warning("%s: site %s is not followed: %s", consumer.name, row["site"], type(error).__name__)
                self.probe.consumer_failed(consumer.name)
                failed = True
        return failed
