"""Which status may follow which, for every pair of them, over real HTTP (chargebee/orders.md, section 5)."""

import itertools
from typing import Any

from tests.api.requests import Client
from tests.contract.contract import CONTRACT
from tests.contract.http.orders import created, imported
from tests.contract.http.wire import post, retrieved

TABLE: dict[str, list[str]] = CONTRACT["status"]["update_transitions"]["table"]
CURRENT: list[str] = CONTRACT["status"]["current"]
LEGACY: list[str] = CONTRACT["status"]["legacy"]
EVERY = sorted({*CURRENT, *LEGACY})

SETS_TIME = {"shipped": "shipped_at", "delivered": "delivered_at", "cancelled": "cancelled_at"}


async def _manual(client: Client, status: str) -> dict[str, Any]:
    """A manual order that has come to this status."""
    if status in LEGACY:
        return await created(client, status=status)
    order = await created(client)
    for step in {"returned": ["delivered", "returned"]}.get(status, [status]):
        order = (await post(client, "update", [("status", step)], order["id"])).order
    return order


async def test_a_manual_order_changes_as_the_table_says(client: Client) -> None:
    assert set(TABLE) == set(EVERY)
    for present in EVERY:
        order = await _manual(client, present)
        for wanted in EVERY:
            answer = await post(client, "update", [("status", wanted.upper())], order["id"])
            if wanted in TABLE[present]:
                assert answer.order["status"] == wanted, (present, wanted)
                assert SETS_TIME.get(wanted, "created_at") in answer.order
                order = await _manual(client, present)
            elif wanted == present:
                assert answer.order == order
            else:
                answer.refused(409, "invalid_state_for_request")
                assert await retrieved(client, order["id"]) == order


async def test_another_order_changes_as_the_table_says_and_never_to_a_status_of_manual_ones(client: Client) -> None:
    for present in CURRENT:
        order = await imported(client, status=present)
        for wanted in EVERY:
            answer = await post(client, "update", [("status", wanted)], order["id"])
            if wanted not in CURRENT:
                answer.refused(400, "param_wrong_value", "status")
            elif wanted in TABLE[present]:
                assert answer.order["status"] == wanted, (present, wanted)
                moved = {line["status"] for line in answer.order["order_line_items"]}
                settled = present in {"returned", "cancelled"}
                assert moved == {present if settled or wanted == "partially_delivered" else wanted}
                order = await imported(client, status=present)
            elif wanted == present:
                assert answer.order == order
            else:
                answer.refused(409, "invalid_state_for_request")
                assert await retrieved(client, order["id"]) == order


async def test_lines_change_by_the_same_table_and_take_the_order_along(client: Client) -> None:
    for present, wanted in itertools.product(CURRENT, CURRENT):
        order = await imported(client, "inv_0003", status=present)
        [line] = order["order_line_items"]
        pairs = [("order_line_items[id][0]", line["id"]), ("order_line_items[status][0]", wanted.title())]
        answer = await post(client, "update", pairs, order["id"])
        if wanted in TABLE[present]:
            assert answer.order["order_line_items"][0]["status"] == wanted
            assert answer.order["status"] == wanted, (present, wanted)
        elif wanted == present:
            assert answer.order == order
        else:
            answer.refused(409, "invalid_state_for_request")


async def test_a_time_that_is_given_or_there_already_is_kept(client: Client) -> None:
    for status, time in SETS_TIME.items():
        order = await imported(client)
        given = await post(client, "update", [("status", status), (time, "1517000001")], order["id"])
        assert given.order[time] == 1517000001
    there = await imported(client, shipped_at="1517000002")
    assert (await post(client, "update", [("status", "shipped")], there["id"])).order["shipped_at"] == 1517000002


async def test_some_lines_delivered_make_the_order_partially_delivered(client: Client) -> None:
    order = await imported(client)
    first, second = (line["id"] for line in order["order_line_items"])

    async def change(line: str, status: str) -> dict[str, Any]:
        pairs = [("order_line_items[id][0]", line), ("order_line_items[status][0]", status)]
        return (await post(client, "update", pairs, order["id"])).order

    assert (await change(first, "shipped"))["status"] == "queued"
    assert (await change(first, "delivered"))["status"] == "partially_delivered"
    assert (await change(second, "cancelled"))["status"] == "delivered"
