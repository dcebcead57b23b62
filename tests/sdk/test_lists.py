"""Lists through the official Python SDKs 3.29.0 and 2.60.1: every filter, every sort, page by page to the end."""

from typing import Any

import pytest

from tests.contract.contract import FILTERS
from tests.sdk.calls import Sdk
from tests.serving import until

AT = 1517000000
DAY = 86_400
PAGES_MAX = 20


@pytest.fixture
def many(sdk: Sdk) -> list[str]:
    """Ids of orders of several kinds, in the order in which they were made."""
    ids = []
    for number in range(7):
        times = {"created_at": AT - number % 3, "order_date": AT + DAY * number, "shipping_date": AT + 2}
        params = {"invoice_id": "inv_0004", "status": "queued", **times}
        ids.append(sdk.call("import_order", None, params).order["id"])
    sdk.call("update", ids[0], {"status": "shipped", "shipped_at": AT + 50})
    sdk.call("cancel", ids[1], {"cancellation_reason": "others"})
    ids.append(sdk.call("resend", ids[2]).order["id"])
    ids.append(sdk.call("create", None, {"invoice_id": "inv_0001", "id": 'it\'s [1], "2"'}).order["id"])
    until(lambda: _is_told(sdk), what="the clock has told the dates of all orders, and changes none of them any more")
    return ids


def _is_told(sdk: Sdk) -> bool:
    kinds = ("order_ready_to_process", "order_ready_to_ship")
    events = sdk.events({"limit": 100, "event_type": {"in": list(kinds)}}).events
    told = {(event["content"]["order"]["id"], event["event_type"]) for event in events}
    queued = sdk.call("list", None, {"limit": 100, "status": {"is": "queued"}}).orders
    return told.issuperset((order["id"], kind) for order in queued for kind in kinds)


def _pages(sdk: Sdk, operation: str, resource_id: str | None, params: dict[str, Any]) -> list[dict[str, Any]]:
    orders: list[dict[str, Any]] = []
    offset = None
    for _ in range(PAGES_MAX):
        reply = sdk.call(operation, resource_id, {**params, "limit": 2, **({"offset": offset} if offset else {})})
        orders += reply.orders
        offset = reply.next_offset
        if offset is None:
            return orders
    raise AssertionError("the list has no end")


def test_lists_are_sorted_and_paged_to_their_end(sdk: Sdk, many: list[str]) -> None:
    whole = sdk.call("list", None, {"limit": 100}).orders
    assert sorted(order["id"] for order in whole) == sorted(many)
    assert _pages(sdk, "list", None, {}) == whole
    for direction in ("asc", "desc"):
        for attribute in ("created_at", "updated_at"):
            paged = _pages(sdk, "list", None, {"sort_by": {direction: attribute}})
            keys = [(order[attribute], order["id"]) for order in paged]
            assert keys == sorted(keys, reverse=direction == "desc")
            assert len(keys) == len(whole)


def test_every_filter_is_understood(sdk: Sdk, many: list[str]) -> None:
    whole = sdk.call("list", None, {"limit": 100}).orders
    asked = set()
    for name, condition, expected in (
        ("id", {"is": many[8]}, lambda order: order["id"] == many[8]),
        ("id", {"is_not": many[8]}, lambda order: order["id"] != many[8]),
        ("id", {"starts_with": "it's"}, lambda order: order["id"] == many[8]),
        ("id", {"in": [many[8], many[0]]}, lambda order: order["id"] in {many[8], many[0]}),
        ("id", {"not_in": [many[8], many[0]]}, lambda order: order["id"] not in {many[8], many[0]}),
        ("invoice_id", {"is": "inv_0001"}, lambda order: order["invoice_id"] == "inv_0001"),
        ("invoice_id", {"is_not": "inv_0001"}, lambda order: order["invoice_id"] != "inv_0001"),
        ("invoice_id", {"starts_with": "inv_0004"}, lambda order: order["invoice_id"] == "inv_0004"),
        ("invoice_id", {"in": ["inv_0001"]}, lambda order: order["invoice_id"] == "inv_0001"),
        ("invoice_id", {"not_in": ["inv_0001"]}, lambda order: order["invoice_id"] != "inv_0001"),
        ("subscription_id", {"is": "sub_aki"}, lambda order: "subscription_id" in order),
        ("subscription_id", {"is_not": "sub_aki"}, lambda order: "subscription_id" not in order),
        ("subscription_id", {"starts_with": "sub"}, lambda order: "subscription_id" in order),
        ("original_order_id", {"is": many[2]}, lambda order: order["is_resent"]),
        ("original_order_id", {"is_not": many[2]}, lambda order: not order["is_resent"]),
        ("original_order_id", {"starts_with": many[2]}, lambda order: order["is_resent"]),
        ("status", {"is": "queued"}, lambda order: order["status"] == "queued"),
        ("status", {"is_not": "queued"}, lambda order: order["status"] != "queued"),
        ("status", {"in": ["queued", "shipped"]}, lambda order: order["status"] in {"queued", "shipped"}),
        ("status", {"not_in": ["queued", "shipped"]}, lambda order: order["status"] not in {"queued", "shipped"}),
        ("order_type", {"is": "manual"}, lambda order: order["order_type"] == "manual"),
        ("order_type", {"is_not": "manual"}, lambda order: order["order_type"] != "manual"),
        ("order_type", {"in": ["manual"]}, lambda order: order["order_type"] == "manual"),
        ("order_type", {"not_in": ["manual"]}, lambda order: order["order_type"] != "manual"),
        ("resent_status", {"is": "fully_resent"}, lambda order: "resent_status" in order),
        ("resent_status", {"is_not": "fully_resent"}, lambda order: "resent_status" not in order),
        ("resent_status", {"in": ["fully_resent", "partially_resent"]}, lambda order: "resent_status" in order),
        ("resent_status", {"not_in": ["fully_resent"]}, lambda order: "resent_status" not in order),
        ("is_resent", {"is": True}, lambda order: order["is_resent"]),
        ("is_resent", {"is": False}, lambda order: not order["is_resent"]),
        ("created_at", {"after": AT - 1}, lambda order: order["created_at"] > AT - 1),
        ("created_at", {"before": AT}, lambda order: order["created_at"] < AT),
        ("created_at", {"on": AT}, lambda order: order["created_at"] <= AT),
        ("created_at", {"between": [AT - 1, AT]}, lambda order: AT - 1 <= order["created_at"] <= AT),
        ("updated_at", {"after": AT}, lambda order: True),
        ("updated_at", {"before": AT}, lambda order: False),
        ("updated_at", {"on": AT}, lambda order: False),
        ("updated_at", {"between": [AT, 9_999_999_999]}, lambda order: True),
        ("order_date", {"after": AT + DAY}, lambda order: order.get("order_date", 0) > AT + DAY),
        ("order_date", {"before": AT + DAY}, lambda order: order.get("order_date", 10**10) < AT + DAY),
        ("order_date", {"on": AT + DAY}, lambda order: order.get("order_date", 0) == AT + DAY),
        ("order_date", {"between": [AT, AT + DAY]}, lambda order: order.get("order_date", 0) in {AT, AT + DAY}),
        ("shipping_date", {"after": AT + 2}, lambda order: order["is_resent"]),
        ("shipping_date", {"before": AT + 3}, lambda order: order.get("shipping_date", 0) == AT + 2),
        ("shipping_date", {"on": AT + 2}, lambda order: order.get("shipping_date", 0) == AT + 2),
        ("shipping_date", {"between": [AT + 2, AT + 2]}, lambda order: order.get("shipping_date", 0) == AT + 2),
        ("shipped_at", {"after": AT + 49}, lambda order: "shipped_at" in order),
        ("shipped_at", {"before": AT + 50}, lambda order: False),
        ("shipped_at", {"on": AT + 50}, lambda order: "shipped_at" in order),
        ("shipped_at", {"between": [AT, AT + 50]}, lambda order: "shipped_at" in order),
        ("paid_on", {"after": 1767262199}, lambda order: "paid_on" in order),
        ("paid_on", {"before": 1767262201}, lambda order: "paid_on" in order),
        ("paid_on", {"on": 1767262200}, lambda order: "paid_on" in order),
        ("paid_on", {"between": [0, 1767262200]}, lambda order: "paid_on" in order),
    ):
        [operator] = condition
        asked.add((name, operator))
        found = sdk.call("list", None, {"limit": 100, name: condition}).orders
        assert found == [order for order in whole if expected(order)], (name, condition)
    assert asked == {(name, operator) for name, found in FILTERS.items() for operator in found["operators"]}


def test_orders_of_an_invoice_are_paged_latest_first(sdk: Sdk, many: list[str]) -> None:
    whole = sdk.call("orders_for_invoice", "inv_0004", {"limit": 100}).orders
    assert [order["created_at"] for order in whole] == sorted((order["created_at"] for order in whole), reverse=True)
    assert _pages(sdk, "orders_for_invoice", "inv_0004", {}) == whole
    assert {order["id"] for order in whole} == set(many[:8])


def test_an_empty_list_is_empty(sdk: Sdk) -> None:
    for operation, invoice_id in (("list", None), ("orders_for_invoice", "inv_0009")):
        reply = sdk.call(operation, invoice_id, {})
        assert (reply.orders, reply.next_offset, reply.status) == ([], None, 200)
