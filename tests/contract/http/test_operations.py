"""What each operation does, as a client sees it (chargebee/orders.md, sections 4 and 6), and which events it leaves."""

import time
from typing import Any

import pytest

from api.services import Services
from ledger.ids import Position, Site
from tests.api.requests import Client
from tests.contract.http.conftest import ChangeSettings
from tests.contract.http.invoices import invoice, load
from tests.contract.http.orders import cancelled, created, imported, resent
from tests.contract.http.wire import get, post, retrieved

NEVER_ON_MANUAL = {
    "customer_id",
    "subscription_id",
    "currency_code",
    "order_line_items",
    "order_date",
    "payment_status",
}


@pytest.fixture
async def log(services: Services, site: Site) -> Any:
    """The types of the events since it was asked last, those of invoices and settings at the start left out."""
    seen = [await services.store.head_position(site) or 0]

    async def types() -> list[str]:
        records = await services.store.read_log(site, after=Position(seen[0]))
        if records:
            seen[0] = records[-1].position
        return [record.type for record in records]

    return types


def near(second: int) -> bool:
    return time.time() - 60 < second <= time.time()


async def test_create_makes_a_manual_order_of_nothing_but_its_invoice(client: Client, log: Any) -> None:
    order = (await post(client, "create", [("invoice_id", "inv_0001")])).order
    assert near(order["created_at"])
    assert order == {
        "id": order["id"],
        "invoice_id": "inv_0001",
        "status": "new",
        "order_type": "manual",
        "price_type": "tax_exclusive",
        "created_by": "full_access_key_v1",
        "created_at": order["created_at"],
        "status_update_at": order["created_at"],
        "updated_at": order["updated_at"],
        "resource_version": order["resource_version"],
        "is_resent": False,
        "deleted": False,
        "object": "order",
    }
    assert await log() == ["order.created"]
    inclusive = await created(client, invoice_id="inv_0003")
    assert inclusive["price_type"] == "tax_inclusive"
    assert NEVER_ON_MANUAL.isdisjoint(inclusive)


async def test_any_invoice_will_do_and_may_have_many_orders(client: Client) -> None:
    for number in range(1, 11):
        for _ in range(2):
            assert (await created(client, invoice_id=f"inv_{number:04}"))["invoice_id"] == f"inv_{number:04}"


async def test_import_takes_lines_amounts_and_owner_of_the_invoice(client: Client, log: Any) -> None:
    order = await imported(client, "inv_0002")
    assert (order["order_type"], order["customer_id"], order["subscription_id"]) == (
        "system_generated",
        "cust_bo",
        "sub_bo",
    )
    assert (order["payment_status"], order["paid_on"], order["currency_code"]) == ("paid", 1767262200, "EUR")
    assert (order["sub_total"], order["discount"], order["tax"], order["total"]) == (28600, 360, 5366, 33606)
    assert (order["amount_paid"], order["refundable_credits"], order["is_gifted"]) == (33606, 33606, False)
    lines = order["order_line_items"]
    assert [(line["invoice_line_item_id"], line["fulfillment_quantity"], line["status"]) for line in lines] == [
        ("li_0002_1", 10, "queued"),
        ("li_0002_2", 3, "queued"),
    ]
    assert [line["fulfillment_amount"] for line in lines] == [29750, 3600 - 360 + 616]
    assert {tax["line_item_id"] for tax in order["line_item_taxes"]} == {line["id"] for line in lines}
    assert [discount["line_item_id"] for discount in order["line_item_discounts"]] == [lines[1]["id"]]
    assert order["shipping_address"]["validation_status"]
    assert await log() == ["order.imported"]
    unpaid = await imported(client, "inv_0006")
    assert (unpaid["payment_status"], unpaid["amount_paid"], "paid_on" in unpaid) == ("not_paid", 0, False)


async def test_lines_that_are_not_shipped_ride_along_only_where_the_site_says_so(
    client: Client, change_settings: ChangeSettings
) -> None:
    chair = await imported(client, "inv_0005")
    assert [line["invoice_line_item_id"] for line in chair["order_line_items"]] == ["li_0005_1"]
    await change_settings(include_non_shippable=True, catalog={"chair-USD": {"sku": "CHAIR"}})
    both = await imported(client, "inv_0005")
    assert [(line["is_shippable"], line.get("sku")) for line in both["order_line_items"]] == [
        (True, "CHAIR"),
        (False, None),
    ]
    await change_settings(catalog={"chair-USD": {"is_shippable": False}}, include_non_shippable=False)
    assert "order_line_items" not in await imported(client, "inv_0005")
    await change_settings(catalog={}, shippable_by_default=False)
    assert "order_line_items" not in await imported(client, "inv_0002")


async def test_an_import_with_credits_links_a_credit_note_that_counts_for_the_invoice(client: Client, log: Any) -> None:
    order = await imported(client, "inv_0001", refundable_credits_issued="900")
    [note] = order["linked_credit_notes"]
    assert (note["type"], note["status"], note["amount"], note["amount_refunded"]) == (
        "refundable",
        "refund_due",
        900,
        900,
    )
    assert (order["refundable_credits_issued"], order["refundable_credits"]) == (900, 10000)
    assert (await log())[0] == "order.imported"
    other = await imported(client, "inv_0001")
    form = [("credit_note[reason_code]", "other"), ("credit_note[total]", "10001")]
    answer = await post(client, "create_refundable_credit_note", form, other["id"])
    answer.refused(400, "param_wrong_value", "credit_note[total]")


async def test_addresses_are_the_invoices_unless_they_are_given(client: Client) -> None:
    theirs = await imported(client, "inv_0001")
    assert theirs["shipping_address"]["object"] == "shipping_address"
    given = await imported(client, "inv_0001", **{"shipping_address[city]": "Walnut", "billing_address[city]": ""})
    assert given["shipping_address"] == {
        "city": "Walnut",
        "validation_status": "not_validated",
        "object": "shipping_address",
    }
    assert given["billing_address"] == theirs["billing_address"]
    assert "shipping_address" not in await imported(client, "inv_0003")


async def test_an_updated_address_is_merged_and_its_state_filled_in(client: Client) -> None:
    order_id = (await created(client))["id"]

    async def change(**members: str) -> dict[str, Any]:
        form = {f"shipping_address[{name}]": value for name, value in members.items()}
        order = (await post(client, "update", form.items(), order_id)).order
        address: dict[str, Any] = order.get("shipping_address", {})
        return address

    assert await change(line1="1 Main St", country="us", state_code="AZ") == {
        "line1": "1 Main St",
        "country": "US",
        "state_code": "AZ",
        "state": "Arizona",
        "validation_status": "not_validated",
        "object": "shipping_address",
    }
    for country, code, state in (("CA", "QC", "Quebec"), ("IN", "KA", "Karnataka"), ("AE", "DU", "Dubai")):
        assert (await change(country=country, state_code=code))["state"] == state
    german = await change(country="DE", state_code="BY", state="Freistaat")
    assert (german["state"], german["line1"]) == ("Freistaat", "1 Main St")
    assert await change(**dict.fromkeys(("line1", "country", "state_code", "state", "validation_status"), "")) == {}


async def test_an_update_leaves_one_event_and_the_most_special(client: Client, log: Any) -> None:
    for status, event in (
        ("shipped", "order.updated"),
        ("delivered", "order.delivered"),
        ("returned", "order.returned"),
    ):
        order = await imported(client, status="shipped" if status != "shipped" else "queued")
        await log()
        form = [("status", status), ("note", "x"), ("shipping_address[city]", "Walnut"), ("tracking_id", "t")]
        assert (await post(client, "update", form, order["id"])).order["status"] == status
        assert await log() == [event]
    order = await imported(client)
    await log()
    gone = (await post(client, "update", [("status", "cancelled")], order["id"])).order
    assert await log() == ["order.cancelled"]
    assert near(gone["cancelled_at"])
    assert {"cancellation_reason", "linked_credit_notes"}.isdisjoint(gone)


async def test_a_cancelled_order_takes_notes_references_and_tracking(client: Client) -> None:
    order_id = (await cancelled(client))["id"]
    form = dict.fromkeys(("reference_id", "batch_id", "note", "tracking_id", "tracking_url", "fulfillment_status"), "x")
    changed = (await post(client, "update", form.items(), order_id)).order
    assert form.items() <= changed.items()
    for param in ("status", "shipping_date", "shipping_address[city]"):
        value = "queued" if param == "status" else "1"
        (await post(client, "update", [(param, value)], order_id)).refused(409, "invalid_state_for_request")


async def test_numbers_are_assigned_once_from_the_sites_series(
    client: Client, change_settings: ChangeSettings, log: Any
) -> None:
    await change_settings(order_number_prefix="ORDER-", order_number_start=1000)
    orders = [await created(client), await imported(client)]
    await log()
    numbers = [
        (await post(client, "assign_order_number", (), order["id"])).order["document_number"] for order in orders
    ]
    assert numbers == ["ORDER-1000", "ORDER-1001"]
    assert await log() == ["order.number_assigned"] * 2
    again = await post(client, "assign_order_number", (), orders[0]["id"])
    assert again.order["document_number"] == "ORDER-1000"
    kept = await imported(client, document_number="ORDER-7")
    assert (await post(client, "assign_order_number", (), kept["id"])).order == kept


async def test_a_cancellation_is_credited_over_the_lines(client: Client, log: Any) -> None:
    order = await imported(client, "inv_0001", status="delivered")
    await log()
    form = [("cancellation_reason", "PRODUCT_UNSATISFACTORY"), ("credit_note[total]", "1090"), ("cancelled_at", "0")]
    gone = (await post(client, "cancel", form, order["id"])).order
    assert (gone["status"], gone["cancellation_reason"], gone["cancelled_at"]) == (
        "cancelled",
        "product_unsatisfactory",
        0,
    )
    assert {line["status"] for line in gone["order_line_items"]} == {"cancelled"}
    assert [line["refundable_credits_issued"] for line in gone["order_line_items"]] == [1000, 90]
    assert (gone["refundable_credits_issued"], gone["refundable_credits"]) == (1090, 9810)
    assert (await log())[0] == "order.cancelled"
    assert "linked_credit_notes" not in await cancelled(client, total=0)


async def test_reopening_voids_the_notes_of_the_cancellation_alone(client: Client, log: Any) -> None:
    order = await imported(client)
    note = [("credit_note[reason_code]", "waiver"), ("credit_note[total]", "100")]
    await post(client, "create_refundable_credit_note", note, order["id"])
    await post(client, "cancel", [("cancellation_reason", "others"), ("credit_note[total]", "200")], order["id"])
    await log()
    kept = (await post(client, "reopen", (), order["id"])).order
    assert [linked["status"] for linked in kept["linked_credit_notes"]] == ["refund_due", "refund_due"]
    assert await log() == ["order.reopened"]
    await post(client, "cancel", [("cancellation_reason", "others"), ("credit_note[total]", "50")], order["id"])
    form = [("void_cancellation_credit_notes", "true")]
    opened = (await post(client, "reopen", form, order["id"])).order
    statuses = {linked["amount"]: linked["status"] for linked in opened["linked_credit_notes"]}
    assert statuses == {100: "refund_due", 200: "refund_due", 50: "voided"}
    assert opened["refundable_credits_issued"] == 300
    assert (opened["status"], {line["status"] for line in opened["order_line_items"]}) == ("queued", {"queued"})
    assert {"cancellation_reason", "cancelled_at"}.isdisjoint(opened)
    manual = await created(client, status="cancelled")
    assert (await post(client, "reopen", (), manual["id"])).order["status"] == "new"


async def test_a_whole_resend_replaces_the_order_and_keeps_its_amounts(client: Client, log: Any) -> None:
    before = await imported(client, "inv_0002")
    await log()
    again = (await post(client, "resend", [("resend_reason", "Lost")], before["id"])).order
    original = await retrieved(client, before["id"])
    assert await log() == ["order.created_from_resend", "order.resent", "order.cancelled"]
    assert (original["status"], original["cancellation_reason"], original["resent_status"]) == (
        "cancelled",
        "order_resent",
        "fully_resent",
    )
    for member in ("sub_total", "discount", "tax", "total", "amount_paid", "refundable_credits"):
        assert original[member] == before[member]
    assert original["resent_orders"] == [
        {"order_id": again["id"], "reason": "Lost", "amount": again["sub_total"], "object": "resent_order"}
    ]
    assert (again["is_resent"], again["original_order_id"], again["resend_reason"]) == (True, before["id"], "Lost")
    assert (again["status"], again["payment_status"], again["sub_total"]) == ("queued", "paid", before["sub_total"])
    for member in ("total", "tax", "amount_paid", "refundable_credits"):
        assert again[member] == 0
    assert near(again["order_date"])
    assert near(again["shipping_date"])
    for member in ("invoice_id", "customer_id", "subscription_id", "currency_code", "shipping_address"):
        assert again[member] == before[member]
    assert {discount["discount_type"] for discount in again["line_item_discounts"]} == {"custom_discount"}
    assert again["discount"] == again["sub_total"]
    old = {line["id"] for line in before["order_line_items"]}
    assert old.isdisjoint(line["id"] for line in again["order_line_items"])
    for line, new in zip(before["order_line_items"], again["order_line_items"], strict=True):
        for member in ("invoice_line_item_id", "entity_id", "unit_price", "fulfillment_quantity", "amount"):
            assert new[member] == line[member]
        assert new["fulfillment_amount"] == 0


async def test_a_resend_in_part_leaves_the_order_as_it_is(client: Client, log: Any) -> None:
    before = await imported(client, "inv_0002")
    first, second = (line["id"] for line in before["order_line_items"])
    await log()
    form = [("order_line_items[id][0]", second), ("order_line_items[fulfillment_quantity][0]", "2")]
    again = (await post(client, "resend", form, before["id"])).order
    assert await log() == ["order.created_from_resend", "order.resent"]
    assert [(line["fulfillment_quantity"], line["amount"]) for line in again["order_line_items"]] == [(2, 2400)]
    original = await retrieved(client, before["id"])
    assert (original["status"], original["resent_status"]) == ("queued", "partially_resent")
    assert "cancellation_reason" not in original
    # Every shippable line at its full quantity is the whole.
    whole = [("order_line_items[id][0]", first), ("order_line_items[id][1]", second)]
    await post(client, "resend", whole, before["id"])
    original = await retrieved(client, before["id"])
    assert (original["status"], original["resent_status"]) == ("cancelled", "fully_resent")
    assert len(original["resent_orders"]) == 2


async def test_a_resent_order_can_be_resent_itself(client: Client) -> None:
    _, again = await resent(client, "inv_0002")
    third = (await post(client, "resend", (), again["id"])).order
    assert third["original_order_id"] == again["id"]
    assert third["sub_total"] == again["sub_total"]


async def test_a_deleted_order_is_gone_but_for_lists_that_ask_for_it(client: Client, log: Any) -> None:
    order = await imported(client)
    await log()
    gone = (await post(client, "delete", (), order["id"])).order
    changed = {"deleted", "updated_at", "resource_version"}
    assert gone["deleted"] is True
    assert {name: value for name, value in gone.items() if name not in changed} == {
        name: value for name, value in order.items() if name not in changed
    }
    assert await log() == ["order.deleted"]
    (await get(client, "retrieve", resource_id=order["id"])).refused(404, "resource_not_found")
    assert (await get(client, "list", [("include_deleted", "true")])).orders == [gone]
    assert (await get(client, "list")).orders == []


async def test_credits_over_all_orders_of_an_invoice_stay_within_what_was_paid(
    client: Client, services: Services, site: Site
) -> None:
    await load(services, site, invoice("shared", amount=1000))
    orders = [await imported(client, "shared") for _ in range(3)]
    form = [("credit_note[reason_code]", "other"), ("credit_note[total]", "400")]
    statuses = [(await post(client, "create_refundable_credit_note", form, order["id"])).status for order in orders]
    assert statuses == [200, 200, 400]
    left = [(await retrieved(client, order["id"]))["refundable_credits"] for order in orders]
    assert left == [600, 600, 1000]
