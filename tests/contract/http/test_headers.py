"""What the headers of a request do, and what is recorded of them with the event (chargebee/conventions.md, 5)."""

import base64
from typing import Any

import msgspec
import pytest

from api.services import Services
from ledger.ids import Site, order_stream
from tests.api.requests import Client
from tests.contract.contract import CONTRACT
from tests.contract.http.conftest import ChangeSettings
from tests.contract.http.invoices import invoice, load
from tests.contract.http.orders import created, imported
from tests.contract.http.wire import CHANGING, CREATING, WRITING, get, path_of, post

ENTITY = "chargebee-business-entity-id"
ORIGIN_USER = "chargebee-request-origin-user"
ORIGIN_USER_ENCODED = "chargebee-request-origin-user-encoded"


async def bodies(services: Services, site: Site, order_id: str) -> list[dict[str, Any]]:
    """The stored bodies of an order's events."""
    stream = order_stream(order_id)
    records = (await services.store.load_streams(site, [stream]))[stream]
    return [msgspec.json.decode(record.body) for record in records]


async def metadata(client: Client, services: Services, site: Site, **headers: str) -> dict[str, Any]:
    """What is recorded of a request with these headers."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    made = await post(client, "create", [("invoice_id", "inv_0001")], headers=named)
    recorded: dict[str, Any] = (await bodies(services, site, made.order["id"]))[-1]["metadata"]
    assert recorded["request_id"] == made.headers["x-request-id"]
    return recorded


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


async def test_an_event_says_who_asked_for_what_and_where(client: Client, services: Services, site: Site) -> None:
    recorded = await metadata(client, services, site)
    request_id = recorded["request_id"]
    assert recorded == {
        "actor": "full_access_key_v1",
        "actor_kind": "api_key",
        "source": "api",
        "request_id": request_id,
        "correlation_id": request_id,
        "causation_id": request_id,
        "method": "POST",
        "path": "/api/v2/orders",
    }


async def test_every_write_is_recorded_with_its_headers(client: Client, services: Services, site: Site) -> None:
    needed = {
        "cancel": [("cancellation_reason", "others")],
        "create_refundable_credit_note": [("credit_note[reason_code]", "other"), ("credit_note[total]", "1")],
        "update": [("note", "new")],
    }
    for operation in CHANGING:
        order_id = (await imported(client))["id"]
        if operation == "reopen":
            await post(client, "cancel", needed["cancel"], order_id)
        seen = len(await bodies(services, site, order_id))
        headers = {
            "chargebee-idempotency-key": f"key of {operation}",
            ORIGIN_USER: "ann@example.com",
            "chargebee-request-origin-ip": "2001:db8::1",
            "chargebee-request-origin-device": "Till 7",
            "chargebee-event-webhook": "all-disabled",
        }
        answer = await post(client, operation, needed.get(operation, []), order_id, headers=headers)
        assert answer.status == 200, operation
        new = (await bodies(services, site, order_id))[seen:]
        if operation == "resend":
            new += await bodies(services, site, answer.order["id"])
        assert new
        for body in new:
            assert {
                "idempotency_key": f"key of {operation}",
                "origin_user": "ann@example.com",
                "origin_ip": "2001:db8::1",
                "origin_device": "Till 7",
                "webhooks_disabled": True,
                "path": path_of(operation, order_id),
                "request_id": answer.headers["x-request-id"],
            }.items() <= body["metadata"].items()


async def test_the_origin_user_may_be_encoded_and_then_wins(client: Client, services: Services, site: Site) -> None:
    for sent, user in (
        ({ORIGIN_USER: "ann@example.com"}, "ann@example.com"),
        ({ORIGIN_USER_ENCODED: encoded("\u00fcrsel@example.com")}, "\u00fcrsel@example.com"),
        ({ORIGIN_USER: "ann@example.com", ORIGIN_USER_ENCODED: encoded("bo@example.com")}, "bo@example.com"),
        ({ORIGIN_USER: "ann@example.com", ORIGIN_USER_ENCODED: "no base64!"}, "ann@example.com"),
        ({ORIGIN_USER_ENCODED: base64.b64encode(b"\xff").decode()}, None),
        ({ORIGIN_USER: ""}, None),
        ({ORIGIN_USER: "x" * 300}, "x" * 250),
    ):
        recorded = await metadata(client, services, site, **sent)
        assert recorded.get("origin_user") == user, sent


async def test_only_all_disabled_turns_webhooks_off(client: Client, services: Services, site: Site) -> None:
    for name, value, is_off in (
        ("chargebee-event-webhook", "all-disabled", True),
        ("chargebee-event-actions", "all-disabled", True),
        ("chargebee-event-email", "all-disabled", False),
        ("chargebee-event-webhook", "disabled", False),
        ("chargebee-event-actions", "", False),
        ("Chargebee-Event-Webhook", "all-disabled", True),
    ):
        recorded = await metadata(client, services, site, **{name: value})
        assert recorded.get("webhooks_disabled", False) is is_off, (name, value)


async def test_what_sdks_say_about_themselves_is_ignored(client: Client, services: Services, site: Site) -> None:
    plain = set(await metadata(client, services, site))
    noise = {
        "User-Agent": "Chargebee-Java-Client v4.0.1",
        "Lang-Version": "21",
        "OS-Version": "Linux",
        "X-CB-Retry-Attempt": "2",
        "X-Chargebee-Sdk-Telemetry": '{"a":1}',
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "Accept": "*/*",
        "Accept-Encoding": "gzip, deflate, br",
        "Accept-Charset": "utf-8",
        "X-CB-Idempotency-Key": "",
    }
    named = [header for header in CONTRACT["headers"]["request"] if not header.startswith("chargebee-")]
    assert set(named) <= set(noise)
    assert set(await metadata(client, services, site, **noise)) == plain


async def test_headers_have_their_bounds(client: Client, change_settings: ChangeSettings) -> None:
    await change_settings(business_entities=["x" * 50])
    for name, length in (("chargebee-idempotency-key", 100), (ENTITY, 50)):
        assert CONTRACT["headers"]["request"][name]["max_length"] == length
        answer = await post(client, "create", [("invoice_id", "inv_0001")], headers={name: "x" * (length + 1)})
        answer.refused(400, "param_wrong_value", name)
        answer = await post(client, "create", [("invoice_id", "inv_0001")], headers={name: "x" * length})
        assert answer.status == 200


async def test_an_event_header_on_a_get_does_nothing(client: Client) -> None:
    order = await created(client)
    headers = dict.fromkeys(CONTRACT["headers"]["not_on_get"], "all-disabled")
    assert (await get(client, "retrieve", resource_id=order["id"], headers=headers)).order == order


@pytest.fixture
async def entities(client: Client, services: Services, site: Site, change_settings: ChangeSettings) -> Client:
    """A site with two business entities, an invoice of each and one of none."""
    await change_settings(business_entities=["north", "south"])
    await load(
        services,
        site,
        invoice("of-north", business_entity_id="north"),
        invoice("of-south", business_entity_id="south"),
        invoice("of-none"),
    )
    return client


async def test_a_call_for_an_entity_links_what_it_makes_to_it(entities: Client) -> None:
    for operation in CREATING:
        for invoice_id, header, entity in (
            ("of-north", {}, "north"),
            ("of-north", {ENTITY: "north"}, "north"),
            ("of-none", {ENTITY: "south"}, "south"),
            ("of-none", {}, None),
        ):
            times = [(name, "1") for name in ("created_at", "order_date", "shipping_date")]
            pairs = [("invoice_id", invoice_id), ("status", "cancelled"), *times]
            order = (await post(entities, operation, pairs, headers=header)).order
            assert order.get("business_entity_id") == entity


async def test_what_belongs_to_another_entity_is_not_found(entities: Client) -> None:
    south = {ENTITY: "south"}
    for order in (await imported(entities, "of-north"), await imported(entities, "of-none")):
        (await get(entities, "retrieve", resource_id=order["id"], headers=south)).refused(404, "resource_not_found")
        for operation in CHANGING:
            answer = await post(entities, operation, [("note", "x" * 601)], order["id"], headers=south)
            answer.refused(404, "resource_not_found")
        assert (await get(entities, "retrieve", resource_id=order["id"])).order == order
    for operation in CREATING:
        times = [(name, "1") for name in ("created_at", "order_date", "shipping_date")]
        pairs = [("invoice_id", "of-north"), ("status", "cancelled"), *times]
        (await post(entities, operation, pairs, headers=south)).refused(404, "resource_not_found", "invoice_id")
    answer = await get(entities, "orders_for_invoice", resource_id="of-north", headers=south)
    answer.refused(404, "resource_not_found")


async def test_lists_hold_the_orders_of_the_entity_alone(entities: Client) -> None:
    north = [(await imported(entities, "of-north"))["id"] for _ in range(3)]
    south = [(await imported(entities, "of-south"))["id"] for _ in range(3)]
    none = [(await imported(entities, "of-none"))["id"]]
    for header, ids in (({ENTITY: "north"}, north), ({ENTITY: "south"}, south), ({}, north + south + none)):
        assert sorted((await get(entities, "list", [("limit", "100")], headers=header)).ids) == sorted(ids)
    first = await get(entities, "list", [("limit", "2")], headers={ENTITY: "north"})
    offset = first.body["next_offset"]
    rest = await get(entities, "list", [("offset", offset)], headers={ENTITY: "north"})
    assert first.ids + rest.ids == north
    for other in ({ENTITY: "south"}, {}):
        answer = await get(entities, "list", [("offset", offset)], headers=other)
        answer.refused(400, "param_wrong_value", "offset")
    for header in ({ENTITY: "north"}, {}):
        answer = await get(entities, "orders_for_invoice", resource_id="of-north", headers=header)
        assert sorted(answer.ids) == sorted(north)


async def test_an_entity_that_the_site_does_not_have_is_not_found(entities: Client) -> None:
    order = await imported(entities, "of-none")
    for unknown in ({ENTITY: "east"}, {ENTITY: "North"}):
        for operation in WRITING:
            answer = await post(entities, operation, [("invoice_id", "of-none")], order["id"], headers=unknown)
            answer.refused(404, "resource_not_found")
        for operation, resource_id in (("list", ""), ("retrieve", order["id"]), ("orders_for_invoice", "of-none")):
            answer = await get(entities, operation, resource_id=resource_id, headers=unknown)
            answer.refused(404, "resource_not_found")
