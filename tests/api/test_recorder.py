"""Requests are written beside the way of their answers: bounded, tried again, and counted where they are lost."""

import asyncio
import json
import logging
from collections.abc import Sequence
from typing import Any

import asyncpg
import pytest

from api.requests.recorder import Recorder
from api.services import Services, build_services
from ledger.ids import Site, system_clock_ms
from ledger.limits import REQUESTS_QUEUED_MAX
from ledger.requests import Choice, KeptRequest, Reason, RequestQuery, Requests, list_statement
from ops.database import Address, service_pool
from ops.serving.retention import forget_old_requests
from tests.api.requests import ORDERS, Client, create
from tests.api.test_requests_kept import REQUESTS, kept_request, listed
from tests.conftest import new_site

DAY_MS = 24 * 60 * 60 * 1000


class AwayAtFirst(Requests):
    """The table behind a database that is away for a while."""

    def __init__(self, pool: asyncpg.Pool, *, times: int, answers_lost: int = 0) -> None:
        super().__init__(pool)
        self.times = times
        self.answers_lost = answers_lost

    async def keep(self, requests: Sequence[KeptRequest]) -> None:
        if self.times:
            self.times -= 1
            raise ConnectionRefusedError
        await super().keep(requests)
        if self.answers_lost:
            self.answers_lost -= 1
            raise asyncpg.ConnectionDoesNotExistError("the answer was lost")


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.requests.recorder._RETRY_S", 0.01)


async def kept_ids(requests: Requests, pool: asyncpg.Pool, site: Site) -> list[str]:
    rows = await pool.fetch("SELECT id FROM ledger.request WHERE site = $1 ORDER BY id", site)
    return [row["id"] for row in rows]


def some(site: Site, count: int) -> list[KeptRequest]:
    return [kept_request(site, f"req_{number:06}") for number in range(count)]


async def test_what_waits_is_written_in_batches_of_several_sites(pool: asyncpg.Pool, site: Site) -> None:
    other = await new_site(pool)
    requests = Requests(pool)
    recorder = Recorder(requests, system_clock_ms)
    for request in [*some(site, 1_100), *some(other, 3)]:
        recorder.keep(request)
    await recorder.flush()
    assert recorder.waiting == 0
    assert await kept_ids(requests, pool, site) == [each.id for each in some(site, 1_100)]
    assert len(await kept_ids(requests, pool, other)) == 3
    assert (await requests.not_kept(site)).count == 0


async def test_the_queue_is_bounded_and_what_finds_no_room_is_counted_by_site(pool: asyncpg.Pool, site: Site) -> None:
    other = await new_site(pool)
    requests = Requests(pool)
    recorder = Recorder(requests, system_clock_ms, queued_max=10)
    for request in [*some(site, 13), *some(other, 2)]:
        recorder.keep(request)
    assert recorder.waiting == 10
    await recorder.flush()
    assert len(await kept_ids(requests, pool, site)) == 10
    missing = await requests.not_kept(site)
    assert (missing.count, (await requests.not_kept(other)).count) == (3, 2)
    assert missing.last_at is not None
    recorder.keep(kept_request(site, "req_later"))
    for request in some(other, 12):
        recorder.keep(request)
    await recorder.flush()
    assert ((await requests.not_kept(site)).count, (await requests.not_kept(other)).count) == (3, 2 + 3)


async def test_the_count_of_what_was_dropped_is_shown(client: Client, services: Services, site: Site) -> None:
    await services.requests.count_not_kept(site, "dropped", 7, system_clock_ms())
    assert (await (await client.get(REQUESTS)).json())["dropped"] == 7


@pytest.mark.parametrize(("times", "answers_lost"), [(3, 0), (0, 2), (2, 2)])
async def test_a_database_that_was_away_gets_what_waited_once(
    pool: asyncpg.Pool, site: Site, times: int, answers_lost: int
) -> None:
    requests = AwayAtFirst(pool, times=times, answers_lost=answers_lost)
    recorder = Recorder(requests, system_clock_ms)
    for request in some(site, 700):
        recorder.keep(request)
    await recorder.flush()
    assert await kept_ids(requests, pool, site) == [each.id for each in some(site, 700)]
    assert (await requests.not_kept(site)).count == 0


async def test_the_running_writer_survives_an_outage(pool: asyncpg.Pool, site: Site) -> None:
    requests = AwayAtFirst(pool, times=2)
    recorder = Recorder(requests, system_clock_ms)
    running = asyncio.create_task(recorder.run())
    for number in range(3):
        recorder.keep(kept_request(site, f"req_{number}"))
        async with asyncio.timeout(60):
            while len(await kept_ids(requests, pool, site)) <= number:
                assert not running.done()
                await asyncio.sleep(0.01)
    running.cancel()


async def test_a_request_that_the_database_will_not_take_is_counted_and_holds_up_no_other(
    pool: asyncpg.Pool, site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    requests = Requests(pool)
    recorder = Recorder(requests, system_clock_ms)
    for request in [*some(site, 3), kept_request(site, "req_bad", message="a\0secret"), kept_request(site, "req_z")]:
        recorder.keep(request)
    with caplog.at_level(logging.WARNING):
        await recorder.flush()
    assert await kept_ids(requests, pool, site) == [*(each.id for each in some(site, 3)), "req_z"]
    assert (await requests.not_kept(site)).count == 1
    assert "1 requests cannot be kept" in caplog.text
    assert "secret" not in caplog.text


async def test_answers_come_while_the_table_is_locked(
    client: Client, services: Services, owner: asyncpg.Connection
) -> None:
    """The writer hangs at the lock; nobody who asks does."""
    running = asyncio.create_task(services.recorder.run())
    try:
        async with owner.transaction():
            await owner.execute("LOCK TABLE ledger.request, ledger.request_not_kept IN ACCESS EXCLUSIVE MODE")
            orders = [await create(client) for _ in range(5)]
            async with asyncio.timeout(60):
                while not await owner.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
            orders += [await create(client) for _ in range(5)]
            assert (await client.get(f"{ORDERS}/nobody")).status == 404
        kept = await listed(client, services)
        assert [each.get("order_id") for each in kept][1:] == [order["id"] for order in reversed(orders)]
    finally:
        running.cancel()


async def test_a_process_that_stops_writes_what_waits_for_a_bounded_time(
    pool: asyncpg.Pool, site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    requests = Requests(pool)
    recorder = Recorder(requests, system_clock_ms)
    recorder.keep(kept_request(site, "req_1"))
    await recorder.close()
    assert await kept_ids(requests, pool, site) == ["req_1"]

    monkeypatch.setattr("api.requests.recorder.REQUESTS_CLOSE_S_MAX", 0.05)
    away = Recorder(AwayAtFirst(pool, times=REQUESTS_QUEUED_MAX), system_clock_ms)
    away.keep(kept_request(site, "req_2"))
    with caplog.at_level(logging.WARNING):
        await away.close()
    assert "1 requests were answered and are not kept" in caplog.text


async def test_a_failure_to_record_never_touches_the_answer(
    client: Client, services: Services, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> KeptRequest:
        raise RuntimeError("a secret")

    monkeypatch.setattr("api.requests.recorder.kept_request", fail)
    await create(client)
    await services.recorder.flush()
    assert (await services.requests.not_kept(site)).count == 1


async def test_counting_goes_on_while_counts_are_written(pool: asyncpg.Pool, site: Site) -> None:
    class Slow(Requests):
        async def count_not_kept(self, site: Site, reason: Reason, count: int, now_ms: int) -> None:
            if len(seen) < 3:
                seen.append(count)
                recorder.keep(kept_request(site, "req_dropped"))
            await super().count_not_kept(site, reason, count, now_ms)

    seen: list[int] = []
    recorder = Recorder(Slow(pool), system_clock_ms, queued_max=0)
    recorder.keep(kept_request(site, "req_dropped"))
    await recorder.flush()
    assert (await Requests(pool).not_kept(site)).count == 4


async def test_old_requests_are_forgotten_by_age_and_by_number_and_others_stay(own_address: Address) -> None:
    async with service_pool(own_address) as pool:

        async def check_ready() -> None: ...

        services = build_services(pool, check_ready=check_ready)
        now = services.clock_ms()
        busy, quiet = await new_site(pool), await new_site(pool)
        ages = [0, 1, 29, 29, 31, 31, 400]
        await services.requests.keep(
            [kept_request(quiet, f"req_{place}", at=now - age * DAY_MS) for place, age in enumerate(ages)]
        )
        # Several steps, and several within the same millisecond.
        await services.requests.keep([kept_request(busy, f"req_{n:05}", at=now - 5_000 + n // 3) for n in range(5_000)])
        await forget_old_requests(services, 30, kept_max=900)
        assert await kept_ids(services.requests, pool, quiet) == ["req_0", "req_1", "req_2", "req_3"]
        assert await kept_ids(services.requests, pool, busy) == [f"req_{n:05}" for n in range(4_100, 5_000)]
        await services.appender.close()


async def test_the_service_can_forget_a_request_and_never_change_one(pool: asyncpg.Pool, site: Site) -> None:
    await Requests(pool).keep(some(site, 1))
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await pool.execute("UPDATE ledger.request SET status = 200 WHERE site = $1", site)
    await pool.execute("DELETE FROM ledger.request WHERE site = $1", site)


async def test_the_columns_of_the_table_are_the_members_of_a_request(owner: asyncpg.Connection) -> None:
    rows = await owner.fetch(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = 'ledger' AND table_name = 'request'"
    )
    assert {row["column_name"] for row in rows} == set(KeptRequest.__struct_fields__)


async def test_a_list_is_read_by_the_index_that_fits(pool: asyncpg.Pool, site: Site, owner: asyncpg.Connection) -> None:
    """Whatever the statistics say, an order's requests and refusals are not looked for among all."""
    for wanted, index in [
        (RequestQuery(), "request_by_time"),
        (RequestQuery(refused=True), "request_refused"),
        (RequestQuery(order_id=Choice(wanted=("o",))), "request_by_order"),
    ]:
        statement, arguments = list_statement(site, wanted)
        async with owner.transaction():
            await owner.execute("SET LOCAL plan_cache_mode = force_generic_plan; SET LOCAL enable_seqscan = off")
            plan = await owner.fetchval(f"EXPLAIN (FORMAT JSON) {statement}", *arguments)
        assert index in json.dumps(json.loads(plan)), plan
