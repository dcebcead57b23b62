"""Group commit: who shares a commit with whom, and what each is told when something goes wrong."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import Any

import asyncpg
import pytest
from msgspec.structs import replace

from ledger import appender as appending
from ledger.appender import Appender
from ledger.batch import Append, NumberGiven, Outcome
from ledger.errors import DatabaseUnavailable, TemporaryError
from ledger.ids import Site, system_clock_ms
from ledger.limits import BATCH_BYTES_MAX, BATCH_COMMANDS_MAX
from ledger.store import Store
from ops.database import Address, service_pool
from tests.conftest import new_site
from tests.log.appends import (
    answer,
    append,
    append_batch,
    head,
    order_append,
    positions,
    row,
    streams,
    transactions,
    until_blocked,
)
from tests.log.pools import CountingPool, DeadPool, FailingPool, ForgetfulPool
from tests.log.waiting import PATIENCE_S, eventually

APPENDED, CONFLICT, ANSWERED = Outcome.APPENDED, Outcome.CONFLICT, Outcome.ANSWERED


@pytest.fixture
async def appender(pool: asyncpg.Pool) -> AsyncIterator[Appender]:
    appender = Appender(pool)
    yield appender
    await appender.close()


@pytest.fixture
async def locked_site(owner: asyncpg.Connection, site: Site) -> AsyncIterator["LockedSite"]:
    """A site of which nobody can append until ``release``."""
    locked = LockedSite(owner, site)
    await locked.lock()
    yield locked
    await locked.release()


class LockedSite:
    def __init__(self, owner: asyncpg.Connection, site: Site) -> None:
        self._owner = owner
        self._transaction = owner.transaction()
        self.site = site
        self._is_locked = False

    async def lock(self) -> None:
        await self._transaction.start()
        await self._owner.execute("SELECT FROM ledger.head WHERE site = $1 FOR UPDATE", self.site)
        self._is_locked = True

    async def release(self) -> None:
        if self._is_locked:
            self._is_locked = False
            await self._transaction.rollback()


async def start(appender: Appender, appends: Iterable[Append]) -> list[asyncio.Task[Outcome]]:
    """Give commands to the appender, in their order."""
    tasks = []
    for each in appends:
        tasks.append(asyncio.create_task(appender.append(each)))
        await asyncio.sleep(0)
    return tasks


def as_pool(stand_in: Any) -> Any:
    """A pool that offers ``fetch`` alone is all that the appender needs."""
    return stand_in


# Sharing commits


async def test_commands_that_arrive_together_share_commits(
    pool: asyncpg.Pool, owner: asyncpg.Connection, locked_site: LockedSite
) -> None:
    site = locked_site.site
    counting = CountingPool(pool)
    appender = Appender(as_pool(counting))
    tasks = await start(appender, (append(site, (f"order-{n}", 1)) for n in range(64)))
    await until_blocked(owner)
    await locked_site.release()

    assert set(await asyncio.gather(*tasks)) == {APPENDED}
    assert await positions(pool, site) == list(range(1, 65))
    assert counting.round_trips == 2
    assert await transactions(owner, site) == [1, 63]


async def test_the_first_command_waits_for_nobody(appender: Appender, owner: asyncpg.Connection, site: Site) -> None:
    for number in range(3):
        assert await appender.append(append(site, (f"order-{number}", 1))) is APPENDED
    assert await transactions(owner, site) == [1, 1, 1]


async def test_a_commit_waits_while_more_are_coming_in(
    appender: Appender, owner: asyncpg.Connection, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Requests that have arrived are answered in many turns of the event loop, and share a commit all the same."""
    monkeypatch.setattr(appending, "LETTING_IN_S_MAX", PATIENCE_S)
    assert await appender.append(append(site, ("a", 1))) is APPENDED
    tasks = await start(appender, (append(site, (f"b{n}", 1)) for n in range(20)))
    assert set(await asyncio.gather(*tasks)) == {APPENDED}
    assert await transactions(owner, site) == [1, 20]


async def test_a_commit_does_not_wait_for_those_who_stay_away(
    pool: asyncpg.Pool, owner: asyncpg.Connection, locked_site: LockedSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(appending, "LETTING_IN_S_MAX", PATIENCE_S)
    site = locked_site.site
    appender = Appender(pool)
    tasks = await start(appender, (append(site, (f"a{n}", 1)) for n in range(10)))
    await until_blocked(owner)
    await locked_site.release()
    await asyncio.gather(*tasks)
    assert await appender.append(append(site, ("b", 1))) is APPENDED
    assert await transactions(owner, site) == [1, 9, 1]


async def test_a_batch_holds_a_bounded_number_of_commands(
    appender: Appender, owner: asyncpg.Connection, locked_site: LockedSite
) -> None:
    site = locked_site.site
    tasks = await start(appender, (append(site, (f"a{n}", 1)) for n in range(2 * BATCH_COMMANDS_MAX + 51)))
    await until_blocked(owner)
    assert appender.queued == 2 * BATCH_COMMANDS_MAX + 50
    await locked_site.release()
    await asyncio.gather(*tasks)
    assert appender.queued == 0
    assert await transactions(owner, site) == [1, BATCH_COMMANDS_MAX, BATCH_COMMANDS_MAX, 50]


async def test_a_batch_holds_a_bounded_number_of_bytes(
    appender: Appender, owner: asyncpg.Connection, locked_site: LockedSite
) -> None:
    site = locked_site.site
    third, whole = "x" * (BATCH_BYTES_MAX // 3), "x" * (BATCH_BYTES_MAX + 1)
    notes = ["", third, third, third, whole, third, third]
    tasks = await start(appender, (append(site, (f"a{n}", 1), note=note) for n, note in enumerate(notes)))
    await until_blocked(owner)
    await locked_site.release()
    await asyncio.gather(*tasks)
    assert await transactions(owner, site) == [1, 2, 1, 1, 2]


async def test_commands_are_written_in_the_order_of_their_arrival(
    appender: Appender, pool: asyncpg.Pool, site: Site
) -> None:
    await asyncio.gather(*await start(appender, (append(site, (f"a{n}", 1)) for n in range(500))))
    assert await streams(pool, site) == [(f"a{n}", 1) for n in range(500)]


async def test_a_site_does_not_wait_for_another(
    appender: Appender, pool: asyncpg.Pool, owner: asyncpg.Connection, locked_site: LockedSite
) -> None:
    waiting = await start(appender, [append(locked_site.site, ("a", 1))])
    await until_blocked(owner)
    assert await appender.append(append(await new_site(pool), ("a", 1))) is APPENDED
    await locked_site.release()
    assert await waiting[0] is APPENDED


async def test_each_command_gets_its_own_outcome(appender: Appender, site: Site) -> None:
    await appender.append(append(site, ("a", 1), answer=answer("k")))
    outcomes = await asyncio.gather(
        *await start(
            appender,
            [
                append(site, ("b", 1)),
                append(site, ("a", 1)),
                append(site, ("c", 1), answer=answer("k")),
                append(site, ("d", 1), ("e", 1)),
                append(site, ("d", 1)),
            ],
        )
    )
    assert outcomes == [APPENDED, CONFLICT, ANSWERED, APPENDED, CONFLICT]


# Growth is announced


async def test_growth_is_announced_once_for_each_commit_with_events(
    pool: asyncpg.Pool, owner: asyncpg.Connection, locked_site: LockedSite
) -> None:
    site = locked_site.site
    announced: list[Site] = []
    appender = Appender(pool, on_appended=announced.append)
    tasks = await start(appender, (append(site, (f"a{n}", 1)) for n in range(20)))
    await until_blocked(owner)
    await locked_site.release()
    await asyncio.gather(*tasks)
    assert await transactions(owner, site) == [1, 19]
    assert announced == [site, site]
    await appender.append(Append(site=site, answer=answer("k")))
    assert announced == [site, site]


# Offenders


POISON = {
    "a text that the database cannot hold": "nul \x00",
    "a text that cannot be sent": "half a pair \ud800",
    "a number that is no 64-bit integer": 2**63,
}


def poisoned(site: Site, poison: str | int) -> Append:
    """A command that the database, or the way to it, refuses."""
    if isinstance(poison, int):
        return append(site, ("poison", 1), numbers=[NumberGiven("order", poison)])
    return append(site, ("order-poison", 1), rows=[replace(row("poison", 1), status=poison)])


@pytest.mark.parametrize("poison", POISON.values(), ids=POISON.keys())
async def test_a_poisonous_command_fails_alone_and_at_once(pool: asyncpg.Pool, site: Site, poison: str | int) -> None:
    counting = CountingPool(pool)
    appender = Appender(as_pool(counting))
    bad = poisoned(site, poison)
    appends = [append(site, ("first", 1)), append(site, ("a", 1)), bad, append(site, ("b", 1)), append(site, ("a", 1))]
    outcomes = await asyncio.gather(*await start(appender, appends), return_exceptions=True)

    assert outcomes[:2] == [APPENDED, APPENDED]
    assert isinstance(outcomes[2], Exception)
    assert not isinstance(outcomes[2], DatabaseUnavailable)
    assert outcomes[3:] == [APPENDED, CONFLICT]
    assert await streams(pool, site) == [("first", 1), ("a", 1), ("b", 1)]
    # The first alone, the four together in vain, and then each of them.
    assert counting.round_trips == 6


async def test_a_poisonous_command_does_not_harm_the_next(appender: Appender, site: Site) -> None:
    with pytest.raises(asyncpg.PostgresError):
        await appender.append(poisoned(site, "nul \x00"))
    assert await appender.append(append(site, ("a", 1))) is APPENDED


async def test_an_unknown_site_fails_and_others_go_on(appender: Appender, site: Site) -> None:
    with pytest.raises(asyncpg.NoDataFoundError):
        await appender.append(append(Site("nowhere"), ("a", 1)))
    assert await appender.append(append(site, ("a", 1))) is APPENDED


# Bounds


async def test_beyond_the_bound_of_the_queue_a_command_is_refused_and_told_when_to_come_again(
    pool: asyncpg.Pool, owner: asyncpg.Connection, locked_site: LockedSite
) -> None:
    site = locked_site.site
    appender = Appender(pool, queue_max=3)
    in_flight = await start(appender, [append(site, ("a", 1))])
    await until_blocked(owner)
    waiting = await start(appender, (append(site, (f"b{n}", 1)) for n in range(3)))

    with pytest.raises(TemporaryError) as refused:
        await appender.append(append(site, ("c", 1)))
    assert refused.value.http_status == 503
    assert refused.value.retry_after_s == 1

    await locked_site.release()
    assert await asyncio.gather(*in_flight, *waiting) == [APPENDED] * 4
    assert await appender.append(append(site, ("c", 1))) is APPENDED
    assert ("c", 1) in await streams(pool, site)


async def test_one_connection_is_enough_for_many_sites(address: Address) -> None:
    async with service_pool(address, size_max=1) as narrow:
        appender = Appender(narrow)
        sites = [await new_site(narrow) for _ in range(10)]
        outcomes = await asyncio.gather(*(appender.append(append(site, (f"a{n}", 1))) for site in sites for n in "123"))
        assert outcomes == [APPENDED] * 30
        assert [await head(narrow, site) for site in sites] == [3] * 10


async def test_the_bound_of_one_site_leaves_room_for_others(
    pool: asyncpg.Pool, owner: asyncpg.Connection, locked_site: LockedSite
) -> None:
    appender = Appender(pool, queue_max=1)
    tasks = await start(appender, (append(locked_site.site, (f"a{n}", 1)) for n in range(1)))
    await until_blocked(owner)
    tasks += await start(appender, [append(locked_site.site, ("b", 1))])
    assert await appender.append(append(await new_site(pool), ("a", 1))) is APPENDED
    await locked_site.release()
    await asyncio.gather(*tasks)


# The end


async def test_closing_writes_what_waits_and_refuses_what_comes(
    pool: asyncpg.Pool, owner: asyncpg.Connection, locked_site: LockedSite
) -> None:
    site = locked_site.site
    appender = Appender(pool)
    tasks = await start(appender, (append(site, (f"a{n}", 1)) for n in range(300)))
    await until_blocked(owner)
    closing = asyncio.create_task(appender.close())
    await asyncio.sleep(0)
    with pytest.raises(TemporaryError) as refused:
        await appender.append(append(site, ("late", 1)))
    assert refused.value.retry_after_s

    await locked_site.release()
    await closing
    assert all(task.done() for task in tasks)
    assert {task.result() for task in tasks} == {APPENDED}
    assert await head(pool, site) == 300


async def test_closing_an_appender_that_was_never_used_is_fine(pool: asyncpg.Pool) -> None:
    await Appender(pool).close()


async def test_a_caller_that_goes_away_disturbs_nobody(
    pool: asyncpg.Pool, owner: asyncpg.Connection, locked_site: LockedSite
) -> None:
    """Who waits in the queue or in flight may be cancelled; its command is written or not, and the others go on."""
    site = locked_site.site
    appender = Appender(pool)
    tasks = await start(appender, [append(site, ("in flight", 1))])
    await until_blocked(owner)
    tasks += await start(appender, (append(site, (f"a{n}", 1)) for n in range(4)))
    for gone in (tasks[0], tasks[2]):
        gone.cancel()
    await asyncio.wait([tasks[0], tasks[2]])

    await locked_site.release()
    for staying in (tasks[1], tasks[3], tasks[4]):
        assert await staying is APPENDED
    assert await appender.append(append(site, ("next", 1))) is APPENDED
    assert await positions(pool, site) == list(range(1, await head(pool, site) + 1))


async def test_when_every_caller_goes_away_the_lane_lives_on(
    pool: asyncpg.Pool, owner: asyncpg.Connection, locked_site: LockedSite
) -> None:
    site = locked_site.site
    appender = Appender(pool)
    tasks = await start(appender, (append(site, (f"a{n}", 1)) for n in range(5)))
    await until_blocked(owner)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    await locked_site.release()
    assert await appender.append(append(site, ("next", 1))) is APPENDED


# The connection breaks


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation"),
        asyncpg.InterfaceError("connection is closed"),
        asyncpg.AdminShutdownError("terminating connection due to administrator command"),
        asyncpg.DeadlockDetectedError("deadlock detected"),
        ConnectionResetError(),
        TimeoutError(),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_after_an_unknown_outcome_the_batch_is_sent_again_and_written_once(
    pool: asyncpg.Pool, owner: asyncpg.Connection, site: Site, error: Exception
) -> None:
    forgetful = ForgetfulPool(pool, lost=3, error=error)
    appender = Appender(as_pool(forgetful))
    both = append(site, ("order-1", 1), ("invoice-1", 1), rows=[row("1", 1)], answer=answer("k"))
    appends = [both, Append(site=site, answer=answer("refusal")), append(site, ("a", 1)), append(site, ("a", 1))]
    outcomes = await asyncio.gather(*await start(appender, appends))

    assert outcomes == [APPENDED, APPENDED, APPENDED, CONFLICT]
    assert await streams(pool, site) == [("order-1", 1), ("invoice-1", 1), ("a", 1)]
    store = Store(pool)
    assert await store.find_answer(site, "k", system_clock_ms()) == both.answer
    assert await store.find_answer(site, "refusal", system_clock_ms())


async def test_a_terminated_backend_costs_nobody_anything(
    pool: asyncpg.Pool, owner: asyncpg.Connection, locked_site: LockedSite
) -> None:
    site = locked_site.site
    appender = Appender(pool)
    tasks = await start(appender, (order_append(site, f"{n}") for n in range(10)))
    for _ in range(3):
        [backend] = await until_blocked(owner)
        assert await owner.fetchval("SELECT pg_terminate_backend($1, 10000)", backend)
    await locked_site.release()
    assert await asyncio.gather(*tasks) == [APPENDED] * 10
    assert await positions(pool, site) == list(range(1, 11))


async def test_a_batch_that_takes_too_long_is_given_up_and_sent_again(
    monkeypatch: pytest.MonkeyPatch, pool: asyncpg.Pool, owner: asyncpg.Connection, locked_site: LockedSite
) -> None:
    monkeypatch.setattr(appending, "STATEMENT_TIMEOUT_S", 0.1)
    counting = CountingPool(pool)
    tasks = await start(Appender(as_pool(counting)), (order_append(locked_site.site, f"{n}") for n in range(10)))
    await eventually(lambda: counting.round_trips == 3)
    await locked_site.release()
    assert await asyncio.gather(*tasks) == [APPENDED] * 10
    assert await positions(pool, locked_site.site) == list(range(1, 11))


async def test_a_backend_that_still_works_on_a_batch_and_its_repetition_write_it_once(
    pool: asyncpg.Pool, owner: asyncpg.Connection, locked_site: LockedSite
) -> None:
    """The client gave up on a connection whose backend still waits for the lock; both then write the same batch."""
    batch = [order_append(locked_site.site, "1", answer=answer("k")), append(locked_site.site, ("a", 1), ("b", 1))]
    first = asyncio.create_task(append_batch(pool, *batch))
    second = asyncio.create_task(append_batch(pool, *batch))
    await until_blocked(owner)
    await locked_site.release()
    assert await first == [APPENDED, APPENDED]
    assert await second == [APPENDED, APPENDED]
    assert await streams(pool, locked_site.site) == [("order-1", 1), ("a", 1), ("b", 1)]


@pytest.mark.parametrize(
    "error",
    [
        ConnectionRefusedError(),
        FileNotFoundError("no socket"),
        TimeoutError(),
        asyncpg.CannotConnectNowError("the database system is starting up"),
        asyncpg.TooManyConnectionsError("sorry, too many clients already"),
        asyncpg.ReadOnlySQLTransactionError("this server is a replica now"),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_when_the_database_stays_away_all_who_wait_are_told(
    monkeypatch: pytest.MonkeyPatch, site: Site, error: Exception
) -> None:
    monkeypatch.setattr(appending, "APPEND_RETRY_S_MAX", 0)
    dead = DeadPool(error)
    appender = Appender(as_pool(dead))
    tasks = await start(appender, (append(site, (f"a{n}", 1)) for n in range(BATCH_COMMANDS_MAX + 50)))
    dead.patience_ends.set()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)

    assert {type(outcome) for outcome in outcomes} == {DatabaseUnavailable}
    assert {outcome.retry_after_s for outcome in outcomes if isinstance(outcome, DatabaseUnavailable)} == {1}
    # Those who waited behind the first have waited as long; they do not wait for attempts of their own.
    assert dead.round_trips == 1
    assert appender.queued == 0


async def test_an_outage_while_a_batch_is_taken_apart_is_waited_for_once(
    monkeypatch: pytest.MonkeyPatch, site: Site
) -> None:
    monkeypatch.setattr(appending, "APPEND_RETRY_S_MAX", 0)
    failing = FailingPool(asyncpg.DataError("one of them cannot be written"))
    failing.patience_ends.set()
    appender = Appender(as_pool(failing))
    together = (appender.append(append(site, (f"a{n}", 1))) for n in range(20))
    outcomes = await asyncio.gather(*together, return_exceptions=True)

    assert {type(outcome) for outcome in outcomes} == {DatabaseUnavailable}
    assert failing.round_trips == 2


async def test_when_the_database_comes_back_the_lane_works_again(
    monkeypatch: pytest.MonkeyPatch, pool: asyncpg.Pool, site: Site
) -> None:
    monkeypatch.setattr(appending, "APPEND_RETRY_S_MAX", 0)
    appender = Appender(as_pool(ForgetfulPool(pool, lost=1)))
    command = append(site, ("a", 1))
    with pytest.raises(DatabaseUnavailable):
        await appender.append(command)
    assert await appender.append(command) is APPENDED
    assert await streams(pool, site) == [("a", 1)]
