"""The clock of the machine goes back, by a little and by a day: the record stays in order, and answers stay true."""

from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import pairwise

import aiohttp
import asyncpg
import pytest
from aiohttp.test_utils import TestServer

from api.app import create_app
from api.services import build_services
from ledger.ids import Site, system_clock_ms
from ledger.sites import KeyKind, Sites
from ledger.store import Store
from tests.api.requests import basic
from tests.ledger.transparency.given import Signer
from tests.log.audit import assert_answers_are_true, assert_view_is_the_fold, read_log
from tests.log.traffic import Asked, HttpDoor, Told, import_shared, load_big_invoices

ORDER = "shared_0"
DAY_MS = 24 * 60 * 60 * 1000
# How far the clock is moved before each command, in milliseconds.
MOVES = (0, -1, -1_500, 700, -DAY_MS, 0, 0, 3, -30_000, 2 * DAY_MS, -2 * DAY_MS, 1)


class UnsteadyClock:
    """Milliseconds since 1970, moved by the test and standing still in between."""

    def __init__(self) -> None:
        self.now_ms = system_clock_ms()

    def __call__(self) -> int:
        return self.now_ms


@pytest.fixture
def clock() -> UnsteadyClock:
    return UnsteadyClock()


@pytest.fixture
async def door(
    clock: UnsteadyClock, pool: asyncpg.Pool, site: Site, aiohttp_server: Callable[..., Awaitable[TestServer]]
) -> AsyncIterator[HttpDoor]:
    await load_big_invoices(pool, site)
    key = await Sites(pool).create_key(site, "full_access_key_v1", KeyKind.FULL, clock())

    async def check_ready() -> None:
        await pool.fetchval("SELECT 1")

    services = build_services(pool, clock_ms=clock, check_ready=check_ready)
    server = await aiohttp_server(create_app(services))
    async with aiohttp.ClientSession(server.make_url("/"), headers=basic(key)) as client:
        yield HttpDoor(client, "")
    await services.appender.close()


async def test_a_clock_that_goes_back_leaves_the_record_in_order(
    clock: UnsteadyClock, door: HttpDoor, pool: asyncpg.Pool, site: Site, signer: Signer
) -> None:
    answers = await import_shared(door)
    for number, move in enumerate(MOVES):
        clock.now_ms += move
        answers += [await door.ask(asked) for asked in _commands(f"{number}")]
        # The window of the key's answer has not passed for anybody whose clock went back.
        again = await door.ask(_commands(f"{number}")[0])
        assert (again.replayed, again.order) == (True, answers[-2].order)
        answers.append(again)
    assert {told.status for told in answers} == {200}

    log = await read_log(Store(pool), site)
    assert_answers_are_true(log, answers)
    await assert_view_is_the_fold(pool, site, log)
    versions = [_version(told) for told in answers if told.asked.order_id == ORDER and not told.replayed]
    assert len(versions) == len(MOVES)
    assert all(before < after for before, after in pairwise(versions))
    await signer.sign()
    await signer.anchor()
    audited = await signer.audit()
    assert audited.fault is None


def _commands(name: str) -> list[Asked]:
    return [
        Asked(operation="create", form={"invoice_id": "inv_big_0", "note": name}, key=f"key-{name}"),
        Asked(operation="update", order_id=ORDER, form={"note": name}),
    ]


def _version(told: Told) -> int:
    assert told.order
    return int(told.order["resource_version"])
