"""Orders of all kinds as they arrive: every member is the contract's, in a text that the pickiest client can read."""

from typing import Any

import pytest

from api.services import Services
from ledger.ids import Site
from ledger.limits import INTEGER_MAX
from tests.api.chargebee_invoice import INVOICE
from tests.api.requests import Client
from tests.contract.http.conftest import ChangeSettings
from tests.contract.http.invoices import invoice, load
from tests.contract.http.orders import cancelled, created, deleted, imported, resent, resent_in_part, voided
from tests.contract.http.shapes import (
    ORDER,
    SUB_RESOURCES,
    Members,
    Number,
    faults_of,
    parsed,
    text_faults,
)
from tests.contract.http.wire import CHANGING, ORDERS, call, get, path_of, post, retrieved

# No request brings these about: gifts, rounding and numbers of other systems come with generated orders.
NOT_SHOWN_YET = {"gift_id", "gift_note", "rounding_adjustement"}

ADDRESS = {name: "a@example.com" if name == "email" else "x" for name in SUB_RESOURCES["shipping_address"]} | {
    "country": "US",
    "validation_status": "valid",
}


async def _full(client: Client) -> str:
    """An imported order of which everything is known, in its later life."""
    addresses = {
        f"{root}[{member}]": value
        for root in ("shipping_address", "billing_address")
        for member, value in ADDRESS.items()
    }
    texts = ("reference_id", "fulfillment_status", "note", "tracking_id", "tracking_url", "batch_id", "document_number")
    times = ("shipping_cut_off_date", "shipped_at", "delivered_at")
    params = {**addresses, **dict.fromkeys(texts, "x"), **dict.fromkeys(times, "1517000000"), "shipment_carrier": "c"}
    order = await imported(client, INVOICE["id"], **params, refundable_credits_issued="10")
    line = order["order_line_items"][0]["id"]
    await post(
        client, "update", [("order_line_items[id][0]", line), ("order_line_items[sku][0]", "SKU-1")], order["id"]
    )
    part = [("order_line_items[id][0]", line), ("order_line_items[fulfillment_quantity][0]", "1")]
    await post(client, "resend", [*part, ("resend_reason", "Lost")], order["id"])
    form = [("cancellation_reason", "others"), ("credit_note[total]", "5")]
    return str((await post(client, "cancel", form, order["id"])).order["id"])


async def _reopened(client: Client) -> dict[str, Any]:
    order_id = (await cancelled(client, "inv_0008", total=100))["id"]
    form = [("void_cancellation_credit_notes", "true")]
    return (await post(client, "reopen", form, order_id)).order


@pytest.fixture
async def kinds(client: Client, services: Services, site: Site, change_settings: ChangeSettings) -> list[str]:
    """Ids of orders of every kind, the deleted ones left out."""
    await change_settings(catalog={"basic-USD": {"is_shippable": True, "sku": "BASIC"}}, include_non_shippable=True)
    await load(services, site, INVOICE)
    pairs = [await resent(client), await resent_in_part(client, "inv_0002"), await resent(client, "inv_0008")]
    orders = [
        await created(client),
        await created(client, status="cancelled", id="\u00fc/'\"\\<\u2028\U0001f600", note='\x01\x1f\x7f\n\t"\\'),
        await voided(client),
        *[await imported(client, f"inv_{number:04}") for number in range(1, 11)],
        *[await imported(client, status=status) for status in ("cancelled", "delivered", "returned", "on_hold")],
        await cancelled(client, "inv_0003", total=100),
        await _reopened(client),
        *[order for pair in pairs for order in pair],
        {"id": await _full(client)},
    ]
    await deleted(client)
    return [order["id"] for order in orders]


async def test_orders_of_every_kind_are_those_of_the_contract(client: Client, kinds: list[str]) -> None:
    seen: dict[str, set[str]] = {}
    for order_id in kinds:
        answer = await call(client, "GET", path_of("retrieve", order_id))
        [(name, order)] = parsed(answer.raw)
        assert name == "order"
        assert faults_of(order) == [], answer.raw
        _note_members("order", order, seen)
    assert set(ORDER) - seen["order"] <= NOT_SHOWN_YET
    for name, fields in SUB_RESOURCES.items():
        assert set(fields) <= seen[name], f"{name} never shows {set(fields) - seen[name]}"


async def test_lists_hold_the_same_text_as_single_reads(client: Client, kinds: list[str]) -> None:
    listed = await call(client, "GET", f"{ORDERS}?limit=100&include_deleted=true")
    assert text_faults(listed.raw) == []
    [(_, entries)] = parsed(listed.raw)
    orders = {dict(order)["id"]: order for [(_, order)] in entries}
    for order_id in kinds:
        [(_, single)] = parsed((await call(client, "GET", path_of("retrieve", order_id))).raw)
        assert orders.pop(order_id) == single
    [gone] = [order for order in orders.values() if dict(order)["deleted"]]
    assert faults_of(gone) == []


async def test_every_write_answers_with_the_order_as_it_can_be_read(client: Client) -> None:
    needed = {
        "update": [("status", "delivered"), ("note", "\u00fc")],
        "cancel": [("cancellation_reason", "others"), ("credit_note[total]", "10")],
        "create_refundable_credit_note": [("credit_note[reason_code]", "other"), ("credit_note[total]", "1")],
    }
    for operation in (name for name in CHANGING if name != "delete"):
        order = await cancelled(client) if operation == "reopen" else await imported(client)
        answer = await post(client, operation, needed.get(operation, []), order["id"])
        [(_, document)] = parsed(answer.raw)
        assert faults_of(document) == [], operation
        assert answer.raw == (await get(client, "retrieve", resource_id=answer.order["id"])).raw
    gone = await post(client, "delete", (), (await imported(client))["id"])
    assert faults_of(parsed(gone.raw)[0][1]) == []


async def test_numbers_are_written_out_to_the_last_digit(client: Client, services: Services, site: Site) -> None:
    await load(services, site, invoice("huge", amount=INTEGER_MAX // 2))
    order = await imported(client, "huge", created_at="9999999999", shipping_date="9999999999")
    raw = (await get(client, "retrieve", resource_id=order["id"])).raw
    for member in ("sub_total", "total", "amount_paid", "refundable_credits"):
        assert f'"{member}":4503599627370495'.encode() in raw
    assert b'"created_at":9999999999' in raw
    form = [("credit_note[reason_code]", "other"), ("credit_note[total]", "4503599627370494")]
    answer = await post(client, "create_refundable_credit_note", form, order["id"])
    assert b'"refundable_credits_issued":4503599627370494' in answer.raw
    assert b'"refundable_credits":1' in answer.raw
    assert not {"e", "E", "."} & {letter for number in _numbers(parsed(answer.raw)) for letter in number}


async def test_rates_keep_the_digits_they_came_with(client: Client, services: Services, site: Site) -> None:
    taxed = invoice("taxed", amount=10_000)
    rates = [0, 8.875, 19.0, 100, 0.000001]
    taxed["line_item_taxes"] = [
        {
            "line_item_id": "li_0",
            "tax_name": f"{rate}",
            "tax_rate": rate,
            "taxable_amount": 1,
            "tax_amount": 0,
            "prorated_taxable_amount": -0.5,
        }
        for rate in rates
    ]
    await load(services, site, taxed)
    order = await imported(client, "taxed")
    [(_, document)] = parsed((await get(client, "retrieve", resource_id=order["id"])).raw)
    taxes = [dict(tax) for tax in dict(document)["line_item_taxes"]]
    assert [tax["tax_rate"] for tax in taxes] == ["0", "8.875", "19.0", "100", "0.000001"]
    assert {tax["prorated_taxable_amount"] for tax in taxes} == {"-0.5"}
    assert {tax["line_item_id"] for tax in taxes} == {order["order_line_items"][0]["id"]}
    assert faults_of(document) == []


async def test_money_adds_up_in_orders_of_every_kind(client: Client, kinds: list[str]) -> None:
    for order_id in kinds:
        order = await retrieved(client, order_id)
        lines = order.get("order_line_items", [])
        if order["order_type"] == "manual":
            assert not lines
            assert not {"total", "sub_total", "refundable_credits", "currency_code", "customer_id"} & order.keys()
            continue
        added = order["tax"] if order["price_type"] == "tax_exclusive" else 0
        assert order["total"] == order["sub_total"] - order["discount"] + added
        for member, of_line in {
            "sub_total": "amount",
            "discount": "discount_amount",
            "tax": "tax_amount",
            "amount_paid": "amount_paid",
            "amount_adjusted": "amount_adjusted",
            "refundable_credits_issued": "refundable_credits_issued",
            "refundable_credits": "refundable_credits",
        }.items():
            assert order[member] == sum(line[of_line] for line in lines), (order_id, member)
        notes = [note for note in order.get("linked_credit_notes", []) if note["type"] == "refundable"]
        issued = sum(note["amount"] for note in notes if note["status"] != "voided")
        assert order["refundable_credits_issued"] == issued
        assert order["refundable_credits"] == max(0, order["amount_paid"] - issued)


async def test_versions_and_times_of_an_order_only_go_forward(client: Client) -> None:
    order = await imported(client)
    assert order["status_update_at"] == order["created_at"] == 1517000000
    seen = [order]
    for operation, form in (
        ("update", {"note": "a"}),
        ("update", {"status": "shipped"}),
        ("assign_order_number", {}),
        ("update", {"note": "b"}),
        ("cancel", {"cancellation_reason": "others"}),
        ("reopen", {}),
        ("resend", {}),
        ("delete", {}),
    ):
        answer = await post(client, operation, form.items(), order["id"])
        after = await retrieved(client, order["id"]) if operation == "resend" else answer.order
        assert after["resource_version"] > seen[-1]["resource_version"]
        assert after["updated_at"] == after["resource_version"] // 1000
        if after["status"] == seen[-1]["status"]:
            assert after["status_update_at"] == seen[-1]["status_update_at"]
        else:
            assert after["updated_at"] - 1 <= after["status_update_at"] <= after["updated_at"]
        seen.append(after)
    assert [after["status"] for after in seen[1:5]] == ["queued", "shipped", "shipped", "shipped"]


async def test_the_same_again_is_no_change(client: Client, services: Services, site: Site) -> None:
    order = await imported(client, note="n", status="shipped")
    line = order["order_line_items"][0]["id"]
    head = await services.store.head_position(site)
    for form in (
        {},
        {"note": "n"},
        {"status": "SHIPPED"},
        {"shipping_date": "1517000000"},
        {"batch_id": ""},
        {"shipping_address[line1]": order["shipping_address"]["line1"]},
        {"order_line_items[id][0]": line, "order_line_items[status][0]": "shipped"},
    ):
        assert (await post(client, "update", form.items(), order["id"])).order == order, form
    assert await services.store.head_position(site) == head


async def test_generated_ids_are_chargebees(client: Client) -> None:
    manual, first = await created(client), await imported(client)
    assert manual["id"].startswith("__test__")
    assert len(manual["id"]) in (24, 25)
    assert first["id"] == "1"
    assert (await imported(client, id="41"))["id"] == "41"
    assert (await imported(client))["id"] == "42"
    assert (await imported(client, id="7"))["id"] == "7"
    assert (await imported(client))["id"] == "43"
    assert (await post(client, "resend", (), first["id"])).order["id"] == "44"
    for line in first["order_line_items"]:
        assert line["id"].startswith("o_li__test__")
        assert len(line["id"]) <= 40
    noted = await cancelled(client, "inv_0002", total=1)
    assert [note["id"] for note in noted["linked_credit_notes"]] == ["TEST-CN-1"]


def _note_members(name: str, members: Members, seen: dict[str, set[str]]) -> None:
    fields = ORDER if name == "order" else SUB_RESOURCES[name]
    seen.setdefault(name, set()).update(member for member, _ in members)
    for member, value in members:
        of = fields.get(member, {}).get("of")
        if of:
            for entry in [value] if isinstance(value, Members) else value:
                _note_members(of, entry, seen)


def _numbers(value: Any) -> list[Number]:
    if isinstance(value, Number):
        return [value]
    if isinstance(value, Members):
        return [number for _, member in value for number in _numbers(member)]
    return [number for entry in value for number in _numbers(entry)] if isinstance(value, list) else []


def test_the_shapes_are_told_apart() -> None:
    for text, fault in (
        ('{"object":"order"}', "order lacks"),
        ('{"id":"1","id":"2"}', "repeats"),
        ('{"order_line_items":[],"id":"1"}', "behind"),
        ('{"id":null}', "null"),
        ('{"order_line_items":[]}', "empty list"),
        ('{"total":1.0}', "no money"),
        ('{"total":"1"}', "no money"),
        ('{"total":-1}', "no money"),
        ('{"created_at":1517000000000}', "no timestamp"),
        ('{"status":"NEW"}', "no enum"),
        ('{"deleted":0}', "no boolean"),
        ('{"colour":"red"}', "not in the contract"),
        ('{"object":"invoice"}', "calls itself"),
        ('{"shipping_address":{"object":"address"}}', "calls itself"),
    ):
        assert fault in " ".join(faults_of(parsed(text.encode()))), text
