"""Many writes at the same moment: each is answered as if it had come alone, and nothing is given out twice."""

import asyncio
from collections import Counter
from typing import Any

from api.services import Services
from ledger.ids import Site
from tests.api.requests import Client
from tests.contract.http.invoices import invoice, load
from tests.contract.http.orders import created, imported
from tests.contract.http.wire import Answer, get, post, retrieved

AT_ONCE = 40
NOTE = [("credit_note[reason_code]", "other"), ("credit_note[total]", "1")]


async def at_once(*requests: Any) -> Counter[int]:
    """How often each status came."""
    answers: list[Answer] = await asyncio.gather(*requests)
    return Counter(answer.status for answer in answers)


async def test_credit_notes_for_many_orders_of_one_invoice_are_all_issued(
    client: Client, services: Services, site: Site
) -> None:
    await load(services, site, invoice("shared"))
    ids = [(await imported(client, "shared"))["id"] for _ in range(AT_ONCE)]
    issued = (post(client, "create_refundable_credit_note", NOTE, order_id) for order_id in ids)
    assert await at_once(*issued) == {200: AT_ONCE}
    orders = (await get(client, "orders_for_invoice", [("limit", "100")], "shared")).orders
    numbers = {note["id"] for order in orders for note in order["linked_credit_notes"]}
    assert len(numbers) == AT_ONCE


async def test_no_more_is_credited_than_was_paid_however_many_ask(
    client: Client, services: Services, site: Site
) -> None:
    await load(services, site, invoice("shared", amount=30))
    ids = [(await imported(client, "shared"))["id"] for _ in range(AT_ONCE)]
    issued = (post(client, "create_refundable_credit_note", NOTE, order_id) for order_id in ids)
    assert await at_once(*issued) == {200: 30, 400: AT_ONCE - 30}


async def test_one_order_takes_all_changes_one_after_the_other(client: Client) -> None:
    order_id = (await created(client))["id"]
    changes = (post(client, "update", [("note", f"{number}")], order_id) for number in range(AT_ONCE))
    assert await at_once(*changes) == {200: AT_ONCE}
    assert (await retrieved(client, order_id))["note"] in {f"{number}" for number in range(AT_ONCE)}


async def test_one_cancellation_of_many_succeeds(client: Client) -> None:
    order_id = (await imported(client))["id"]
    form = [("cancellation_reason", "others"), ("credit_note[total]", "1")]
    cancelled = (post(client, "cancel", form, order_id) for _ in range(AT_ONCE))
    assert await at_once(*cancelled) == {200: 1, 409: AT_ONCE - 1}
    assert (await retrieved(client, order_id))["refundable_credits_issued"] == 1


async def test_ids_and_numbers_are_given_out_once(client: Client) -> None:
    times = [(name, "1517000000") for name in ("created_at", "order_date", "shipping_date")]
    form = [("invoice_id", "inv_0001"), ("status", "queued"), *times]
    imports = (post(client, "import_order", form) for _ in range(AT_ONCE))
    assert await at_once(*imports) == {200: AT_ONCE}
    ids = (await get(client, "list", [("limit", "100")])).ids
    assert sorted(map(int, ids)) == list(range(1, AT_ONCE + 1))
    assigned = (post(client, "assign_order_number", (), order_id) for order_id in ids * 2)
    assert await at_once(*assigned) == {200: 2 * AT_ONCE}
    orders = (await get(client, "list", [("limit", "100")])).orders
    assert sorted(int(order["document_number"]) for order in orders) == list(range(1, AT_ONCE + 1))
    for name in ("id", "document_number"):
        wanted = (post(client, "import_order", [*form, (name, "the-one")]) for _ in range(AT_ONCE))
        assert await at_once(*wanted) == {200: 1, 400: AT_ONCE - 1}


async def test_the_sixth_resend_is_refused_also_when_all_come_at_once(client: Client) -> None:
    order = await imported(client, "inv_0002")
    line = order["order_line_items"][0]["id"]
    part = [("order_line_items[id][0]", line), ("order_line_items[fulfillment_quantity][0]", "1")]
    assert await at_once(*(post(client, "resend", part, order["id"]) for _ in range(AT_ONCE))) == {200: 5, 400: 35}
    assert len((await retrieved(client, order["id"]))["resent_orders"]) == 5
