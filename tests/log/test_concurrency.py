"""Eight writers in two processes on twenty orders: nothing is lost, doubled, or told wrongly.

Through HTTP the service runs in two processes of its own, each with its own appender, locks and pool; without HTTP
the writers' processes are those.
"""

import asyncio
import contextlib
import multiprocessing
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import pytest

from api.services import Services, build_services
from ledger.ids import Site
from ledger.store import Store
from ledger.subscription import Announcer, Subscription, Wakeups
from ops.database import Address, connect_as_service, reachable, service_pool
from ops.target import Target
from tests.log.audit import assert_answers_are_true, assert_view_is_the_fold, read_log
from tests.log.traffic import Door, HandlerDoor, HttpDoor, Told, import_shared, load_big_invoices, writers
from tests.log.waiting import PATIENCE_S, eventually
from tests.serving import SITE, running_server

NAMES = tuple("abcdefgh")
PROCESSES = (NAMES[:4], NAMES[4:])
REQUESTS_OVER_HTTP = 1_600
REQUESTS_TO_THE_HANDLER = 1_200
# The writers are made so that nearly nothing is refused; a lost race may be, after sixteen attempts.
REFUSED_SHARE_MAX = 0.01

Work = Callable[..., list[Told]]


async def test_writers_over_http_lose_nothing_and_are_told_the_truth(data_dir: Path) -> None:
    with running_server(data_dir, "--workers", "2") as server, reachable(Target(data_dir)) as address:
        async with service_pool(address) as pool:
            await load_big_invoices(pool, SITE)
            async with aiohttp.ClientSession(headers=server.headers) as client:
                setup = await import_shared(HttpDoor(client, server.url))
            async with following(address, pool, Site(SITE)) as followed:
                answers = await in_two_processes(
                    write_over_http, server.url, server.headers, setup, REQUESTS_OVER_HTTP // len(NAMES)
                )
                await the_clock_is_at_rest(pool, Site(SITE))
                await assert_all_is_well(pool, Site(SITE), setup, answers, followed)
        assert server.stop() == 0
        assert "Traceback" not in server.errors


async def test_two_processes_of_handlers_lose_nothing(
    address: Address, pool: asyncpg.Pool, services: Services, site: Site
) -> None:
    await load_big_invoices(pool, site)
    setup = await import_shared(HandlerDoor(services, site))
    async with following(address, pool, site) as followed:
        answers = await in_two_processes(
            write_to_the_handler, address, site, setup, REQUESTS_TO_THE_HANDLER // len(NAMES)
        )
        await assert_all_is_well(pool, site, setup, answers, followed)


@pytest.fixture(autouse=True)
def _patience(request: pytest.FixtureRequest) -> None:
    """Slow machines may take their time."""
    request.node.add_marker(pytest.mark.timeout(600))


# In the processes of the writers


def write_over_http(
    names: Sequence[str], url: str, headers: dict[str, str], setup: list[Told], requests: int
) -> list[Told]:
    async def work() -> list[Told]:
        async with aiohttp.ClientSession(headers=headers) as client:
            return await _write(HttpDoor(client, url), names, setup, requests, with_keys=True)

    return asyncio.run(work())


def write_to_the_handler(
    names: Sequence[str], address: Address, site: Site, setup: list[Told], requests: int
) -> list[Told]:
    async def work() -> list[Told]:
        async with service_pool(address) as pool:
            services = build_services(pool, check_ready=_always_ready)
            answers = await _write(HandlerDoor(services, site), names, setup, requests, with_keys=False)
            await services.appender.close()
            return answers

    return asyncio.run(work())


async def _write(door: Door, names: Sequence[str], setup: list[Told], requests: int, *, with_keys: bool) -> list[Told]:
    shared = [told.order for told in setup if told.order]
    work = (writer.write(door, requests, with_keys=with_keys) for writer in writers(names, NAMES, shared))
    return [told for answers in await asyncio.gather(*work) for told in answers]


async def _always_ready() -> None:
    pass


# In the process of the test


async def in_two_processes(work: Work, *arguments: Any) -> list[Told]:
    """Do work for half of the writers in each of two processes."""
    loop = asyncio.get_running_loop()
    with ProcessPoolExecutor(len(PROCESSES), mp_context=multiprocessing.get_context("spawn")) as processes:
        halves = (loop.run_in_executor(processes, work, names, *arguments) for names in PROCESSES)
        return [told for answers in await asyncio.gather(*halves) for told in answers]


@contextlib.asynccontextmanager
async def following(address: Address, pool: asyncpg.Pool, site: Site) -> AsyncIterator[list[int]]:
    """Positions as a subscriber hears of them, woken from other processes."""
    wakeups = Wakeups()
    announcer = Announcer(lambda: connect_as_service(address), wakeups)
    followed: list[int] = []

    async def follow() -> None:
        async for page in Subscription(Store(pool), site, wakeups=wakeups).pages():
            followed.extend(event.position for event in page)

    tasks = [asyncio.create_task(announcer.run()), asyncio.create_task(follow())]
    try:
        yield followed
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(each, asyncio.CancelledError) for each in ended), ended


async def the_clock_is_at_rest(pool: asyncpg.Pool, site: Site) -> None:
    """Wait until the service has told of all dates that are reached: till then it adds events of its own."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            if await pool.fetchval(
                """SELECT head.position = consumer.position
                    AND NOT EXISTS (
                        SELECT FROM ledger.order_clock WHERE site = $1 AND due_at <= extract(epoch FROM now())
                    )
                FROM ledger.head JOIN ledger.consumer ON consumer.site = head.site AND consumer.name = 'clock'
                WHERE head.site = $1""",
                site,
            ):
                return
            await asyncio.sleep(0.05)


async def assert_all_is_well(
    pool: asyncpg.Pool, site: Site, setup: list[Told], answers: list[Told], followed: list[int]
) -> None:
    refusals = Counter((told.status, told.code) for told in answers if not told.acknowledged)
    assert refusals.keys() <= {(429, "lock_timeout")}
    assert refusals.total() <= len(answers) * REFUSED_SHARE_MAX

    log = await read_log(Store(pool), site)
    assert_answers_are_true(log, [*setup, *answers])
    await assert_view_is_the_fold(pool, site, log)

    await eventually(lambda: len(followed) >= len(log))
    assert followed == list(range(1, len(log) + 1))
