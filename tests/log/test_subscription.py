"""Ordered consumers: every event once and in order, woken or not, and a gap never goes unnoticed."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from ledger.appender import Appender
from ledger.ids import Position, Site
from ledger.limits import LOG_PAGE_EVENTS
from ledger.store import Store
from ledger.subscription import Announcer, EventMissed, Subscription, Wakeups
from ops.database import Address, connect_as_service, service_pool
from tests.conftest import new_site
from tests.log.appends import append, append_batch
from tests.log.waiting import PATIENCE_S, eventually

# So long that a test which needs it to pass would hang.
NEVER_S = 3_600.0


@contextlib.asynccontextmanager
async def consuming(subscription: Subscription, *, poll_s: float) -> AsyncIterator[list[int]]:
    """Positions as a consumer in a task of its own gets them."""
    positions: list[int] = []

    async def consume() -> None:
        async for page in subscription.pages(poll_s=poll_s):
            positions.extend(event.position for event in page)

    task = asyncio.create_task(consume())
    try:
        yield positions
    finally:
        task.cancel()
        await asyncio.wait([task])
        if not task.cancelled():
            task.result()


async def until_equal(positions: list[int], expected: list[int]) -> None:
    await eventually(lambda: positions == expected)


async def grow(pool: asyncpg.Pool, site: Site, stream: str, events: int, *, after: int = 0) -> None:
    """Append so many events of one stream in one command."""
    await append_batch(pool, append(site, *((stream, after + number) for number in range(1, events + 1))))


# Order and pages


async def test_every_event_comes_once_and_in_order(pool: asyncpg.Pool, site: Site) -> None:
    await grow(pool, site, "a", LOG_PAGE_EVENTS * 2 + 7)
    sizes = []
    last = 0
    async for page in Subscription(Store(pool), site).pages():
        assert [event.position for event in page] == list(range(last + 1, last + len(page) + 1))
        sizes.append(len(page))
        last += len(page)
        if last == LOG_PAGE_EVENTS * 2 + 7:
            break
    assert sizes == [LOG_PAGE_EVENTS, LOG_PAGE_EVENTS, 7]


async def test_a_log_that_ends_with_a_full_page_is_no_end(pool: asyncpg.Pool, site: Site) -> None:
    await grow(pool, site, "a", LOG_PAGE_EVENTS)
    wakeups = Wakeups()
    async with consuming(Subscription(Store(pool), site, wakeups=wakeups), poll_s=NEVER_S) as positions:
        await eventually(lambda: len(positions) == LOG_PAGE_EVENTS)
        await grow(pool, site, "b", 1)
        wakeups.wake(site)
        await eventually(lambda: positions[-1] == LOG_PAGE_EVENTS + 1)


async def test_a_subscription_begins_behind_the_position_it_is_given(pool: asyncpg.Pool, site: Site) -> None:
    await grow(pool, site, "a", 5)
    page = await anext(Subscription(Store(pool), site, after=Position(3)).pages())
    assert [event.position for event in page] == [4, 5]


async def test_a_page_counts_as_handled_only_when_the_next_one_is_asked_for(pool: asyncpg.Pool, site: Site) -> None:
    await grow(pool, site, "a", LOG_PAGE_EVENTS + 1)
    subscription = Subscription(Store(pool), site)
    pages = subscription.pages()
    await anext(pages)
    assert subscription.last == 0
    await anext(pages)
    assert subscription.last == LOG_PAGE_EVENTS
    await pages.aclose()
    # Who was interrupted gets the page again.
    assert (await anext(subscription.pages()))[0].position == LOG_PAGE_EVENTS + 1


async def test_other_sites_are_not_heard(pool: asyncpg.Pool, site: Site) -> None:
    other = await new_site(pool)
    wakeups = Wakeups()
    async with consuming(Subscription(Store(pool), site, wakeups=wakeups), poll_s=NEVER_S) as positions:
        await grow(pool, other, "a", 3)
        wakeups.wake(other)
        await grow(pool, site, "a", 1)
        wakeups.wake(site)
        await eventually(lambda: positions == [1])


# Wake-ups


async def test_an_appender_wakes_the_subscriptions_of_its_process(pool: asyncpg.Pool, site: Site) -> None:
    wakeups = Wakeups()
    appender = Appender(pool, on_appended=wakeups.wake)
    async with consuming(Subscription(Store(pool), site, wakeups=wakeups), poll_s=NEVER_S) as positions:
        for number in range(1, 51):
            await appender.append(append(site, (f"a{number}", 1)))
            await until_equal(positions, list(range(1, number + 1)))
        assert positions == list(range(1, 51))


async def test_a_wake_up_while_a_page_is_read_is_not_lost(pool: asyncpg.Pool, site: Site) -> None:
    wakeups = Wakeups()
    store = SlowStore(pool)
    async with consuming(Subscription(store, site, wakeups=wakeups), poll_s=NEVER_S) as positions:
        await eventually(lambda: store.has_read)
        await grow(pool, site, "a", 1)
        wakeups.wake(site)
        store.goes_on.set()
        await eventually(lambda: positions == [1])


async def test_polling_alone_is_enough(pool: asyncpg.Pool, site: Site) -> None:
    async with consuming(Subscription(Store(pool), site), poll_s=0.01) as positions:
        for number in range(1, 6):
            await grow(pool, site, f"a{number}", 1)
            await until_equal(positions, list(range(1, number + 1)))


async def test_a_wake_up_of_nobody_is_fine(site: Site) -> None:
    wakeups = Wakeups()
    wakeups.wake(site)
    with wakeups.waiting(site) as grown:
        assert not grown.is_set()
    wakeups.wake(site)
    assert not grown.is_set()


# Between processes: two announcers, each with a connection of its own, know nothing of each other.


@contextlib.asynccontextmanager
async def announcing(address: Address) -> AsyncIterator[tuple[Announcer, Wakeups]]:
    wakeups = Wakeups()
    announcer = Announcer(lambda: connect_as_service(address), wakeups)
    task = asyncio.create_task(announcer.run())
    try:
        yield announcer, wakeups
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def until_listening(owner: asyncpg.Connection, listeners: int) -> list[int]:
    """Wait until so many sessions listen in this database; returns their pids."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            rows = await owner.fetch(
                "SELECT pid FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND state = 'idle' "
                "AND datname = current_database()"
            )
            if len(rows) == listeners:
                return [row["pid"] for row in rows]
            await asyncio.sleep(0.005)


async def test_another_process_wakes_the_subscription(
    address: Address, pool: asyncpg.Pool, owner: asyncpg.Connection, site: Site
) -> None:
    async with announcing(address) as (writer, _), announcing(address) as (_, wakeups):
        await until_listening(owner, 2)
        async with consuming(Subscription(Store(pool), site, wakeups=wakeups), poll_s=NEVER_S) as positions:
            for number in range(1, 11):
                await grow(pool, site, f"a{number}", 1)
                writer.announce(site)
                await until_equal(positions, list(range(1, number + 1)))


async def test_announcements_are_merged(
    address: Address, pool: asyncpg.Pool, owner: asyncpg.Connection, site: Site
) -> None:
    async with announcing(address) as (writer, _), announcing(address) as (_, wakeups):
        await until_listening(owner, 2)
        heard = CountingWakeups(wakeups)
        last = await new_site(pool)
        for _ in range(1_000):
            writer.announce(site)
        await eventually(lambda: heard.count.get(site))
        writer.announce(last)
        await eventually(lambda: heard.count.get(last))
        assert heard.count[site] == 1


async def test_an_announcer_that_lost_its_connection_while_idle_listens_again(
    address: Address, pool: asyncpg.Pool, owner: asyncpg.Connection, site: Site
) -> None:
    async with announcing(address) as (_, wakeups):
        [backend] = await until_listening(owner, 1)
        await owner.fetchval("SELECT pg_terminate_backend($1, 10000)", backend)
        assert await until_listening(owner, 1) != [backend]

        async with consuming(Subscription(Store(pool), site, wakeups=wakeups), poll_s=NEVER_S) as positions:
            await grow(pool, site, "a", 1)
            await owner.execute("SELECT pg_notify('order_ledger', $1)", site)
            await eventually(lambda: positions == [1])


async def test_what_grew_while_the_connection_was_lost_is_announced_afterwards(
    address: Address, pool: asyncpg.Pool, owner: asyncpg.Connection, site: Site
) -> None:
    async with announcing(address) as (writer, _), announcing(address) as (_, wakeups):
        backends = await until_listening(owner, 2)
        async with consuming(Subscription(Store(pool), site, wakeups=wakeups), poll_s=NEVER_S) as positions:
            await grow(pool, site, "a", 1)
            for backend in backends:
                await owner.fetchval("SELECT pg_terminate_backend($1, 10000)", backend)
            writer.announce(site)
            await eventually(lambda: positions == [1])


async def test_an_announcer_outlives_a_database_that_refuses_it(
    address: Address, owner: asyncpg.Connection, site: Site
) -> None:
    """While the database is down a new connection is refused too, and that is no reason to give up for good."""
    refusals = 0

    async def connect() -> Any:
        nonlocal refusals
        if refusals < 2:
            refusals += 1
            return await connect_as_service(Address.external("postgresql://127.0.0.1:1/nowhere"))
        return await connect_as_service(address)

    task = asyncio.create_task(Announcer(connect, Wakeups()).run())
    try:
        await eventually(lambda: refusals == 2 or task.done())
        assert not task.done()
        await until_listening(owner, 1)
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_a_stopped_announcer_leaves_no_connection(address: Address, owner: asyncpg.Connection) -> None:
    async with announcing(address):
        await until_listening(owner, 1)
    await until_listening(owner, 0)


# Gaps


@pytest.fixture
async def broken(own_address: Address) -> AsyncIterator[Any]:
    """A database of one's own, where the owner may do what an operator never should."""
    owner = await asyncpg.connect(**own_address.owner)
    async with service_pool(own_address) as pool:
        yield owner, pool
    await owner.close()


@pytest.mark.parametrize("missing", [1, 3, 5])
async def test_an_event_that_was_removed_is_missed(broken: Any, missing: int) -> None:
    owner, pool = broken
    site = await new_site(pool)
    await grow(pool, site, "a", 6)
    await owner.execute("DELETE FROM ledger.event WHERE site = $1 AND position = $2", site, missing)
    with pytest.raises(EventMissed, match=f"{site}: position {missing + 1} follows where {missing} was expected"):
        await anext(Subscription(Store(pool), site).pages())


async def test_a_gap_between_two_pages_is_missed(broken: Any) -> None:
    owner, pool = broken
    site = await new_site(pool)
    await grow(pool, site, "a", LOG_PAGE_EVENTS + 5)
    await owner.execute("DELETE FROM ledger.event WHERE site = $1 AND position = $2", site, LOG_PAGE_EVENTS + 1)
    pages = Subscription(Store(pool), site).pages()
    assert len(await anext(pages)) == LOG_PAGE_EVENTS
    with pytest.raises(EventMissed):
        await anext(pages)


async def test_a_log_that_is_shorter_than_what_was_handled_is_noticed(pool: asyncpg.Pool, site: Site) -> None:
    """The database was replaced by an older copy: positions that were handled will be given out again."""
    await grow(pool, site, "a", 3)
    with pytest.raises(EventMissed):
        await anext(Subscription(Store(pool), site, after=Position(4)).pages(poll_s=0.01))


# The end


async def test_a_cancelled_consumer_leaves_nothing_behind(pool: asyncpg.Pool, site: Site) -> None:
    wakeups = Wakeups()
    async with consuming(Subscription(Store(pool), site, wakeups=wakeups), poll_s=NEVER_S) as positions:
        await grow(pool, site, "a", 1)
        wakeups.wake(site)
        await eventually(lambda: positions == [1])
        assert len(wakeups._events) == 1
    await eventually(lambda: not wakeups._events)


async def test_a_consumer_that_fails_is_told_apart_from_a_log_that_fails(pool: asyncpg.Pool, site: Site) -> None:
    await grow(pool, site, "a", 1)
    subscription = Subscription(Store(pool), site)

    async def consume() -> None:
        async with contextlib.aclosing(subscription.pages()) as pages:
            async for _ in pages:
                raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await consume()
    assert subscription.last == 0


class SlowStore(Store):
    """Has read the end of the log, and takes its time to say so."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        super().__init__(pool)
        self.has_read = False
        self.goes_on = asyncio.Event()

    async def read_log(self, *arguments: Any, **options: Any) -> Any:
        page = await super().read_log(*arguments, **options)
        self.has_read = True
        await self.goes_on.wait()
        return page


class CountingWakeups:
    """Counts the wake-ups that arrive, by site."""

    def __init__(self, wakeups: Wakeups) -> None:
        self.count: dict[Site, int] = {}
        self._wake = wakeups.wake
        wakeups.wake = self._counted  # type: ignore[method-assign]

    def _counted(self, site: Site) -> None:
        self.count[site] = self.count.get(site, 0) + 1
        self._wake(site)
