"""Bad input gets a clear error in Chargebee's shape and changes nothing."""

import asyncio
import base64
from urllib.parse import quote

import asyncpg
import pytest
from aiohttp import ClientSession
from yarl import URL

from ledger.ids import Site, system_clock_ms
from ledger.sites import KeyKind, Sites
from ledger.store import Store
from tests.api.requests import ORDERS, Client, basic, create, import_order, refused


async def test_unknown_paths_and_methods_are_told_apart(client: Client) -> None:
    await refused(await client.get("/api/v2/nothing"), 404, "resource_not_found")
    await refused(await client.get("/api/v1/orders"), 404, "resource_not_found")
    await refused(await client.get("/"), 404, "resource_not_found")
    await refused(await client.put(f"{ORDERS}/1"), 405, "http_method_not_supported")
    await refused(await client.delete(ORDERS), 405, "http_method_not_supported")
    await refused(await client.get(f"{ORDERS}/1/cancel"), 405, "http_method_not_supported")


@pytest.mark.parametrize("authorization", [None, "Bearer x", "Basic !!!", "Basic Og==", "x" * 2000])
async def test_nobody_gets_in_without_a_key(client: Client, authorization: str | None) -> None:
    headers = {"Authorization": authorization} if authorization else {}
    async with ClientSession() as stranger, stranger.get(client.make_url(ORDERS), headers=headers) as response:
        body = await refused(response, 401, "api_authentication_failed")
    assert "type" not in body


async def test_a_wrong_key_is_401_without_a_type(client: Client) -> None:
    body = await refused(await client.get(ORDERS, headers=basic("test_wrong")), 401, "api_authentication_failed")
    assert "type" not in body
    assert body["error_code"] == "api_authentication_invalid_key"


async def test_a_key_is_accepted_without_its_colon(client: Client, key: str) -> None:
    encoded = base64.b64encode(key.encode()).decode()
    async with client.session.get(client.make_url(ORDERS), headers={"Authorization": f"Basic {encoded}"}) as response:
        assert response.status == 200


async def test_a_read_only_key_reads_and_changes_nothing(client: Client, pool: asyncpg.Pool, site: Site) -> None:
    key = await Sites(pool).create_key(site, "reader", KeyKind.READ_ONLY, system_clock_ms())
    headers = basic(key)
    assert (await client.get(ORDERS, headers=headers)).status == 200
    await refused(
        await client.post(ORDERS, data={"invoice_id": "inv_0001"}, headers=headers), 403, "api_authorization_failed"
    )


@pytest.mark.parametrize("order_id", ["a/b c%#", "ü/ñ/日本", "x/cancel", "a+b&c=d", "%2F", "'; --"])
async def test_any_id_can_be_reached_as_the_sdks_write_it(client: Client, order_id: str) -> None:
    await create(client, id=order_id)
    path = "/".join(quote(part, safe="") for part in order_id.split("/"))
    if order_id != "x/cancel":
        read = await client.get(URL(f"{ORDERS}/{path}", encoded=True))
        assert (await read.json())["order"]["id"] == order_id
    read = await client.get(URL(f"{ORDERS}/{quote(order_id, safe='')}", encoded=True))
    assert (await read.json())["order"]["id"] == order_id
    cancelled = await client.post(URL(f"{ORDERS}/{path}/cancel", encoded=True), data={"cancellation_reason": "others"})
    assert (await cancelled.json())["order"]["status"] == "cancelled"


async def test_ids_that_are_no_utf8_are_unknown(client: Client) -> None:
    await refused(await client.get(URL(f"{ORDERS}/%FF%FE", encoded=True)), 404, "resource_not_found")
    await refused(await client.get(URL(f"{ORDERS}/%00", encoded=True)), 404, "resource_not_found")


@pytest.mark.parametrize(
    ("body", "content_type", "code"),
    [
        (b"invoice_id=%FF", "application/x-www-form-urlencoded", "invalid_request"),
        (b"\xff\xfe=1", "application/x-www-form-urlencoded", "invalid_request"),
        (b"{", "application/json", "invalid_request"),
        (b"[]", "application/json", "invalid_request"),
        (b"invoice_id=inv_0001", "text/plain", "invalid_request"),
        (b"invoice_id=inv_0001", "multipart/form-data", "invalid_request"),
        (b"invoice_id=" + b"x" * 300_000, "application/x-www-form-urlencoded", "invalid_request"),
        (b"&".join(b"a=1" for _ in range(2000)), "application/x-www-form-urlencoded", "invalid_request"),
    ],
)
async def test_bodies_that_cannot_be_read_are_refused_and_change_nothing(
    client: Client, pool: asyncpg.Pool, site: Site, body: bytes, content_type: str, code: str
) -> None:
    before = await Store(pool).head_position(site)
    response = await client.post(ORDERS, data=body, headers={"Content-Type": content_type})
    await refused(response, 400, code)
    assert await Store(pool).head_position(site) == before


async def test_an_unknown_order_is_told_before_wrong_parameters(client: Client) -> None:
    wrong = {"status": "nonsense"}
    await refused(await client.post(f"{ORDERS}/nobody", data=wrong), 404, "resource_not_found")
    order = await create(client)
    await refused(await client.post(f"{ORDERS}/{order['id']}", data=wrong), 400, "param_wrong_value", "status")


async def test_json_bodies_are_accepted(client: Client) -> None:
    response = await client.post(ORDERS, json={"invoice_id": "inv_0001", "note": "as JSON"})
    assert (await response.json())["order"]["note"] == "as JSON"


async def test_an_action_needs_neither_body_nor_content_type(client: Client) -> None:
    order = await create(client)
    response = await client.post(f"{ORDERS}/{order['id']}/assign_order_number")
    assert (await response.json())["order"]["document_number"] == "1"


async def test_what_is_no_http_is_answered_in_json_too(client: Client) -> None:
    reader, writer = await asyncio.open_connection(client.host, client.port)
    writer.write(b"GARBAGE\r\n\r\n")
    answer = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    await writer.wait_closed()
    assert answer.startswith(b"HTTP/1.")
    assert b" 400 " in answer.split(b"\r\n")[0]


async def test_a_deleted_order_counts_as_unknown(client: Client) -> None:
    order_id = (await import_order(client))["id"]
    assert (await client.post(f"{ORDERS}/{order_id}/delete")).status == 200
    await refused(await client.get(f"{ORDERS}/{order_id}"), 404, "resource_not_found")
    await refused(await client.post(f"{ORDERS}/{order_id}/delete"), 404, "resource_not_found")
    await refused(await client.post(f"{ORDERS}/{order_id}", data={"note": "x"}), 404, "resource_not_found")
    listed = await client.get(ORDERS, params={"include_deleted": "true", "limit": 100})
    deleted = [entry["order"] for entry in (await listed.json())["list"] if entry["order"]["deleted"]]
    assert [order["id"] for order in deleted] == [order_id]
    taken = await client.post(ORDERS, data={"invoice_id": "inv_0001", "id": order_id})
    await refused(taken, 400, "duplicate_entry", "id")


async def test_orders_of_an_unknown_invoice_are_404(client: Client) -> None:
    await refused(await client.get("/api/v2/invoices/nobody/orders"), 404, "resource_not_found")
    empty = await client.get("/api/v2/invoices/inv_0010/orders")
    assert await empty.json() == {"list": []}


async def test_configurations_name_the_site(client: Client, site: Site) -> None:
    response = await client.get("/api/v2/configurations")
    assert await response.json() == {"configurations": [{"domain": site, "product_catalog_version": "v2"}]}


async def test_health_needs_no_key(client: Client) -> None:
    assert (await client.get("/healthz")).status == 200
    assert (await client.get("/readyz")).status == 200
