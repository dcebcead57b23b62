"""Every parameter of every write over real HTTP: what becomes of each kind of value, in the answer and afterwards.

The table is ``tests.contract.http.rows``. All rows of an operation are sent in one test, many at once.
"""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Iterable
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest

from api.services import Services
from ledger.ids import Site, order_stream
from tests.api.requests import Client
from tests.contract.cases import Case
from tests.contract.http.invoices import invoice, load
from tests.contract.http.rows import Row, accepted, blank, every_case, known_invoices, refused
from tests.contract.http.wire import WRITING, Answer, Pairs, call, path_of, post, retrieved

AT = 1517000000
AT_ONCE = 16
# Orders of one invoice share what can be credited, and so take turns: each request of a moment has an invoice.
INVOICES = [f"inv-{number}" for number in range(2 * AT_ONCE)]
_next_invoice = itertools.cycle(INVOICES).__next__

# Shown on no order: the credit note has them, and here the event.
WRITE_ONLY = {"customer_notes", "comment", "credit_note[reason_code]"}

CANCELLED_ALONE = {"cancellation_reason", "cancelled_at"}


async def _each(rows: Iterable[Row], check: Callable[[Row], Awaitable[None]]) -> None:
    """Check all rows, and name every one that fails."""
    faults: list[str] = []
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(row: Row) -> None:
        async with turns:
            try:
                await check(row)
            except AssertionError as fault:
                faults.append(f"{row}: {fault}")

    await asyncio.gather(*map(one, rows))
    assert not faults, "\n".join(faults)


async def _import(client: Client, **params: str) -> dict[str, Any]:
    form = {
        "invoice_id": _next_invoice(),
        "status": "queued",
        "created_at": str(AT),
        "order_date": str(AT),
        "shipping_date": str(AT),
        **params,
    }
    return (await post(client, "import_order", form.items())).order


def _needed_to_make(case: Case) -> list[tuple[str, str]]:
    needed = {other.name: str(AT) for other in every_case(case.operation) if other.contract["required"]}
    needed |= {name: value for name, value in (("invoice_id", _next_invoice()), ("status", "queued")) if name in needed}
    if case.name in CANCELLED_ALONE:
        needed["status"] = "cancelled"
    needed.pop(case.name, None)
    return [*needed.items(), *_neighbour(case)]


def _neighbour(case: Case) -> list[tuple[str, str]]:
    """Another member of the address: an address of which nothing is known is not there."""
    root, bracket, _ = case.name.partition("[")
    if not bracket or not root.endswith("_address"):
        return []
    other = "city" if case.name.endswith("[line1]") else "line1"
    return [(f"{root}[{other}]", "1 Main St")]


async def _scene(client: Client, row: Row) -> tuple[str, list[tuple[str, str]]]:
    """An order on which the row's request is allowed (none for those that make one), and what else it needs."""
    case = row.case
    match case.operation:
        case "create" | "import_order":
            return "", _needed_to_make(case)
        case "update":
            return await _scene_of_update(client, row)
        case "cancel":
            others = [] if case.is_required else [("cancellation_reason", "others")]
            return (await _import(client))["id"], others
        case "create_refundable_credit_note":
            needed = {"credit_note[reason_code]": "other", "credit_note[total]": "1"}
            needed.pop(case.name, None)
            return (await _import(client))["id"], list(needed.items())
        case "reopen":
            order_id = (await _import(client))["id"]
            form = [("cancellation_reason", "others"), ("credit_note[total]", "100")]
            await post(client, "cancel", form, order_id)
            return order_id, []
        case "resend":
            order = await _import(client)
            is_line = case.name == "order_line_items[fulfillment_quantity]"
            return order["id"], [("order_line_items[id][0]", order["order_line_items"][0]["id"])] if is_line else []
    raise AssertionError(case.operation)


async def _scene_of_update(client: Client, row: Row) -> tuple[str, list[tuple[str, str]]]:
    case = row.case
    if case.name == "status" and row.shown not in {None, "queued"}:
        manual = (await post(client, "create", [("invoice_id", _next_invoice())])).order["id"]
        if row.shown == "returned":
            await post(client, "update", [("status", "delivered")], manual)
        return manual, []
    order = await _import(client, status="delivered" if row.shown == "returned" else "queued")
    others = _neighbour(case)
    if case.name in CANCELLED_ALONE:
        others = [("status", "cancelled")]
    if case.name in {"order_line_items[status]", "order_line_items[sku]"}:
        others = [("order_line_items[id][0]", order["order_line_items"][0]["id"])]
    clears = row.kind == "is empty" and case.name not in CANCELLED_ALONE and "status" not in case.name
    if clears:
        before = await post(client, "update", [*others, (case.wire, case.valid())], order["id"])
        assert str(_shown(case, before.order)) == case.valid()
    if row.kind == "is not given":
        # Otherwise the date that the order was imported with would be there still.
        await post(client, "update", [("shipping_date", ""), ("order_date", "")], order["id"])
    return order["id"], others


def _shown(case: Case, order: dict[str, Any]) -> Any:
    """Where the order shows the parameter; None where the member is absent."""
    root, bracket, rest = case.name.partition("[")
    member = rest.removesuffix("]")
    if root == "void_cancellation_credit_notes":
        return order["linked_credit_notes"][0]["status"] == "voided"
    if root == "credit_note":
        return order["refundable_credits_issued"]
    if root == "order_line_items":
        return order["order_line_items"][0].get(member)
    return order.get(root, {}).get(member) if bracket else order.get(root)


async def _recorded(services: Services, site: Site, case: Case, order_id: str) -> Any:
    """What the last event of the order says of a parameter that no order shows."""
    stream = order_stream(order_id)
    last = (await services.store.load_streams(site, [stream]))[stream][-1]
    data = msgspec.json.decode(last.body)["data"]
    holder = data if case.operation == "cancel" else data["credit_note"]
    return holder.get(case.name.partition("[")[2].removesuffix("]") or case.name)


@pytest.fixture
async def world(client: Client, services: Services, site: Site) -> Client:
    """A client whose site knows every invoice that the rows name."""
    await load(services, site, *(invoice(known) for known in [*INVOICES, *known_invoices()]))
    return client


@pytest.mark.parametrize("operation", [name for name in WRITING if every_case(name)])
async def test_what_is_right_is_answered_and_stays(
    world: Client, services: Services, site: Site, operation: str
) -> None:
    async def check(row: Row) -> None:
        order_id, others = await _scene(world, row)
        order = (await post(world, operation, [*others, *row.pairs], order_id)).order
        is_shown = row.case.name not in WRITE_ONLY
        value = _shown(row.case, order) if is_shown else await _recorded(services, site, row.case, order["id"])
        assert row.is_shown_as(value), f"became {value!r}"
        assert await retrieved(world, order["id"]) == order, "is something else when it is read"

    await _each([row for case in every_case(operation) for row in accepted(case)], check)


@pytest.mark.parametrize("operation", [name for name in WRITING if every_case(name)])
async def test_what_is_wrong_is_refused_on_the_parameter_and_changes_nothing(
    world: Client, services: Services, site: Site, operation: str
) -> None:
    scenes = {case.name: await _scene(world, Row(case, "", ())) for case in every_case(operation)}
    head = await services.store.head_position(site)

    async def send(row: Row) -> Answer:
        order_id, others = scenes[row.case.name]
        others = [pair for pair in others if pair[0] != row.case.wire]
        if row.case.name == "order_line_items[id]":
            others.append((row.case.wire.replace("[id]", "[sku]"), "x"))
            others.append((row.case.wire.replace("[id]", "[fulfillment_quantity]"), "1"))
        return await post(world, operation, [*others, *row.pairs], order_id)

    async def check_wrong(row: Row) -> None:
        (await send(row)).refused(400, "param_wrong_value", row.case.wire)

    async def check_blank(row: Row) -> None:
        body = (await send(row)).refused(400, "param_wrong_value", row.case.wire)
        assert (body["error_code"], body["error_msg"]) == ("param_required", "cannot be blank")

    await _each([row for case in every_case(operation) for row in refused(case)], check_wrong)
    await _each([row for case in every_case(operation) for row in blank(case)], check_blank)
    assert await services.store.head_position(site) == head


@pytest.mark.parametrize("operation", ["assign_order_number", "delete"])
async def test_an_action_without_parameters_takes_whatever_comes_with_it(world: Client, operation: str) -> None:
    bodies: list[tuple[Pairs, str | None]] = [((), None), ((), "text/plain"), ([("note", "x" * 9999)], None)]
    for pairs, content_type in bodies:
        order_id = (await _import(world))["id"]
        body = urlencode(list(pairs)).encode()
        answer = await call(world, "POST", path_of(operation, order_id), body, content_type=content_type)
        assert answer.order["id"] == order_id
        assert "note" not in answer.order


async def test_names_are_known_in_their_own_letter_case_alone(world: Client) -> None:
    order = await _import(world, NOTE="a", Note="b", TRACKING_ID="c", Id="d")
    assert {"note", "tracking_id"}.isdisjoint(order)
    assert order["id"] != "d"
    (await post(world, "create", [("Invoice_Id", _next_invoice())])).refused(400, "param_wrong_value", "invoice_id")
