"""A database of every released version, with its data, is brought to this version: nothing is lost, and all works."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from aiohttp.test_utils import TestClient

from api.app import create_app
from api.services import Services, build_services
from ledger.consumer import catch_up
from ledger.ids import Site, system_clock_ms
from ledger.processes.order_clock import OrderClock
from ledger.sites import KeyKind
from ops import migrations
from ops.database import Address, bring_up_to_date, service_pool
from ops.migrations import MIGRATIONS, MigrationsPending, pending
from ops.serving.configuration import Signing
from ops.serving.consumers import consumers
from ops.serving.processes import generation_of
from ops.target import Target
from ops.verification import verify_site
from tests.api.requests import basic
from tests.ops.upgrade.given import RELEASED, answered_orders, data_folder, known_to, load_rows

SITE = Site("acme")


@pytest.fixture(params=RELEASED, ids=lambda number: f"{number:03}")
def release(request: pytest.FixtureRequest) -> int:
    number: int = request.param
    return number


@pytest.fixture
async def address(
    release: int, superuser: dict[str, Any], worker_id: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Address]:
    """A database as a service of the release left it."""
    name = f"release_{worker_id}_{release}"
    server = await asyncpg.connect(**superuser)
    await server.execute(f'CREATE DATABASE "{name}"')
    owner = superuser | {"database": name}
    address = Address(owner=owner, service=owner | {"user": "order_ledger_service"}, is_embedded=False)
    with monkeypatch.context() as older:
        older.setattr(migrations, "MIGRATIONS", known_to(release))
        await bring_up_to_date(address)
    await load_rows(address, release)
    yield address
    await server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    await server.close()


async def test_a_database_of_every_release_is_upgraded_with_all_that_is_in_it(
    release: int,
    address: Address,
    tmp_path: Path,
    aiohttp_client: Callable[..., Awaitable[TestClient[Any, Any]]],
) -> None:
    target = data_folder(release, tmp_path)
    assert await bring_up_to_date(address) == len(MIGRATIONS) - len(known_to(release))
    async with service_pool(address) as pool:
        services = _services(pool, target)
        key = await services.sites.create_key(SITE, "upgraded", KeyKind.FULL, system_clock_ms())
        client = await aiohttp_client(create_app(services), headers=basic(key))

        # Every order is answered as it was; later versions may tell more of it.
        orders = (await _get(client, "/orders?limit=100"))["list"]
        assert [_as_before(entry["order"], old) for entry, old in zip(orders, answered_orders(release), strict=True)]
        await _follow(pool, services, target)
        await _assert_sound(pool, target)

        # And the service works on what was there, and writes down more.
        changed = await _post(client, "/orders/first", note="after the upgrade")
        assert changed["order"]["note"] == "after the upgrade"
        line = next(each["order"] for each in orders if each["order"]["id"] == "second")["order_line_items"][0]["id"]
        resent = await _post(
            client,
            "/orders/second/resend",
            **{"order_line_items[id][0]": line, "order_line_items[fulfillment_quantity][0]": "1"},
        )
        assert resent["order"]["original_order_id"] == "second"
        history = await _get(client, "/orders/first/history")
        assert len(history["list"]) == 3
        await _follow(pool, services, target)
        await _assert_sound(pool, target)
        await services.appender.close()


async def _follow(pool: asyncpg.Pool, services: Services, target: Target) -> None:
    """What the background process does."""
    signing = Signing(keys_dir=str(target.keys.path), anchors_dir=str(target.anchors.folder))
    for consumer in (*consumers(signing), generation_of(services), OrderClock()):
        await catch_up(pool, consumer, SITE)


async def _assert_sound(pool: asyncpg.Pool, target: Target) -> None:
    verified = await verify_site(pool, SITE, target, full=True)
    assert verified.audit.fault is None
    assert verified.audit.views is not None
    assert verified.audit.log.size > 20


def _services(pool: asyncpg.Pool, target: Target) -> Services:
    async def check_ready() -> None:
        async with pool.acquire() as connection:
            if await pending(connection):
                raise MigrationsPending

    return build_services(pool, check_ready=check_ready, keys=target.keys, anchors=target.anchors)


def _as_before(order: dict[str, Any], old: dict[str, Any]) -> bool:
    assert {name: order.get(name) for name in old} == old
    return True


async def _get(client: TestClient[Any, Any], path: str) -> dict[str, Any]:
    async with client.get(f"/api/v2{path}") as response:
        assert response.status == 200, await response.text()
        answer: dict[str, Any] = await response.json()
        return answer


async def _post(client: TestClient[Any, Any], path: str, **form: str) -> dict[str, Any]:
    async with client.post(f"/api/v2{path}", data=form) as response:
        assert response.status == 200, await response.text()
        answer: dict[str, Any] = await response.json()
        return answer
