"""GET /ledger/overview: the site at a glance, as the console shows it above its list of orders."""

from datetime import date, datetime, timedelta
from io import StringIO
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import jsonschema_rs
import msgspec
import pytest

from ledger.consumer import catch_up
from ledger.ids import Site, system_clock_ms
from ledger.limits import OVERVIEW_DAYS
from ledger.sites import KeyKind, Sites
from ops.invoice_loading import load_file
from projections import overview as overviews
from projections.changes.index import ChangeIndex
from projections.overview import last_days
from tests.api.description import DOCUMENT
from tests.api.requests import ORDERS, Client, basic, create, import_order, refused
from tests.conftest import new_site

OVERVIEW = "/api/v2/ledger/overview"


async def overview(client: Client, headers: dict[str, str] | None = None) -> dict[str, Any]:
    answer = await client.get(OVERVIEW, headers=headers)
    told: dict[str, Any] = await answer.json()
    assert answer.status == 200, told
    jsonschema_rs.validate({**DOCUMENT, "$ref": "#/components/schemas/OverviewAnswer"}, told)
    found: dict[str, Any] = told["overview"]
    return found


async def test_it_counts_orders_by_status_and_events_by_day(client: Client, pool: asyncpg.Pool, site: Site) -> None:
    for status in ("queued", "queued", "shipped"):
        await import_order(client, status=status)
    gone = await import_order(client)
    await client.post(f"{ORDERS}/{gone['id']}/delete")
    await catch_up(pool, ChangeIndex(), site)
    found = await overview(client)
    assert found["statuses"] == [
        {"status": "queued", "orders": 2, "is_bounded": False},
        {"status": "shipped", "orders": 1, "is_bounded": False},
    ]
    assert len(found["days"]) == OVERVIEW_DAYS
    recorded = await pool.fetchval("SELECT count(*) FROM ledger.event WHERE site = $1", site)
    # A run that passes midnight has some on the day before.
    assert sum(day["events"] for day in found["days"][-2:]) == recorded
    assert {day["events"] for day in found["days"][:-2]} == {0}
    assert found["time_zone"] == "UTC"
    now = system_clock_ms() // 1000
    assert 0 <= now - found["days"][-1]["begins_at"] < 2 * 86_400


async def test_counts_end_at_their_bound_and_say_so(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        await create(client)
    monkeypatch.setattr(overviews, "OVERVIEW_COUNT_MAX", 2)
    assert (await overview(client))["statuses"] == [{"status": "new", "orders": 2, "is_bounded": True}]


def test_days_begin_at_midnight_of_the_zone_also_where_the_clock_changes() -> None:
    zone = ZoneInfo("Europe/Berlin")
    days = [datetime.fromtimestamp(day, zone) for day in last_days(1774785600, zone)]  # 2026-03-29, 12:00 UTC
    assert {(day.hour, day.minute, day.second) for day in days} == {(0, 0, 0)}
    assert [day.date() for day in days[-2:]] == [date(2026, 3, 29), date(2026, 3, 30)]
    assert {after.date() - day.date() for day, after in pairwise(days)} == {timedelta(days=1)}
    assert len(days) == OVERVIEW_DAYS + 1
    assert days[-1].timestamp() - days[-2].timestamp() == 23 * 3600


async def test_it_is_of_ones_own_site_and_not_for_a_part_of_it(client: Client, pool: asyncpg.Pool, site: Site) -> None:
    await create(client)
    await catch_up(pool, ChangeIndex(), site)
    reader = await Sites(pool).create_key(site, "reader", KeyKind.READ_ONLY, system_clock_ms())
    assert await overview(client, basic(reader)) == await overview(client)
    key = await Sites(pool).create_key(await new_site(pool), "k", KeyKind.READ_ONLY, system_clock_ms())
    elsewhere = await overview(client, basic(key))
    assert "statuses" not in elsewhere
    assert {day["events"] for day in elsewhere["days"]} == {0}
    invoice = {"id": "inv_be", "status": "paid", "currency_code": "USD", "line_items": [], "business_entity_id": "be_1"}
    assert (await load_file(pool, site, StringIO(msgspec.json.encode(invoice).decode()))).loaded == 1
    restricted = await client.get(OVERVIEW, headers={"chargebee-business-entity-id": "be_1"})
    await refused(restricted, 403, "api_authorization_failed")
