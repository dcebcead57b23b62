"""GET /ledger/webhook_deliveries and its counts: what became of deliveries, as the console shows it."""

from typing import Any

import jsonschema_rs
import pytest

from ledger.ids import system_clock_ms
from ledger.sites import KeyKind, Sites
from tests.api.description import DOCUMENT
from tests.api.requests import basic, every_page, refused
from tests.conftest import new_site
from tests.webhooks.conftest import Shop
from tests.webhooks.receiver import answer, receiving

DELIVERIES = "/api/v2/ledger/webhook_deliveries"


async def listed(shop: Shop, headers: dict[str, str] | None = None, **params: str) -> list[dict[str, Any]]:
    return await every_page(shop.client, DELIVERIES, "webhook_delivery", headers, **params)


async def counted(shop: Shop, headers: dict[str, str] | None = None) -> dict[str, Any]:
    response = await shop.client.get(f"{DELIVERIES}/counts", headers=headers)
    told: dict[str, Any] = await response.json()
    assert response.status == 200, told
    jsonschema_rs.validate({**DOCUMENT, "$ref": "#/components/schemas/WebhookDeliveryCountsAnswer"}, told)
    found: dict[str, Any] = told["webhook_delivery_counts"]
    return found


async def test_deliveries_are_listed_with_their_outcome_and_counted_without_a_secret(shop: Shop) -> None:
    async with receiving(answer(500)) as broken, receiving() as sound:
        secret = {"basic_auth_username": "ledger", "basic_auth_password": "s3cret"}
        failing = (await shop.endpoint(f"{broken.url()}?token=t0ken", **secret))["id"]
        taking = (await shop.endpoint(sound.url()))["id"]
        events = [await shop.order() for _ in range(2)]
        await shop.plan()
        async with shop.delivering():
            await shop.until(*["re_scheduled", "succeeded"] * 2)
    await shop.order()
    await shop.plan()
    response = await shop.client.get(DELIVERIES, params={"limit": 100})
    told = await response.json()
    jsonschema_rs.validate({**DOCUMENT, "$ref": "#/components/schemas/WebhookDeliveryList"}, told)
    deliveries = [entry["webhook_delivery"] for entry in told["list"]]
    assert [each["position"] for each in deliveries] == sorted((each["position"] for each in deliveries), reverse=True)
    assert {each["status"] for each in deliveries[:2]} == {"scheduled"}
    assert all(each["calls"] == 0 and "last_call_at_ms" not in each for each in deliveries[:2])
    [failed] = [each for each in deliveries if (each["event_id"], each["endpoint_id"]) == (events[0], failing)]
    assert failed.pop("position") < deliveries[0]["position"]
    assert failed.pop("recorded_at_ms") <= shop.clock.now_ms
    assert failed == {
        "event_id": events[0],
        "event_type": "order_created",
        "endpoint_id": failing,
        "status": "re_scheduled",
        "failure_reason": "answered with status 500",
        "calls": 1,
        "last_call_at_ms": shop.clock.now_ms,
        "next_call_at_ms": shop.clock.now_ms + 120_000,
        "object": "webhook_delivery",
    }
    statuses = {
        each["endpoint_id"]: [(count["status"], count["deliveries"]) for count in each["statuses"]]
        for each in (await counted(shop))["endpoints"]
    }
    assert statuses == {
        failing: [("re_scheduled", 2), ("scheduled", 1)],
        taking: [("scheduled", 1), ("succeeded", 2)],
    }
    counts = await (await shop.client.get(f"{DELIVERIES}/counts")).text()
    for text in (await response.text(), counts):
        assert not [each for each in ("s3cret", "t0ken", "ledger:", "http://") if each in text]


async def test_filters_and_pages_hold_together(shop: Shop) -> None:
    async with receiving(answer(500)) as broken, receiving() as sound:
        failing, taking = (await shop.endpoint(broken.url()))["id"], (await shop.endpoint(sound.url()))["id"]
        for _ in range(3):
            await shop.order()
        await shop.plan()
        async with shop.delivering():
            await shop.until(*["re_scheduled", "succeeded"] * 3)
    whole = await listed(shop)
    assert len(whole) == 6
    assert await listed(shop, limit="1") == await listed(shop, limit="4") == whole
    failed = [each for each in whole if each["status"] == "re_scheduled"]
    for filters in (
        {"status__is": "re_scheduled"},
        {"status__in": '["failed","re_scheduled","rate_limited"]'},
        {"status__not_in": '["succeeded"]'},
        {"status__is_not": "succeeded", "limit": "2"},
        {"endpoint_id__is": failing},
        {"endpoint_id__in": f'["{failing}","nobody"]', "status__is": "re_scheduled"},
    ):
        assert await listed(shop, **filters) == failed, filters
    assert await listed(shop, status__is="re_scheduled", endpoint_id__is=taking) == []
    assert await listed(shop, endpoint_id__is=taking, endpoint_id__in=f'["{failing}"]') == []
    assert await listed(shop, status__is="not_configured") == []
    offset = (await (await shop.client.get(DELIVERIES, params={"limit": 1})).json())["next_offset"]
    other = await shop.client.get(DELIVERIES, params={"limit": 1, "offset": offset, "status[is]": "succeeded"})
    await refused(other, 400, "param_wrong_value", "offset")


@pytest.mark.parametrize(
    ("name", "value"), [("status[is]", "broken"), ("status[after]", "failed"), ("endpoint_id[is]", "")]
)
async def test_a_filter_that_means_nothing_is_refused(shop: Shop, name: str, value: str) -> None:
    response = await shop.client.get(DELIVERIES, params={name: value})
    assert response.status == 400
    assert (await response.json())["param"] == name


async def test_an_endpoint_that_is_gone_still_has_its_deliveries(shop: Shop) -> None:
    gone = (await shop.endpoint("https://shop.example.com/hook"))["id"]
    await shop.order()
    await shop.plan()
    await shop.change_endpoint(gone, "/delete")
    await shop.plan()
    kept = (await shop.endpoint("https://shop.example.com/hook"))["id"]
    [first, second] = (await counted(shop))["endpoints"]
    assert first == {"endpoint_id": kept}
    assert (second["endpoint_id"], second["is_deleted"]) == (gone, True)
    assert second["statuses"] == [{"status": "disabled", "deliveries": 1}]
    assert [each["endpoint_id"] for each in await listed(shop)] == [gone]


async def test_a_site_sees_its_own_deliveries_and_a_restricted_caller_those_of_the_site(shop: Shop) -> None:
    await shop.endpoint("https://shop.example.com/hook")
    await shop.order()
    await shop.plan()
    reader = basic(await Sites(shop.pool).create_key(shop.site, "reader", KeyKind.READ_ONLY, system_clock_ms()))
    await shop.services.store.note_business_entity(shop.site, "be_1")
    for headers in (reader, {"chargebee-business-entity-id": "be_1"}):
        assert await listed(shop, headers) == await listed(shop)
        assert await counted(shop, headers) == await counted(shop)
    stranger = basic(await Sites(shop.pool).create_key(await new_site(shop.pool), "k", KeyKind.FULL, system_clock_ms()))
    assert await listed(shop, stranger) == []
    assert await counted(shop, stranger) == {"object": "webhook_delivery_counts"}
