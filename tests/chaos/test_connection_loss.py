"""Connections to the database that break in every phase of every statement: a command with a key is done once.

The client does what clients should: it asks again under the same key until there is an answer.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import aiohttp
import asyncpg
import pytest
from aiohttp.test_utils import TestServer

from api.app import create_app
from api.services import build_services
from ledger.ids import Site, system_clock_ms
from ledger.sites import KeyKind, Sites
from ledger.store import Store
from ops.database import POOL_SIZE_MAX, Address, closed_in_time, create_service_pool
from tests.api.requests import basic
from tests.chaos.database_relay import Phase, Relay, relay_to
from tests.log.audit import assert_answers_are_true, assert_view_is_the_fold, read_log
from tests.log.traffic import Asked, HttpDoor, Told, import_shared, load_big_invoices
from tests.log.waiting import eventually

UNAVAILABLE = (503, "db_connection_failure")
ORDER = "shared_0"


@pytest.fixture
async def relay(address: Address) -> AsyncIterator[Relay]:
    async with relay_to(address.service["host"]) as relay:
        yield relay


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for a database that is away longer than a moment."""
    monkeypatch.setattr("ledger.appender.APPEND_RETRY_S_MAX", 0.2)
    monkeypatch.setattr("ledger.appender.STATEMENT_TIMEOUT_S", 0.5)
    monkeypatch.setattr("ops.database.STATEMENT_TIMEOUT_S", 0.5)
    monkeypatch.setattr("ops.database.CONNECT_TIMEOUT_S", 0.5)
    monkeypatch.setattr("ops.service_pool.DATABASE_WAIT_S_MAX", 0.5)


@pytest.fixture
async def service(
    relay: Relay,
    pool: asyncpg.Pool,
    site: Site,
    aiohttp_server: Callable[..., Awaitable[TestServer]],
    address: Address,
) -> AsyncIterator[aiohttp.ClientSession]:
    """A client of a service that reaches its database through the relay."""
    await load_big_invoices(pool, site)
    key = await Sites(pool).create_key(site, "full_access_key_v1", KeyKind.FULL, system_clock_ms())
    through = Address(owner=address.owner, service=address.service | {"host": str(relay.folder)}, is_embedded=True)
    async with closed_in_time(relayed := create_service_pool(through, size_min=0)):
        await relayed

        async def check_ready() -> None:
            await relayed.fetchval("SELECT 1")

        services = build_services(relayed, check_ready=check_ready)
        server = await aiohttp_server(create_app(services))
        async with aiohttp.ClientSession(server.make_url("/"), headers=basic(key)) as client:
            yield client
        await services.appender.close()


class Client:
    """Asks under a key, again and again where the database was away. ``answers`` are all it was told in the end."""

    def __init__(self, service: aiohttp.ClientSession) -> None:
        self._door = HttpDoor(service, "")
        self.answers: list[Told] = []
        self.refusals = 0

    async def ask(self, asked: Asked) -> Told:
        """Ask until there is an answer."""
        while True:
            told = await self._door.ask(asked)
            if (told.status, told.code) != UNAVAILABLE:
                assert told.acknowledged, told
                self.answers.append(told)
                return told
            self.refusals += 1


def operations(name: str) -> list[Asked]:
    """One stream that was not there, and several that were."""
    return [
        Asked(operation="create", form={"invoice_id": "inv_big_0", "note": name}, key=f"create-{name}"),
        Asked(
            operation="create_refundable_credit_note",
            order_id=ORDER,
            form={"credit_note[total]": "1", "credit_note[reason_code]": "other", "comment": name},
            key=f"credit-{name}",
        ),
    ]


async def broke_at(exchange: int, place: int, client: Client, relay: Relay) -> bool:
    """Ask once for each phase of an exchange; whether any request came so far that its connection broke there."""
    broke = False
    for phase in Phase:
        relay.cut(exchange, phase)
        await client.ask(operations(f"{phase.name}-{exchange}")[place])
        broke |= not relay.is_armed
    relay.disarm()
    return broke


async def test_a_command_is_done_once_wherever_its_connection_breaks(
    service: aiohttp.ClientSession, relay: Relay, pool: asyncpg.Pool, site: Site
) -> None:
    setup = await import_shared(HttpDoor(service, ""))
    client = Client(service)
    # A create may be one exchange; who changes several streams reads them before, as long as they are not remembered.
    for place, exchanges_min in enumerate((1, 3)):
        broken = 0
        while await broke_at(broken + 1, place, client, relay):
            broken += 1
        assert broken >= exchanges_min
    assert client.refusals > 0, "reads are not tried again by the service"

    log = await read_log(Store(pool), site)
    assert_answers_are_true(log, [*setup, *client.answers])
    await assert_view_is_the_fold(pool, site, log)
    replayed = [await client.ask(told.asked) for told in list(client.answers)]
    assert all(told.replayed for told in replayed)
    assert_answers_are_true(log, [*setup, *client.answers])


async def test_a_read_whose_connection_breaks_is_told_to_come_again(
    service: aiohttp.ClientSession, relay: Relay
) -> None:
    await import_shared(HttpDoor(service, ""))
    for path in (f"/api/v2/orders/{ORDER}", "/api/v2/orders?limit=100", "/api/v2/ledger/changes", "/readyz"):
        async with service.get(path) as response:
            expected = await response.json()
        for phase in Phase:
            relay.cut(1, phase)
            statuses: list[int] = []
            while not statuses or statuses[-1] == 503:
                async with service.get(path) as response:
                    statuses.append(response.status)
                    if response.status == 503:
                        assert response.headers["Retry-After"] == "1"
                        assert (await response.json())["api_error_code"] == "db_connection_failure"
                    else:
                        assert await response.json() == expected
            assert statuses in ([200], [503, 200]), (path, phase)
            assert not relay.is_armed


@pytest.mark.usefixtures("impatient")
async def test_while_the_database_is_away_all_is_503_and_afterwards_all_is_well(
    service: aiohttp.ClientSession, relay: Relay, pool: asyncpg.Pool, site: Site
) -> None:
    setup = await import_shared(HttpDoor(service, ""))
    client = Client(service)
    for name, leave, come_back in (("away", relay.go_away, relay.come_back), ("frozen", relay.freeze, relay.thaw)):
        leave()
        refused = [await _refusal(service, asked) for asked in operations(name)]
        refused += [await _refusal(service, path) for path in (f"/api/v2/orders/{ORDER}", "/api/v2/orders", "/readyz")]
        assert {(status, retry_after) for status, retry_after in refused} == {(503, "1")}
        async with service.get("/healthz") as response:
            assert response.status == 200
        come_back()
        # What was asked meanwhile may have been done when it thawed: under its key it is not done again.
        for asked in operations(name):
            await client.ask(asked)
    log = await read_log(Store(pool), site)
    assert_answers_are_true(log, [*setup, *client.answers])
    await assert_view_is_the_fold(pool, site, log)


async def test_nobody_waits_without_end_for_a_connection_that_a_hanging_server_does_not_give_back(
    service: aiohttp.ClientSession, relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those whose statements are on their way wait for them; all others are refused meanwhile."""
    monkeypatch.setattr("ops.service_pool.DATABASE_WAIT_S_MAX", 0.2)
    await import_shared(HttpDoor(service, ""))
    path = "/api/v2/orders"
    await asyncio.gather(*(_refusal(service, path) for _ in range(4 * POOL_SIZE_MAX)))
    relay.freeze()
    asked = [asyncio.create_task(_refusal(service, path)) for _ in range(4 * POOL_SIZE_MAX)]
    await eventually(lambda: sum(each.done() for each in asked) >= 3 * POOL_SIZE_MAX)
    assert {each.result() for each in asked if each.done()} == {(503, "1")}
    assert not all(each.done() for each in asked)
    relay.thaw()
    assert {await each for each in asked} == {(503, "1"), (200, None)}


async def _refusal(service: aiohttp.ClientSession, asked: Asked | str) -> tuple[int, str | None]:
    """Status and Retry-After of one request."""
    if isinstance(asked, str):
        sending = service.get(asked)
    else:
        headers = {"chargebee-idempotency-key": asked.key or ""}
        sending = service.post(f"/api/v2{asked.path}", data=asked.form, headers=headers)
    async with sending as response:
        return response.status, response.headers.get("Retry-After")
