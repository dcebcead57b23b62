"""GET /ledger/invoices/{id}: what the ledger knows of an invoice, its orders, and how its money is split over them."""

from io import StringIO
from typing import Any

import asyncpg
import jsonschema_rs
import msgspec
import pytest

from ledger.ids import Site, system_clock_ms
from ledger.sites import KeyKind, Sites
from ops.invoice_loading import load_file
from projections import invoice_document
from tests.api.description import DOCUMENT
from tests.api.requests import ORDERS, Client, basic, create, import_order, refused
from tests.conftest import new_site

INVOICES = "/api/v2/ledger/invoices"


async def retrieved(client: Client, invoice_id: str, headers: dict[str, str] | None = None) -> dict[str, Any]:
    answer = await client.get(f"{INVOICES}/{invoice_id}", headers=headers)
    told: dict[str, Any] = await answer.json()
    assert answer.status == 200, told
    jsonschema_rs.validate({**DOCUMENT, "$ref": "#/components/schemas/InvoiceAnswer"}, told)
    found: dict[str, Any] = told["invoice"]
    return found


async def load(pool: asyncpg.Pool, site: Site, invoice: dict[str, Any]) -> None:
    assert (await load_file(pool, site, StringIO(msgspec.json.encode(invoice).decode()))).loaded == 1


def restricted(entity: str) -> dict[str, str]:
    return {"chargebee-business-entity-id": entity}


async def test_an_invoice_without_orders_has_all_of_its_money_in_none(client: Client) -> None:
    found = await retrieved(client, "inv_0001")
    facts = {name: found[name] for name in ("id", "status", "currency_code", "total", "paid", "customer_id", "object")}
    assert facts == {
        "id": "inv_0001",
        "status": "paid",
        "currency_code": "USD",
        "total": 10900,
        "paid": 10900,
        "customer_id": "cust_ada",
        "object": "invoice",
    }
    assert [(line["total"], line["in_no_order"]) for line in found["line_items"]] == [(10000, 10000), (900, 900)]
    assert not {"orders", "has_more_orders", "deleted"} & found.keys()
    assert found["description"]["channel"] == "web"


async def test_each_line_tells_what_each_order_has_of_it_and_what_is_in_none(client: Client) -> None:
    order = await import_order(client)
    [box, grinder] = order["order_line_items"]
    manual = await create(client)
    found = await retrieved(client, "inv_0001")
    assert [each["id"] for each in found["orders"]] == [order["id"], manual["id"]]
    assert {name: found["orders"][0][name] for name in ("status", "total", "amount_paid")} == {
        "status": "queued",
        "total": order["total"],
        "amount_paid": order["amount_paid"],
    }
    [line, other] = found["line_items"]
    assert line["shares"] == [
        {
            "order_id": order["id"],
            "fulfillment_quantity": 2,
            "fulfillment_amount": 10000,
            "amount_paid": box["amount_paid"],
            "amount_adjusted": 0,
        }
    ]
    assert [share["fulfillment_amount"] for share in other["shares"]] == [grinder["fulfillment_amount"]]
    assert (line["in_no_order"], other["in_no_order"]) == (0, 0)


async def test_a_resend_ships_again_what_no_one_pays_again_and_what_is_imported_twice_is_too_much(
    client: Client,
) -> None:
    order = await import_order(client)
    again = {
        "order_line_items[id][0]": order["order_line_items"][0]["id"],
        "order_line_items[fulfillment_quantity][0]": "1",
    }
    resent = await client.post(f"{ORDERS}/{order['id']}/resend", data=again)
    assert resent.status == 200, await resent.text()
    [line, other] = (await retrieved(client, "inv_0001"))["line_items"]
    assert [(each["fulfillment_quantity"], each["fulfillment_amount"]) for each in line["shares"]] == [
        (2, 10000),
        (1, 0),
    ]
    assert (line["in_no_order"], other["in_no_order"]) == (0, 0)
    second = await import_order(client)
    [line, other] = (await retrieved(client, "inv_0001"))["line_items"]
    assert (line["in_no_order"], other["in_no_order"]) == (-10000, -900)
    for order_id in (order["id"], second["id"]):
        assert (await client.post(f"{ORDERS}/{order_id}/delete")).status == 200
    [line, other] = (await retrieved(client, "inv_0001"))["line_items"]
    assert (line["in_no_order"], other["in_no_order"]) == (10000, 900)
    assert "shares" not in other


async def test_where_not_all_orders_are_shown_nothing_is_said_of_what_is_in_none(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = await import_order(client), await import_order(client)
    monkeypatch.setattr(invoice_document, "INVOICE_ORDERS_SHOWN_MAX", 1)
    found = await retrieved(client, "inv_0001")
    assert found["has_more_orders"] is True
    assert [each["id"] for each in found["orders"]] == [first["id"]]
    assert not any("in_no_order" in line for line in found["line_items"])
    assert found["line_items"][0]["shares"]


async def test_a_caller_of_one_entity_finds_what_lists_of_an_invoices_orders_show_it(
    client: Client, pool: asyncpg.Pool, site: Site, sample_invoices: dict[str, Any]
) -> None:
    line_items = sample_invoices["inv_0001"]["line_items"]
    for entity in ("a", "b"):
        owned = {**sample_invoices["inv_0001"], "id": f"of_{entity}", "line_items": line_items}
        await load(pool, site, {**owned, "business_entity_id": entity})
    await import_order(client)
    await refused(await client.get(f"{INVOICES}/of_b", headers=restricted("a")), 404, "resource_not_found")
    shared = await retrieved(client, "inv_0001", restricted("a"))
    assert "orders" not in shared
    # What is in orders that it does not see is not told.
    assert not any({"shares", "in_no_order"} & line.keys() for line in shared["line_items"])
    order = await import_order(client, "of_a")
    assert [each["id"] for each in (await retrieved(client, "of_a", restricted("a")))["orders"]] == [order["id"]]


async def test_an_invoice_of_another_site_is_as_unknown_as_one_of_nobody(client: Client, pool: asyncpg.Pool) -> None:
    key = await Sites(pool).create_key(await new_site(pool), "k", KeyKind.READ_ONLY, system_clock_ms())
    theirs = await refused(await client.get(f"{INVOICES}/inv_0001", headers=basic(key)), 404, "resource_not_found")
    assert theirs == await refused(
        await client.get(f"{INVOICES}/nobodys", headers=basic(key)), 404, "resource_not_found"
    )


async def test_ids_may_hold_slashes_and_a_read_only_key_is_enough(
    client: Client, pool: asyncpg.Pool, site: Site
) -> None:
    await load(pool, site, {"id": "2026/07", "status": "paid", "currency_code": "JPY", "line_items": []})
    reader = basic(await Sites(pool).create_key(site, "reader", KeyKind.READ_ONLY, system_clock_ms()))
    assert (await retrieved(client, "2026/07", reader))["id"] == "2026/07"
    assert (await retrieved(client, "2026%2F07", reader))["currency_code"] == "JPY"
