"""Which event is delivered where: by the endpoints that were there when it happened, once, and never on a replay."""

from typing import Any

import pytest

from ledger.consumer import ConsumerCheckpoint
from ledger.ids import Position
from ledger.limits import WEBHOOK_NEXT_ENDPOINT_S
from ledger.store import Store
from ledger.vocabulary import WebhookStatus
from projections.webhooks.deliveries import Deliveries
from projections.webhooks.statuses import CONSUMER, deliveries, positions_with_status, statuses_at
from tests.webhooks.conftest import Shop

URL = "https://shop.example.com/hook"


async def head(shop: Shop) -> Position:
    """The last position of the site."""
    position = await Store(shop.pool).head_position(shop.site)
    assert position is not None
    return position


async def webhook_status(shop: Shop, event_id: str) -> str:
    """What the Events API says of an event."""
    event: dict[str, Any] = (await (await shop.client.get(f"/api/v2/events/{event_id}")).json())["event"]
    status: str = event["webhook_status"]
    return status


async def test_events_of_before_the_first_endpoint_are_not_delivered(shop: Shop) -> None:
    before = await shop.order()
    endpoint = await shop.endpoint(URL)
    await shop.order()
    await shop.plan()
    assert await shop.rows("endpoint_id", "status") == [(endpoint["id"], "scheduled")]
    assert await webhook_status(shop, before) == "not_configured"


async def test_without_an_endpoint_there_are_no_deliveries(shop: Shop) -> None:
    event_id = await shop.order()
    await shop.plan()
    assert await shop.rows("status") == []
    assert await webhook_status(shop, event_id) == "not_configured"


async def test_an_endpoint_takes_the_types_that_it_names(shop: Shop) -> None:
    await shop.endpoint(URL, **{"enabled_events[0]": "order_deleted", "enabled_events[1]": "order_updated"})
    await shop.endpoint(URL, **{"enabled_events[0]": "order_created"})
    await shop.order()
    await shop.plan()
    assert await shop.rows("place", "status") == [(0, "not_applicable"), (1, "scheduled")]


@pytest.mark.parametrize("header", ["chargebee_event_webhook", "chargebee_event_actions"])
async def test_an_event_that_is_to_be_kept_quiet_is_skipped(shop: Shop, header: str) -> None:
    await shop.endpoint(URL)
    event_id = await shop.order(**{header: "all-disabled"})
    await shop.order(chargebee_event_email="all-disabled")
    await shop.plan()
    assert await shop.statuses() == ["skipped", "scheduled"]
    assert await webhook_status(shop, event_id) == "skipped"


async def test_events_that_are_not_of_orders_are_not_delivered(shop: Shop) -> None:
    await shop.endpoint(URL)
    await shop.endpoint(URL)
    await shop.plan()
    assert await shop.rows("status") == []


async def test_each_event_is_planned_with_the_endpoints_of_its_moment(shop: Shop) -> None:
    first = await shop.endpoint(URL)
    await shop.order()
    second = await shop.endpoint(URL)
    await shop.order()
    await shop.change_endpoint(first["id"], disabled="true")
    await shop.order()
    await shop.change_endpoint(first["id"], "/delete")
    await shop.order()
    await shop.plan()
    assert await shop.rows("endpoint_id", "status") == [
        (first["id"], "disabled"),
        (first["id"], "disabled"),
        (second["id"], "scheduled"),
        (first["id"], "disabled"),
        (second["id"], "scheduled"),
        (second["id"], "scheduled"),
    ]


async def test_a_status_is_told_before_the_planner_has_come_to_the_event(shop: Shop) -> None:
    """An event that is to be delivered never shows ``not_configured`` first."""
    await shop.endpoint(URL, **{"enabled_events[0]": "order_created"})
    event_id = await shop.order()
    assert await shop.rows("status") == []
    assert await webhook_status(shop, event_id) == "scheduled"
    last = await head(shop)
    assert (await deliveries(shop.pool, shop.site, [last]))[last].webhook_status is WebhookStatus.SCHEDULED
    await shop.plan()
    assert await webhook_status(shop, event_id) == "scheduled"


async def test_the_status_of_an_event_is_that_of_the_primary_endpoint(shop: Shop) -> None:
    await shop.endpoint(URL)
    await shop.endpoint(URL, primary_url="true", disabled="true")
    event_id = await shop.order()
    await shop.plan()
    assert await webhook_status(shop, event_id) == "disabled"
    last = await head(shop)
    statuses = await statuses_at(shop.pool, shop.site, [last, Position(1)])
    assert statuses == {
        last: {WebhookStatus.SCHEDULED, WebhookStatus.DISABLED},
        Position(1): {WebhookStatus.NOT_CONFIGURED},
    }
    for status in (WebhookStatus.SCHEDULED, WebhookStatus.DISABLED):
        assert await positions_with_status(shop.pool, shop.site, [status], Position(1), last, limit=9) == [last]
    both = [WebhookStatus.SCHEDULED, WebhookStatus.DISABLED]
    assert await positions_with_status(shop.pool, shop.site, both, Position(1), last, limit=9) == [last]
    assert await positions_with_status(shop.pool, shop.site, both, Position(1), Position(last - 1), limit=9) == []


async def test_each_event_is_planned_once(shop: Shop) -> None:
    await shop.endpoint(URL)
    await shop.order()
    await shop.plan()
    await shop.plan()
    assert await shop.statuses() == ["scheduled"]
    assert await ConsumerCheckpoint(shop.pool, shop.site, CONSUMER).load() == await head(shop)


async def test_what_is_beyond_the_room_of_an_endpoint_is_rate_limited(shop: Shop) -> None:
    await shop.endpoint(URL)
    for _ in range(4):
        await shop.order()
    await shop.plan(waiting_max=3)
    await shop.order()
    await shop.plan(waiting_max=3)
    assert await shop.statuses() == ["scheduled", "scheduled", "scheduled", "rate_limited", "rate_limited"]
    assert (await shop.rows("failure_reason"))[-1] == ("too many deliveries were waiting at the endpoint",)


async def test_each_endpoint_of_an_event_has_its_turn(shop: Shop) -> None:
    await shop.endpoint(URL)
    await shop.endpoint(URL, disabled="true")
    await shop.endpoint(URL)
    await shop.order()
    await shop.plan()
    wait_ms = int(WEBHOOK_NEXT_ENDPOINT_S * 1000)
    assert await shop.rows("due_at") == [(shop.clock.now_ms,), (None,), (shop.clock.now_ms + wait_ms,)]


async def test_deliveries_are_forgotten_after_ninety_days(shop: Shop) -> None:
    await shop.endpoint(URL)
    await shop.order()
    first_at = shop.clock.now_ms
    shop.clock.pass_s(60)
    await shop.order()
    await shop.plan()
    found = Deliveries(shop.pool)
    assert await found.forget(shop.site, first_at) == 0
    assert await found.forget(shop.site, first_at + 1) == 1
    assert await found.forget(shop.site, first_at + 1) == 0
    assert len(await shop.rows("status")) == 1
