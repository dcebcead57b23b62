"""GET /events and GET /events/{id}: which command gives which events, what they hold, and who sees them."""

import base64
import struct
from collections.abc import Awaitable, Callable, Mapping
from io import StringIO
from typing import Any

import asyncpg
import jsonschema_rs
import msgspec
import pytest
from aiohttp.test_utils import TestClient

from api.app import create_app
from api.offsets import write_offset
from api.services import Services
from ledger.consumer import catch_up
from ledger.ids import Site, system_clock_ms
from ledger.sites import KeyKind, Sites
from ops.invoice_loading import load_file
from projections.changes.index import ChangeIndex
from projections.listing import OrderQuery, PageStart, Sort
from tests.api.description import DOCUMENT
from tests.api.requests import ORDERS, Client, basic, create, every_page, import_order, refused

EVENTS = "/api/v2/events"
Form = Mapping[str, str]


async def events(client: Client, headers: Form | None = None, **params: Any) -> list[dict[str, Any]]:
    """All events of a list, over its pages."""
    return await every_page(client, EVENTS, "event", headers, **params)


async def post(client: Client, path: str, form: Form | None = None, headers: Form | None = None) -> dict[str, Any]:
    """The order of a call that goes well."""
    response = await client.post(f"{ORDERS}/{path}", data=form, headers=headers)
    assert response.status == 200, await response.text()
    order: dict[str, Any] = (await response.json())["order"]
    return order


async def told(client: Client, behind: int) -> list[tuple[str, str]]:
    """Type and order of the events behind so many, in the order of the log."""
    found = (await events(client))[::-1][behind:]
    return [(event["event_type"], event["content"]["order"]["id"]) for event in found]


# What is done to an order `o` with lines, one after the other, and the types of the events that it gives.
COMMANDS: tuple[tuple[str, Form, list[str]], ...] = (
    ("", {"note": "mind the dog"}, ["order_updated"]),
    ("", {"note": "mind the dog"}, []),
    ("/assign_order_number", {}, ["order_updated"]),
    ("/assign_order_number", {}, []),
    ("", {"status": "awaiting_shipment"}, ["order_updated"]),
    ("", {"status": "shipped"}, ["order_updated"]),
    ("", {"status": "delivered"}, ["order_delivered"]),
    ("", {"status": "returned"}, ["order_returned"]),
    (
        "/create_refundable_credit_note",
        {"credit_note[reason_code]": "waiver", "credit_note[total]": "1"},
        ["order_updated"],
    ),
    ("/cancel", {"cancellation_reason": "others", "credit_note[total]": "2"}, ["order_cancelled"]),
    ("/reopen", {"void_cancellation_credit_notes": "true"}, ["order_updated"]),
    ("", {"status": "cancelled", "cancellation_reason": "others"}, ["order_cancelled"]),
    ("/delete", {}, ["order_deleted"]),
)


async def test_every_command_gives_its_events(client: Client) -> None:
    await import_order(client, "inv_0002", id="o")
    assert await told(client, 0) == [("order_created", "o")]
    seen = 1
    for action, form, types in COMMANDS:
        answered = await post(client, f"o{action}", form)
        assert await told(client, seen) == [(each, "o") for each in types], (action, form)
        seen += len(types)
        if types:
            newest = (await events(client, limit=1))[0]
            assert newest["content"] == {"order": answered}, (action, form)
    assert newest["content"]["order"]["deleted"] is True


async def test_a_manual_order_gives_its_events(client: Client) -> None:
    order = await create(client, id="m")
    [event] = await events(client)
    assert (event["event_type"], event["content"]) == ("order_created", {"order": order})
    answered = await post(client, "m", {"status": "complete"})
    assert (await events(client))[0]["content"] == {"order": answered}
    assert await told(client, 1) == [("order_updated", "m")]


async def test_a_full_resend_gives_three_events_and_a_partial_one_two(client: Client) -> None:
    await import_order(client, "inv_0002", id="o", status="shipped")
    order = await import_order(client, "inv_0004", id="p", status="shipped")
    again = await post(client, "o/resend")
    assert await told(client, 2) == [("order_created", again["id"]), ("order_resent", "o"), ("order_cancelled", "o")]
    cancelled, resent, created = (await events(client))[:3]
    assert created["content"]["order"] == again
    assert resent["content"]["order"]["resent_status"] == "fully_resent"
    assert resent["content"]["order"]["status"] == "shipped"
    assert cancelled["content"]["order"]["cancellation_reason"] == "order_resent"
    line = order["order_line_items"][0]
    part = {"order_line_items[id][0]": line["id"], "order_line_items[fulfillment_quantity][0]": "1"}
    assert line["fulfillment_quantity"] > 1
    partly = await post(client, "p/resend", part)
    assert await told(client, 5) == [("order_created", partly["id"]), ("order_resent", "p")]


async def test_an_event_has_all_that_is_known_of_it(client: Client, site: Site) -> None:
    headers = {"chargebee-request-origin-user": "ann@example.com"}
    response = await client.post(ORDERS, data={"invoice_id": "inv_0001", "id": "o1"}, headers=headers)
    order = (await response.json())["order"]
    [event] = await events(client)
    assert event == {
        "id": event["id"],
        "occurred_at": order["resource_version"] // 1000,
        "source": "api",
        "user": "full_access_key_v1",
        "origin_user": "ann@example.com",
        "event_type": "order_created",
        "api_version": "v2",
        "webhook_status": "not_configured",
        "site_id": site,
        "object": "event",
        "content": {"order": order},
    }
    assert event["id"].startswith("ev___test__")
    assert len(event["id"]) <= 40
    retrieved = await client.get(f"{EVENTS}/{event['id']}")
    assert retrieved.headers["Content-Type"] == "application/json;charset=utf-8"
    answer = await retrieved.json()
    assert answer == {"event": event}
    for component, found in (("EventAnswer", answer), ("EventList", await (await client.get(EVENTS)).json())):
        jsonschema_rs.validate({**DOCUMENT, "$ref": f"#/components/schemas/{component}"}, found)


async def endpoint(client: Client, **form: str) -> str:
    """A new webhook endpoint."""
    data = {"name": "shop", "url": "https://shop.example.com/hook", **form}
    response = await client.post("/api/v2/webhook_endpoints", data=data)
    assert response.status == 200, await response.text()
    endpoint_id: str = (await response.json())["webhook_endpoint"]["id"]
    return endpoint_id


async def test_an_event_tells_what_became_of_its_delivery(client: Client) -> None:
    await create(client, id="o1")
    await endpoint(client, **{"enabled_events[0]": "order_updated", "enabled_events[1]": "order_cancelled"})
    await create(client, id="o2")
    await post(client, "o2", {"note": "x"})
    await post(client, "o2", {"note": "y"}, {"chargebee-event-webhook": "all-disabled"})
    found = await events(client)
    assert [event["webhook_status"] for event in found] == ["skipped", "scheduled", "not_applicable", "not_configured"]
    assert all("webhooks" not in event for event in found)
    for place, status in enumerate(("skipped", "scheduled", "not_applicable", "not_configured")):
        assert await events(client, webhook_status__is=status) == [found[place]]
        assert await events(client, webhook_status__is_not=status) == found[:place] + found[place + 1 :]
    second = await endpoint(client, name="log", disabled="true")
    assert second
    await post(client, "o2", {"note": "z"})
    newest = (await events(client, limit=1))[0]
    assert newest["webhook_status"] == "scheduled"
    assert (await events(client, webhook_status__is="disabled")) == [newest]
    assert newest in await events(client, webhook_status__in='["scheduled","failed"]')
    assert newest not in await events(client, webhook_status__not_in='["disabled"]')


async def test_a_repeated_command_gives_no_second_event(client: Client) -> None:
    for _ in range(2):
        await post(client, "import_order", _IMPORT, {"chargebee-idempotency-key": "k"})
    assert len(await events(client)) == 1


async def test_pages_and_filters_are_the_same_before_and_after_the_index(
    client: Client, pool: asyncpg.Pool, site: Site
) -> None:
    for number in range(4):
        await import_order(client, "inv_0004", id=f"o{number}")
        await post(client, f"o{number}", {"status": "shipped" if number % 2 else "delivered"})
    asked: tuple[dict[str, Any], ...] = (
        {},
        {"sort_by__asc": "occurred_at"},
        {"event_type__is": "ORDER_Delivered"},
        {"event_type__in": "['order_updated', 'invoice_generated']"},
        {"event_type__is": "invoice_generated"},
        {"source__is_not": "api"},
        {"webhook_status__in": "[not_configured]", "event_type__not_in": '["order_created"]'},
        {"id__starts_with": "ev_"},
    )
    before = [await events(client, **{**params, "limit": 3}) for params in asked]
    await catch_up(pool, ChangeIndex(), site)
    assert [await events(client, **{**params, "limit": 3}) for params in asked] == before
    assert [len(found) for found in before] == [8, 8, 2, 2, 0, 0, 4, 8]
    assert before[1] == before[0][::-1]


async def test_times_hold_their_second_and_days_are_those_of_the_site(client: Client) -> None:
    await create(client)
    [event] = await events(client)
    at = event["occurred_at"]
    for params, found in (
        ({"start_time": at}, [event]),
        ({"start_time": at + 1}, []),
        ({"end_time": at}, [event]),
        ({"end_time": at - 1}, []),
        ({"start_time": at, "end_time": at}, [event]),
        ({"start_time": "", "end_time": ""}, [event]),
        ({"occurred_at__after": at}, []),
        ({"occurred_at__after": at - 1}, [event]),
        ({"occurred_at__before": at}, []),
        ({"occurred_at__before": at + 1}, [event]),
        ({"occurred_at__on": at}, [event]),
        ({"occurred_at__on": at - 86_400}, []),
        ({"occurred_at__between": f"[{at},{at}]"}, [event]),
        ({"occurred_at__between": f"[{at + 1},{at + 2}]"}, []),
        ({"start_time": at, "occurred_at__before": at}, []),
    ):
        assert await events(client, **params) == found, params


@pytest.mark.parametrize(
    ("param", "value"),
    [
        ("event_type[is]", "order_lost"),
        ("event_type[in]", "[]"),
        ("event_type[starts_with]", "order"),
        ("source[is]", "pigeon"),
        ("webhook_status[is]", "lost"),
        ("occurred_at[is]", "1"),
        ("occurred_at[between]", "[2,1]"),
        ("id[is]", ""),
        ("start_time", "now"),
        ("end_time", "15175057310"),
        ("sort_by[asc]", "id"),
        ("limit", "101"),
        ("offset", "p1"),
    ],
)
async def test_what_is_wrong_is_refused_by_name(client: Client, param: str, value: str) -> None:
    await refused(await client.get(EVENTS, params={param: value}), 400, "param_wrong_value", param)


async def test_an_offset_belongs_to_its_list(client: Client, site: Site) -> None:
    for _ in range(3):
        await create(client)
    page = await (await client.get(EVENTS, params={"limit": "1"})).json()
    offset = page["next_offset"]
    assert (await client.get(EVENTS, params={"limit": "2", "offset": offset})).status == 200
    for params in ({"sort_by[asc]": "occurred_at"}, {"source[is]": "api"}, {"start_time": "1"}):
        response = await client.get(EVENTS, params={**params, "offset": offset})
        await refused(response, 400, "param_wrong_value", "offset")


@pytest.mark.parametrize("row_id", ["", "x", "-1", "1e3", "9" * 30, "\u0661"])
async def test_an_offset_that_somebody_made_is_refused_or_harmless(client: Client, site: Site, row_id: str) -> None:
    listed = OrderQuery(sort=Sort("occurred_at", descending=True))
    offset = write_offset(PageStart(2**62, row_id), query=listed, site=site)
    await refused(await client.get(EVENTS, params={"offset": offset}), 400, "param_wrong_value", "offset")
    digest = base64.urlsafe_b64encode(struct.pack(">q8s", 1, bytes(8)) + b"1").decode().rstrip("=")
    await refused(await client.get(EVENTS, params={"offset": f"p1{digest}"}), 400, "param_wrong_value", "offset")
    far = write_offset(PageStart(2**62, "9007199254740991"), query=listed, site=site)
    assert (await client.get(EVENTS, params={"offset": far})).status == 200


async def test_a_caller_of_one_business_entity_sees_its_events_alone(
    client: Client, pool: asyncpg.Pool, site: Site
) -> None:
    lines = [
        msgspec.json.encode(
            {"id": f"of_{name}", "status": "paid", "currency_code": "USD", "line_items": [], "business_entity_id": name}
        ).decode()
        for name in ("a", "b")
    ]
    assert (await load_file(pool, site, StringIO("\n".join(lines)))).loaded == 2
    mine = await create(client, invoice_id="of_a")
    await create(client, invoice_id="of_b")
    await create(client)
    await post(client, mine["id"], {"note": "x"})
    restricted = {"chargebee-business-entity-id": "a"}
    everything = await events(client)
    for is_indexed in (False, True):
        if is_indexed:
            await catch_up(pool, ChangeIndex(), site)
        found = await events(client, restricted)
        assert [event["content"]["order"]["id"] for event in found] == [mine["id"]] * 2
        assert await events(client, restricted, event_type__is="order_updated", source__is="api") == found[:1]
        assert await events(client, restricted, id__starts_with="ev") == found
    for event in everything:
        response = await client.get(f"{EVENTS}/{event['id']}", headers=restricted)
        assert response.status == (200 if event in found else 404)


async def test_a_key_that_may_only_read_reads_events_and_strangers_do_not(
    client: Client,
    pool: asyncpg.Pool,
    site: Site,
    services: Services,
    aiohttp_client: Callable[..., Awaitable[TestClient[Any, Any]]],
) -> None:
    await create(client)
    key = await Sites(pool).create_key(site, "reader", KeyKind.READ_ONLY, system_clock_ms())
    reader = await aiohttp_client(create_app(services), headers=basic(key))
    [event] = await events(reader)
    assert (await reader.get(f"{EVENTS}/{event['id']}")).status == 200
    await refused(await client.get(EVENTS, headers=basic("nobody")), 401, "api_authentication_failed")
    await refused(await client.post(EVENTS), 405, "http_method_not_supported")
    await refused(await client.post(f"{EVENTS}/{event['id']}"), 405, "http_method_not_supported")
    head = await client.head(EVENTS)
    assert (head.status, await head.read()) == (200, b"")


@pytest.mark.parametrize("event_id", ["nobody", "ev___test__", "%00", "%FF", "a/b", "\U0001f600" * 50])
async def test_an_event_that_is_not_there_is_not_found(client: Client, event_id: str) -> None:
    await refused(await client.get(f"{EVENTS}/{event_id}"), 404, "resource_not_found")


_IMPORT = {
    "invoice_id": "inv_0002",
    "status": "queued",
    "created_at": "1517505731",
    "order_date": "1517505731",
    "shipping_date": "1517505731",
}
