"""The Events API through the official Python SDKs 3.29.0 and 2.60.1: what they list and retrieve, they understand."""

from typing import Any

import pytest

from ledger.ids import system_clock_ms
from tests.contract.contract import CONTRACT
from tests.sdk.calls import Refused, Sdk

AT = 1517000000
DATE = 9_000_000_000
PAGES_MAX = 20


@pytest.fixture
def order_id(sdk: Sdk) -> str:
    """An order that was imported, noted, numbered, cancelled, reopened and delivered. No date of it is reached."""
    dates = {"order_date": DATE, "shipping_date": DATE}
    params = {"invoice_id": "inv_0002", "status": "queued", "created_at": AT, **dates}
    made: str = sdk.call("import_order", None, params).order["id"]
    sdk.call("update", made, {"note": "mind the dog"})
    sdk.call("assign_order_number", made)
    sdk.call("cancel", made, {"cancellation_reason": "others"})
    sdk.call("reopen", made)
    sdk.call("update", made, {"status": "delivered"})
    return made


def _types(sdk: Sdk, **params: Any) -> list[str]:
    return [event["event_type"] for event in sdk.events({"limit": 100, **params}).events]


def test_events_are_listed_latest_first_and_paged_to_their_end(sdk: Sdk, order_id: str) -> None:
    whole = sdk.events({"limit": 100})
    assert [event["event_type"] for event in whole.events][::-1] == [
        "order_created",
        "order_updated",
        "order_updated",
        "order_cancelled",
        "order_updated",
        "order_delivered",
    ]
    found: list[dict[str, Any]] = []
    offset = None
    for _ in range(PAGES_MAX):
        reply = sdk.events({"limit": 2, **({"offset": offset} if offset else {})})
        found += reply.events
        offset = reply.next_offset
        if offset is None:
            break
    assert found == whole.events
    ascending = sdk.events({"limit": 100, "sort_by": {"asc": "occurred_at"}})
    assert ascending.events == whole.events[::-1]


def test_the_sdks_read_every_member_and_the_order_in_the_content(sdk: Sdk, order_id: str) -> None:
    reply = sdk.events({"limit": 100})
    for event, shown, order in zip(reply.events, reply.shown, reply.orders, strict=True):
        members = {name for name in CONTRACT["event"]["fields"] if name in event} - {"content", "site_id"}
        assert {name: shown[name] for name in members} == {name: event[name] for name in members}
        assert order["id"] == event["content"]["order"]["id"]
        assert order["resource_version"] == event["content"]["order"]["resource_version"]
    assert {order["id"] for order in reply.orders} == {order_id}
    statuses = [order["status"] for order in reply.orders]
    assert statuses[::-1] == ["queued", "queued", "queued", "cancelled", "queued", "delivered"]


def test_an_event_is_retrieved_by_its_id(sdk: Sdk, order_id: str) -> None:
    for event in sdk.events({"limit": 100}).events:
        reply = sdk.event(event["id"])
        assert reply.events == [event]
    with pytest.raises(Refused) as refused:
        sdk.event("ev___test__nobody")
    assert (refused.value.status, refused.value.api_error_code) == (404, "resource_not_found")
    assert refused.value.kind == "InvalidRequestError"


def test_every_filter_is_understood(sdk: Sdk, order_id: str) -> None:
    whole = sdk.events({"limit": 100}).events
    first = whole[-1]
    now = system_clock_ms() // 1000
    for name, condition, expected in (
        ("id", {"is": first["id"]}, [first]),
        ("id", {"is_not": first["id"]}, whole[:-1]),
        ("id", {"starts_with": first["id"]}, [first]),
        ("id", {"in": [first["id"], whole[0]["id"]]}, [whole[0], first]),
        ("id", {"not_in": [first["id"], whole[0]["id"]]}, whole[1:-1]),
        ("webhook_status", {"is": "not_configured"}, whole),
        ("webhook_status", {"is_not": "not_configured"}, []),
        ("webhook_status", {"in": ["failed", "not_configured"]}, whole),
        ("webhook_status", {"not_in": ["failed", "succeeded"]}, whole),
        ("source", {"is": "api"}, whole),
        ("source", {"is_not": "api"}, []),
        ("source", {"in": ["system", "api"]}, whole),
        ("source", {"not_in": ["system", "api"]}, []),
        ("occurred_at", {"after": now - 600}, whole),
        ("occurred_at", {"before": now - 600}, []),
        ("occurred_at", {"between": [now - 600, now + 600]}, whole),
    ):
        assert sdk.events({"limit": 100, name: condition}).events == expected, (name, condition)
    assert _types(sdk, event_type={"is": "order_cancelled"}) == ["order_cancelled"]
    assert _types(sdk, event_type={"in": ["order_delivered", "order_cancelled"]}) == [
        "order_delivered",
        "order_cancelled",
    ]
    assert _types(sdk, event_type={"is_not": "order_created"})[-1] == "order_updated"
    assert set(_types(sdk, event_type={"not_in": ["order_created", "order_updated"]})) == {
        "order_cancelled",
        "order_delivered",
    }
    assert _types(sdk, start_time=now + 600) == _types(sdk, end_time=now - 600) == []
    assert sdk.events({"limit": 100, "start_time": first["occurred_at"], "end_time": now + 600}).events == whole


def test_a_filter_that_is_wrong_is_refused_with_its_name(sdk: Sdk) -> None:
    with pytest.raises(Refused) as refused:
        sdk.events({"event_type": {"is": "order_lost"}})
    assert (refused.value.status, refused.value.param) == (400, "event_type[is]")
