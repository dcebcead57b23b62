"""A call that is restricted to a business entity sees that entity alone (chargebee/conventions.md, section 5)."""

from collections.abc import Awaitable, Callable
from io import StringIO
from typing import Any

import asyncpg
import msgspec
import pytest

from ledger.ids import Site
from ops.invoice_loading import load_file
from tests.api.requests import ORDERS, Client, create, import_order, refused


def restricted(entity: str) -> dict[str, str]:
    return {"chargebee-business-entity-id": entity}


@pytest.fixture
async def load(pool: asyncpg.Pool, site: Site) -> Callable[[str, str], Awaitable[None]]:
    async def load(invoice_id: str, entity: str) -> None:
        invoice = {
            "id": invoice_id,
            "status": "paid",
            "currency_code": "USD",
            "line_items": [],
            "business_entity_id": entity,
        }
        assert (await load_file(pool, site, StringIO(msgspec.json.encode(invoice).decode()))).loaded == 1

    return load


async def listed(client: Client, **headers: str) -> set[str]:
    response = await client.get(ORDERS, params={"limit": 100}, headers=headers)
    return {entry["order"]["id"] for entry in (await response.json())["list"]}


async def test_lists_and_reads_show_the_entitys_own_orders(client: Client, load: Any) -> None:
    await load("of_a", "a")
    await load("of_b", "b")
    mine = await create(client, invoice_id="of_a")
    other = await create(client, invoice_id="of_b")
    nobodys = await create(client)
    assert mine["business_entity_id"] == "a"
    assert await listed(client, **restricted("a")) == {mine["id"]}
    assert await listed(client) == {mine["id"], other["id"], nobodys["id"]}
    for order in (other, nobodys):
        path = f"{ORDERS}/{order['id']}"
        await refused(await client.get(path, headers=restricted("a")), 404, "resource_not_found")
        changed = await client.post(path, data={"note": "x"}, headers=restricted("a"))
        await refused(changed, 404, "resource_not_found")
    assert (await client.get(f"{ORDERS}/{mine['id']}", headers=restricted("a"))).status == 200


async def test_what_is_created_under_an_entity_is_linked_to_it(client: Client, load: Any) -> None:
    await load("of_a", "a")
    response = await client.post(ORDERS, data={"invoice_id": "inv_0001"}, headers=restricted("a"))
    assert (await response.json())["order"]["business_entity_id"] == "a"


async def test_another_entitys_invoice_is_unknown(client: Client, load: Any) -> None:
    await load("of_a", "a")
    await load("of_b", "b")
    response = await client.post(ORDERS, data={"invoice_id": "of_b"}, headers=restricted("a"))
    await refused(response, 404, "resource_not_found", "invoice_id")
    await import_order(client, "of_b")
    orders = await client.get("/api/v2/invoices/of_b/orders", headers=restricted("a"))
    await refused(orders, 404, "resource_not_found")


async def test_an_unknown_entity_is_404(client: Client) -> None:
    await refused(await client.get(ORDERS, headers=restricted("nobody")), 404, "resource_not_found")
    response = await client.post(ORDERS, data={"invoice_id": "inv_0001"}, headers=restricted("nobody"))
    await refused(response, 404, "resource_not_found")


async def test_an_offset_of_one_entity_is_refused_by_another(client: Client, load: Any) -> None:
    await load("of_a", "a")
    await load("of_b", "b")
    for _ in range(2):
        await create(client, invoice_id="of_a")
    page = await client.get(ORDERS, params={"limit": 1}, headers=restricted("a"))
    offset = (await page.json())["next_offset"]
    response = await client.get(ORDERS, params={"limit": 1, "offset": offset}, headers=restricted("b"))
    await refused(response, 400, "param_wrong_value", "offset")
