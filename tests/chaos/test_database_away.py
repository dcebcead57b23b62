"""A database that is down when the service starts, and one that goes away while it runs: 503, then all is well.

Nobody starts the service again, and none of its processes is replaced.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from ops.database import Address
from tests.chaos.database_relay import Relay, relay_to
from tests.chaos.load import PatientDoor
from tests.log.traffic import Asked, HttpDoor
from tests.ops.command_line import url_of
from tests.serving import PATIENCE_S, Server, starting_server, until

CREATE = Asked(operation="create", form={"invoice_id": "inv_0001"})
AWAY = (503, "1", "db_connection_failure")


@pytest.fixture
async def relay(own_address: Address) -> AsyncIterator[Relay]:
    async with relay_to(own_address.owner["host"]) as relay:
        yield relay


def url_through(relay: Relay, address: Address) -> str:
    return url_of(Address(owner=address.owner | {"host": str(relay.folder)}, service={}, is_embedded=False))


async def test_a_service_waits_for_a_database_that_is_away_at_its_start_and_later(
    relay: Relay, own_address: Address, tmp_path: Path
) -> None:
    relay.go_away()
    with starting_server(tmp_path / "data", "--database-url", url_through(relay, own_address)) as server:
        async with aiohttp.ClientSession() as client:
            port = await asyncio.to_thread(_waiting_port, server)
            server.url = f"http://127.0.0.1:{port}"
            assert await answers(client, server) == {AWAY}
            async with client.get(f"{server.url}/healthz") as response:
                assert response.status == 200
            assert "The database cannot be reached" in server.errors

            relay.come_back()
            await asyncio.to_thread(server.await_ready)
            client.headers.update(server.headers)
            workers = server.workers()
            first = await HttpDoor(client, server.url).ask(CREATE)
            assert first.acknowledged

            relay.go_away()
            async with asyncio.timeout(PATIENCE_S):
                assert await answers(client, server) == {AWAY}
            relay.come_back()
            second = await PatientDoor(client, server.url).ask(CREATE)
            assert second.acknowledged
            assert server.workers() == workers
            assert first.order
            async with client.get(f"{server.url}/api/v2/orders/{first.order['id']}") as response:
                assert (await response.json())["order"] == first.order
        assert await asyncio.to_thread(server.stop) == 0
        assert "Traceback" not in server.errors


async def answers(client: aiohttp.ClientSession, server: Server) -> set[tuple[int, str | None, str]]:
    """Status, Retry-After and code of a command, a read, a list and the readiness."""
    found = set()
    for method, path in (
        ("POST", "/api/v2/orders"),
        ("GET", "/api/v2/orders/x"),
        ("GET", "/api/v2/orders"),
        ("GET", "/readyz"),
    ):
        async with client.request(method, server.url + path, data=CREATE.form if method == "POST" else None) as told:
            found.add((told.status, told.headers.get("Retry-After"), (await told.json())["api_error_code"]))
    return found


async def test_a_service_that_waits_for_its_database_can_be_stopped(
    relay: Relay, own_address: Address, tmp_path: Path
) -> None:
    relay.freeze()
    with starting_server(tmp_path / "data", "--database-url", url_through(relay, own_address)) as server:
        relay.go_away()
        await asyncio.to_thread(_waiting_port, server)
        assert await asyncio.to_thread(server.stop) == 0
        assert "Traceback" not in server.errors


async def test_a_database_that_refuses_the_login_is_not_waited_for(own_address: Address, tmp_path: Path) -> None:
    stranger = Address(owner=own_address.owner | {"user": "nobody_knows"}, service={}, is_embedded=False)
    with starting_server(tmp_path / "data", "--database-url", url_of(stranger)) as server:
        await asyncio.to_thread(until, lambda: not server.is_running, what="the end of the service")
        assert server.stop() == 1
        assert server.errors.startswith('order-ledger: The database cannot be reached: role "nobody_knows"')


def _waiting_port(server: Server) -> int:
    """Where it listens, once it waits for its database."""
    until(lambda: not server.is_running or "until it can" in server.errors, what="it waits for its database")
    told = re.search(r"Requests to 127\.0\.0\.1:(\d+) are answered 503", server.errors)
    assert told, server.errors
    return int(told[1])
