"""How streams of changes live and end: bounds, revoked keys, clients that go away, outages, the end of the process."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator

import asyncpg
import pytest
from aiohttp import ClientResponse, ClientSession, web

from api import change_stream, event_stream
from api.app import create_app
from api.server import LedgerRunner
from api.services import Services, build_services
from ledger.ids import Site, system_clock_ms
from ledger.sites import KeyKind, Sites
from ops.database import Address, service_pool
from tests.api.event_source import ACCEPT, CHANGES, EventSource, read_until_end, stream, take
from tests.api.requests import ORDERS, Client, basic, create, refused
from tests.api.test_changes import changes
from tests.conftest import new_site
from tests.log.appends import append, append_batch
from tests.log.waiting import PATIENCE_S, eventually


async def head(client: Client) -> int:
    return int((await changes(client, limit=1))[0]["position"])


async def test_streams_are_bounded_by_site_and_given_back(client: Client, services: Services) -> None:
    services.streams.of_api.site_max = 2
    async with stream(client), stream(client):
        await eventually(lambda: services.streams.open == 2)
        third = await client.get(CHANGES, headers=ACCEPT)
        await refused(third, 429, "api_request_limit_exceeded")
        assert int(third.headers["Retry-After"]) > 0
        assert (await client.get(CHANGES)).status == 200
    await eventually(lambda: services.streams.open == 0)
    async with stream(client):
        await eventually(lambda: services.streams.open == 1)


async def test_streams_are_bounded_by_process(client: Client, services: Services) -> None:
    services.streams.of_api.process_max = 1
    async with stream(client):
        await eventually(lambda: services.streams.open == 1)
        await refused(await client.get(CHANGES, headers=ACCEPT), 429, "api_request_limit_exceeded")


async def test_clients_that_go_away_leave_nothing_and_no_traceback(
    client: Client, services: Services, caplog: pytest.LogCaptureFixture
) -> None:
    tasks = len(asyncio.all_tasks())
    with caplog.at_level(logging.INFO):
        for _ in range(5):
            async with client.get(CHANGES, headers=ACCEPT) as response:
                response.close()
        await create(client)
        await eventually(lambda: services.streams.open == 0)
    await eventually(lambda: len(asyncio.all_tasks()) <= tasks)
    assert [record for record in caplog.records if record.levelno >= logging.WARNING or record.exc_info] == []


async def test_a_revoked_key_ends_its_streams(
    client: Client, services: Services, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(change_stream, "_KEY_CHECK_S", 0.0)
    monkeypatch.setattr(change_stream, "_TICK_S", 0.05)
    key = await services.sites.create_key(site, "short-lived", KeyKind.READ_ONLY, system_clock_ms())
    async with client.get(CHANGES, headers=ACCEPT | basic(key)) as response, stream(client) as lasting:
        await services.sites.revoke_key(site, "short-lived", system_clock_ms())
        assert await read_until_end(EventSource(response)) == []
        await create(client, id="o1")
        assert len(await take(lasting, 1)) == 1


async def test_heartbeats_keep_a_silent_stream_open(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(change_stream, "HEARTBEAT_S", 0.02)
    monkeypatch.setattr(change_stream, "_TICK_S", 0.02)
    async with stream(client) as source:
        reading = asyncio.create_task(take(source, 1))
        await eventually(lambda: source.comments >= 3)
        await create(client, id="o1")
        [event] = await reading
    assert event.data["change"]["order_id"] == "o1"


async def test_a_client_that_takes_nothing_is_cut_off(
    client: Client, services: Services, site: Site, pool: asyncpg.Pool, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_stream, "STREAM_WRITE_S_MAX", 0.1)
    start = await head(client)
    request = (
        f"GET {CHANGES} HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\nLast-Event-ID: {start}\r\n"
        f"Authorization: {basic(key)['Authorization']}\r\n\r\n"
    )
    with socket.create_connection((client.host, client.port)) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.setblocking(False)
        await asyncio.get_running_loop().sock_sendall(connection, request.encode())
        await eventually(lambda: services.streams.open == 1)
        number = 0
        async with asyncio.timeout(PATIENCE_S):
            while services.streams.open:
                places = ((f"order-{number + each}", 1) for each in range(200))
                await append_batch(pool, append(site, *places))
                services.wakeups.wake(site)
                number += 200
                await asyncio.sleep(0)
    assert number < 100_000


async def test_http_1_0_gets_a_stream_that_ends_with_the_connection(client: Client, key: str) -> None:
    start = await head(client)
    await create(client, id="o1")
    reader, writer = await asyncio.open_connection(client.host, client.port)
    writer.write(
        f"GET {CHANGES} HTTP/1.0\r\nAccept: text/event-stream\r\nLast-Event-ID: {start}\r\n"
        f"Authorization: {basic(key)['Authorization']}\r\n\r\n".encode()
    )
    async with asyncio.timeout(PATIENCE_S):
        answer = await reader.readuntil(b"\r\n\r\n")
        assert answer.startswith(b"HTTP/1.0 200")
        assert b"chunked" not in answer.lower()
        assert await reader.readuntil(b"\n\n") == b"retry: 1000\nid: %d\n\n" % start
        event = await reader.readuntil(b"\n\n")
    assert event.startswith(b'id: %d\nevent: change\ndata: {"change":{' % (start + 1))
    writer.close()
    await writer.wait_closed()


async def test_head_of_a_stream_is_its_head(client: Client, services: Services) -> None:
    response = await client.head(CHANGES, headers=ACCEPT)
    assert (response.status, await response.read()) == (200, b"")
    assert response.headers["Content-Type"] == "text/event-stream"
    assert services.streams.open == 0
    assert (await client.get(CHANGES)).status == 200


async def test_an_outage_of_the_database_only_takes_time(
    client: Client, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with stream(client) as source:
        for number in range(3):
            await owner.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            await create_in_the_end(client, id=f"o{number}")
        found = await take(source, 3)
    assert [event.data["change"]["order_id"] for event in found] == ["o0", "o1", "o2"]


async def create_in_the_end(client: Client, **params: str) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            response = await client.post(ORDERS, data={"invoice_id": "inv_0001", **params})
            if response.status != 503:
                assert response.status == 200, await response.text()
                return


async def test_a_log_that_becomes_shorter_ends_its_streams(
    own_address: Address, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(own_address) as (services, runner, site, headers):
        await append_batch(services.pool, append(site, ("order-1", 1), ("order-1", 2)))
        async with ClientSession(headers=headers) as session, session.get(url_of(runner), headers=ACCEPT) as response:
            await eventually(lambda: services.streams.open == 1)
            owner = await asyncpg.connect(**own_address.owner)
            await owner.execute("DELETE FROM ledger.event WHERE position = 2")
            await owner.execute("UPDATE ledger.head SET position = 1")
            await owner.close()
            services.wakeups.wake(site)
            assert await read_until_end(EventSource(response)) == []
    assert "the log ends at 1" in caplog.text


async def test_streams_end_in_order_when_the_process_stops(own_address: Address) -> None:
    """A response that is cut off, as all are that run for too long, would raise ClientPayloadError."""
    async with contextlib.AsyncExitStack() as stack:
        services, runner, _, headers = await stack.enter_async_context(running(own_address))
        session = await stack.enter_async_context(ClientSession(headers=headers))
        responses: list[ClientResponse] = [
            await stack.enter_async_context(session.get(url_of(runner), headers=ACCEPT)) for _ in range(3)
        ]
        await eventually(lambda: services.streams.open == 3)
        stopping = asyncio.create_task(runner.cleanup())
        for response in responses:
            assert await read_until_end(EventSource(response)) == []
        await stopping
        assert services.streams.open == 0


def url_of(runner: web.AppRunner) -> str:
    return f"http://127.0.0.1:{runner.addresses[0][1]}{CHANGES}"


@contextlib.asynccontextmanager
async def running(address: Address) -> AsyncIterator[tuple[Services, web.AppRunner, Site, dict[str, str]]]:
    """The service on a database of its own."""
    async with service_pool(address) as pool:

        async def check_ready() -> None: ...

        services = build_services(pool, check_ready=check_ready)
        site = await new_site(pool)
        key = await Sites(pool).create_key(site, "k", KeyKind.FULL, system_clock_ms())
        runner = LedgerRunner(create_app(services))
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield services, runner, site, basic(key)
        async with asyncio.timeout(PATIENCE_S):
            await runner.cleanup()
        await services.appender.close()
