"""How much a site may ask: told when to come again, never queued without end."""

from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest

from api.app import create_app
from api.services import build_services
from api.traffic import Traffic
from ledger.errors import RequestLimitExceeded, TemporaryError
from ledger.ids import Site
from ledger.limits import REQUESTS_IN_FLIGHT_MAX
from tests.api.requests import ORDERS, basic, refused

SITE = Site("s")


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_there_is_no_limit_unless_one_is_set() -> None:
    traffic = Traffic()
    for _ in range(10_000):
        traffic.count(SITE)


def test_a_site_that_has_asked_enough_is_told_when_to_come_again() -> None:
    clock = Clock()
    traffic = Traffic(3, clock)
    for _ in range(3):
        traffic.count(SITE)
    clock.now += 20.5
    with pytest.raises(RequestLimitExceeded) as refusal:
        traffic.count(SITE)
    assert refusal.value.retry_after_s == 40
    clock.now += 40
    traffic.count(SITE)


def test_sites_are_counted_apart() -> None:
    traffic = Traffic(1)
    traffic.count(SITE)
    traffic.count(Site("other"))
    with pytest.raises(RequestLimitExceeded):
        traffic.count(SITE)


def test_a_process_takes_on_a_bounded_number_of_requests() -> None:
    traffic = Traffic()
    traffic.in_flight = REQUESTS_IN_FLIGHT_MAX
    with pytest.raises(TemporaryError) as refusal, traffic.request():
        pass
    assert refusal.value.retry_after_s == 1
    traffic.in_flight = 0
    with traffic.request():
        assert traffic.in_flight == 1
    assert traffic.in_flight == 0


async def test_the_limit_is_429_with_whole_seconds(
    pool: asyncpg.Pool, key: str, aiohttp_client: Callable[..., Awaitable[Any]]
) -> None:
    async def check_ready() -> None: ...

    services = build_services(pool, check_ready=check_ready, requests_per_minute=2)
    client = await aiohttp_client(create_app(services), headers=basic(key))
    for _ in range(2):
        assert (await client.get(ORDERS)).status == 200
    response = await client.get(ORDERS)
    body = await refused(response, 429, "api_request_limit_exceeded")
    assert body["type"] == "operation_failed"
    assert 1 <= int(response.headers["Retry-After"]) <= 60
    # Who has no key uses up nobody's share, and health is not counted.
    assert (await client.get(ORDERS, headers=basic("wrong"))).status == 401
    assert (await client.get("/healthz")).status == 200
