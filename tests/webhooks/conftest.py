"""A site whose events are delivered under a clock that only the test moves."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from io import StringIO
from typing import Any

import asyncpg
import msgspec
import pytest
from aiohttp.test_utils import TestClient

from api.app import create_app
from api.services import Services, build_services
from ledger.consumer import catch_up
from ledger.ids import Site, system_clock_ms
from ledger.limits import WEBHOOK_WAITING_MAX
from ledger.probe import NO_PROBE, Probe
from ledger.sites import KeyKind, Sites
from ops.database import Address, service_pool
from ops.invoice_loading import load_file
from ops.webhooks.calls import EndpointCalls
from ops.webhooks.delivery_loop import DeliveryLoop
from projections.webhooks.planner import DeliveryPlanner
from tests.api.conftest import client, key
from tests.api.requests import Client, basic
from tests.conftest import new_site
from tests.log.waiting import PATIENCE_S, eventually
from tests.webhooks.receiver import Receiver

__all__ = ["Clock", "Shop", "client", "clock", "key", "shop"]

ENDPOINTS = "/api/v2/webhook_endpoints"
_LOOK_S = 0.005


class Clock:
    """Milliseconds since 1970, moved by the test."""

    def __init__(self) -> None:
        self.now_ms = 1_800_000_000_000

    def __call__(self) -> int:
        return self.now_ms

    def pass_s(self, seconds: float) -> None:
        """Let time pass."""
        self.now_ms += int(seconds * 1000)


class Shop:
    """A site with a client, in a database of its own, and what delivers its events."""

    def __init__(self, pool: asyncpg.Pool, site: Site, client: Client, services: Services, clock: Clock) -> None:
        self.pool = pool
        self.site = site
        self.client = client
        self.services = services
        self.clock = clock

    async def endpoint(self, url: str, **members: Any) -> dict[str, Any]:
        """A new endpoint."""
        response = await self.client.post(ENDPOINTS, data={"name": "shop", "url": url, **members})
        assert response.status == 200, await response.text()
        endpoint: dict[str, Any] = (await response.json())["webhook_endpoint"]
        return endpoint

    async def change_endpoint(self, endpoint_id: str, action: str = "", **members: Any) -> dict[str, Any]:
        """An endpoint changed, or deleted."""
        response = await self.client.post(f"{ENDPOINTS}/{endpoint_id}{action}", data=members)
        assert response.status == 200, await response.text()
        endpoint: dict[str, Any] = (await response.json())["webhook_endpoint"]
        return endpoint

    async def order(self, **headers: str) -> str:
        """A new order; returns the id of its event."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        response = await self.client.post("/api/v2/orders", data={"invoice_id": "inv_0001"}, headers=named)
        assert response.status == 200, await response.text()
        event_id: str = await self.pool.fetchval(
            "SELECT event_id FROM ledger.event WHERE site = $1 ORDER BY position DESC LIMIT 1", self.site
        )
        return event_id

    async def plan(self, *, waiting_max: int = WEBHOOK_WAITING_MAX) -> None:
        """Let the planner catch up with the log."""
        await catch_up(self.pool, DeliveryPlanner(self.clock, waiting_max=waiting_max), self.site)

    async def rows(self, *columns: str) -> list[tuple[Any, ...]]:
        """Columns of all deliveries, by position and place."""
        rows = await self.pool.fetch(
            "SELECT * FROM ledger.webhook_delivery WHERE site = $1 ORDER BY position, place", self.site
        )
        return [tuple(row[column] for column in columns) for row in rows]

    async def statuses(self) -> list[str]:
        """The statuses of all deliveries, by position and place."""
        return [status for (status,) in await self.rows("status")]

    @contextlib.asynccontextmanager
    async def delivering(
        self, *, allow_private: bool = True, loops: int = 1, probe: Probe = NO_PROBE
    ) -> AsyncIterator[None]:
        """Delivery loops, as services run them."""
        async with contextlib.AsyncExitStack() as stack:
            tasks = []
            for _ in range(loops):
                calls = await stack.enter_async_context(EndpointCalls(allow_private=allow_private))
                loop = DeliveryLoop(self.pool, calls, clock_ms=self.clock, look_s=0.01, probe=probe)
                tasks.append(asyncio.create_task(loop.run()))
            try:
                yield
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    async def until(self, *statuses: str) -> None:
        """Wait until the deliveries have these statuses and nobody makes a call."""

        async with asyncio.timeout(PATIENCE_S):
            while True:
                found = await self.rows("status", "claim")
                if [status for status, _ in found] == list(statuses) and not any(claim for _, claim in found):
                    return
                await asyncio.sleep(_LOOK_S)

    async def until_called(self, receiver: Receiver, times: int) -> None:
        """Wait until a receiver was called so often."""
        await eventually(lambda: len(receiver.calls) >= times)


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still."""
    return Clock()


@pytest.fixture
async def shop(
    own_address: Address,
    clock: Clock,
    aiohttp_client: Callable[..., Awaitable[TestClient[Any, Any]]],
    sample_invoices: dict[str, dict[str, Any]],
) -> AsyncIterator[Shop]:
    """A site in a database of its own: the loop delivers for all sites of a database."""

    async def check_ready() -> None:
        """Always."""

    async with service_pool(own_address, size_max=12) as pool:
        site = await new_site(pool)
        own_key = await Sites(pool).create_key(site, "full_access_key_v1", KeyKind.FULL, system_clock_ms())
        lines = "\n".join(msgspec.json.encode(invoice).decode() for invoice in sample_invoices.values())
        assert (await load_file(pool, site, StringIO(lines))).refused == []
        services = build_services(pool, clock_ms=clock, check_ready=check_ready, webhook_ports=range(1, 65536))
        own_client = await aiohttp_client(create_app(services), headers=basic(own_key))
        yield Shop(pool, site, own_client, services, clock)
        await services.appender.close()
