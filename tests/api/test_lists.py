"""Lists: pages by key, that never repeat or skip an order while others arrive."""

import asyncio
from typing import Any

import pytest

from tests.api.requests import ORDERS, Client, create, import_order, refused


async def page(client: Client, path: str = ORDERS, **params: Any) -> tuple[list[dict[str, Any]], str | None]:
    response = await client.get(path, params=params)
    assert response.status == 200, await response.text()
    body = await response.json()
    return [entry["order"] for entry in body["list"]], body.get("next_offset")


async def all_pages(client: Client, path: str = ORDERS, **params: Any) -> list[dict[str, Any]]:
    orders, offset = await page(client, path, **params)
    while offset:
        more, offset = await page(client, path, offset=offset, **params)
        orders += more
    return orders


async def test_an_empty_list_has_no_offset(client: Client) -> None:
    response = await client.get(ORDERS)
    assert await response.json() == {"list": []}


async def test_a_page_holds_ten_orders_unless_told_otherwise(client: Client) -> None:
    await asyncio.gather(*(create(client) for _ in range(12)))
    orders, offset = await page(client)
    assert (len(orders), offset is not None) == (10, True)
    orders, offset = await page(client, limit=100)
    assert (len(orders), offset) == (12, None)


@pytest.mark.parametrize("sort", ["sort_by[asc]", "sort_by[desc]"])
@pytest.mark.parametrize("attribute", ["created_at", "updated_at"])
async def test_pages_put_together_are_the_whole_list(client: Client, sort: str, attribute: str) -> None:
    for created_at in (30, 10, 20, 10, 30, 10):
        await import_order(client, created_at=created_at)
    whole, _ = await page(client, limit=100, **{sort: attribute})
    assert await all_pages(client, limit=2, **{sort: attribute}) == whole
    keys = [(order[attribute], order["id"]) for order in whole]
    assert keys == sorted(keys, reverse=sort == "sort_by[desc]")


async def test_orders_that_arrive_meanwhile_repeat_and_skip_nothing(client: Client) -> None:
    before = [order["id"] for order in [await import_order(client, created_at=at) for at in range(100, 106)]]
    orders, offset = await page(client, limit=2)
    seen = [order["id"] for order in orders]
    arrived = 0
    while offset:
        # One lands in front of where the reader stands, one behind.
        await import_order(client, created_at=1 + arrived)
        await import_order(client, created_at=1000 + arrived)
        arrived += 1
        orders, offset = await page(client, limit=2, offset=offset)
        seen += [order["id"] for order in orders]
        if arrived > 20:
            break
    assert [order_id for order_id in seen if order_id in before] == before
    assert len(seen) == len(set(seen))


async def test_a_list_is_filtered_by_status(client: Client) -> None:
    await create(client)
    queued = await import_order(client)
    await import_order(client, status="shipped")
    assert await page(client, **{"status[is]": "QUEUED"}) == ([queued], None)


async def test_an_offset_belongs_to_its_list(client: Client) -> None:
    for _ in range(3):
        await import_order(client)
    _, offset = await page(client, limit=1)
    assert offset is not None
    for other in ({"status[is]": "queued"}, {"sort_by[desc]": "created_at"}, {"include_deleted": "true"}):
        response = await client.get(ORDERS, params={"limit": 1, "offset": offset, **other})
        await refused(response, 400, "param_wrong_value", "offset")
    await refused(await client.get(ORDERS, params={"offset": "garbage"}), 400, "param_wrong_value", "offset")


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "101"}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"status[is]": "nonsense"}, "status[is]"),
        ({"sort_by[asc]": "note"}, "sort_by[asc]"),
    ],
)
async def test_wrong_list_parameters_are_named(client: Client, params: dict[str, str], param: str) -> None:
    await refused(await client.get(ORDERS, params=params), 400, "param_wrong_value", param)


async def test_orders_of_an_invoice_come_latest_first(client: Client) -> None:
    ids = [(await import_order(client, "inv_0002", created_at=at))["id"] for at in (10, 30, 20)]
    await import_order(client, "inv_0001")
    path = "/api/v2/invoices/inv_0002/orders"
    expected = [ids[1], ids[2], ids[0]]
    assert [order["id"] for order in (await page(client, path))[0]] == expected
    assert [order["id"] for order in await all_pages(client, path, limit=1)] == expected
