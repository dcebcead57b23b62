"""GET /ledger/changes as a list: its filters, its pages, what it shows, and to whom."""

from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest
from aiohttp.test_utils import TestClient

from api.app import create_app
from api.services import Services
from ledger.commands import UpdateOrder
from ledger.consumer import catch_up
from ledger.events import OrderChanges
from ledger.ids import Site, system_clock_ms
from ledger.limits import CHANGES_BEHIND_INDEX_MAX
from ledger.processes.actor import system
from ledger.sites import KeyKind, Sites
from ledger.vocabulary import EventSource
from projections.changes.index import ChangeIndex
from tests.api.requests import ORDERS, Client, basic, create, every_page, import_order, refused
from tests.conftest import new_site
from tests.contract.http.invoices import invoice, load
from tests.log.appends import append, append_batch

CHANGES = "/api/v2/ledger/changes"
SOON = 4_000_000_000


async def changes(client: Client, headers: dict[str, str] | None = None, **params: Any) -> list[dict[str, Any]]:
    """All changes of a list, over its pages."""
    return await every_page(client, CHANGES, "change", headers, **params)


async def test_the_newest_change_comes_first_with_all_that_is_known_of_it(client: Client, site: Site) -> None:
    order = await create(client, id="o1")
    response = await client.post(
        f"{ORDERS}/o1",
        data={"note": "hi"},
        headers={"chargebee-request-origin-user": "ann@example.com", "chargebee-idempotency-key": "k1"},
    )
    assert response.status == 200
    newest, *_, first = await changes(client)
    assert newest == {
        "position": newest["position"],
        "version": 2,
        "type": "order.updated",
        "sentence": "Updated: note",
        "stream": "order-o1",
        "order_id": "o1",
        "invoice_id": "inv_0001",
        "recorded_at": newest["recorded_at_ms"] // 1000,
        "recorded_at_ms": (await response.json())["order"]["resource_version"],
        "actor": "full_access_key_v1",
        "actor_kind": "api_key",
        "source": "api",
        "correlation_id": response.headers["x-request-id"],
        "causation_id": response.headers["x-request-id"],
        "event_id": newest["event_id"],
        "leaf": newest["leaf"],
        "object": "change",
        "request": {
            "id": response.headers["x-request-id"],
            "method": "POST",
            "path": f"{ORDERS}/o1",
            "idempotency_key": "k1",
            "origin_user": "ann@example.com",
        },
    }
    assert first["position"] == 1
    assert first["type"] == "invoice.recorded"
    assert order["id"] == "o1"


async def test_differences_come_when_they_are_asked_for(client: Client) -> None:
    await create(client, id="o1", note="old")
    await client.post(f"{ORDERS}/o1", data={"note": "new"})
    plain = (await changes(client, order_id__is="o1"))[0]
    asked = (await changes(client, order_id__is="o1", include_difference="true"))[0]
    assert "changes" not in plain
    assert asked == plain | {"changes": [{"path": "note", "before": "old", "after": "new"}]}


async def test_what_an_event_led_to_is_found_and_what_began_with_one_request(
    client: Client, services: Services, pool: asyncpg.Pool, site: Site
) -> None:
    await create(client, id="o1")
    [cause] = await changes(client, order_id__is="o1")
    service = system(
        site,
        EventSource.SYSTEM,
        live=False,
        ids=services.ids,
        causation_id=cause["event_id"],
        correlation_id=cause["correlation_id"],
    )
    note = UpdateOrder(order_id="o1", changes=OrderChanges(note="by the service"))
    for is_indexed in (False, True):
        if is_indexed:
            await catch_up(pool, ChangeIndex(), site)
        else:
            await services.handler.handle(note, service)
        [led_to] = await changes(client, causation_id__is=cause["event_id"])
        assert (led_to["version"], led_to["causation_id"]) == (2, cause["event_id"])
        # A plain call is the cause of its own events.
        request = cause["request"]["id"]
        assert await changes(client, causation_id__is=request) == [cause]
        assert await changes(client, correlation_id__is=request) == [led_to, cause]
        assert await changes(client, causation_id__in=f'["{request}","{cause["event_id"]}"]') == [led_to, cause]
        assert led_to not in await changes(client, causation_id__is_not=cause["event_id"])
        assert await changes(client, causation_id__is="ev_nobody") == []


async def test_an_order_is_found_with_its_credit_notes_and_an_invoice_with_its_orders(client: Client) -> None:
    order = await import_order(client, "inv_0002", id="o1")
    await import_order(client, "inv_0004", id="o2")
    cancelled = await client.post(
        f"{ORDERS}/o1/cancel", data={"cancellation_reason": "others", "credit_note[total]": "100"}
    )
    assert cancelled.status == 200
    await client.post(f"{ORDERS}/o1/reopen", data={"void_cancellation_credit_notes": "true"})
    of_order = [change["type"] for change in await changes(client, order_id__is="o1", sort_by__asc="position")]
    assert of_order == [
        "order.imported",
        "order.cancelled",
        "credit_note.created",
        "invoice.credit_note_issued",
        "order.reopened",
        "credit_note.voided",
        "invoice.credit_note_voided",
    ]
    of_invoice = await changes(client, invoice_id__is="inv_0002", sort_by__asc="position")
    assert [change["type"] for change in of_invoice] == ["invoice.recorded", *of_order]
    assert order["id"] == "o1"
    both = await changes(client, order_id__in='["o1","o2"]', type__is="order.imported")
    assert [change["order_id"] for change in both] == ["o2", "o1"]


@pytest.mark.parametrize("is_indexed", [False, True])
async def test_filters_find_by_actor_request_type_time_and_position(
    client: Client, pool: asyncpg.Pool, site: Site, is_indexed: bool
) -> None:
    response = await client.post(ORDERS, data={"invoice_id": "inv_0001", "id": "o1"})
    await create(client, id="o2")
    if is_indexed:
        await catch_up(pool, ChangeIndex(), site)
    everything = await changes(client)
    [made] = await changes(client, request_id__is=response.headers["x-request-id"])
    assert made["order_id"] == "o1"
    assert await changes(client, actor__is="full_access_key_v1") == everything[:2]
    assert await changes(client, actor__is_not="full_access_key_v1") == everything[2:]
    assert await changes(client, type__in='["order.created","order.deleted"]') == everything[:2]
    assert await changes(client, source__is="api") == everything[:2]
    second = made["recorded_at"]
    assert made in await changes(client, recorded_at__between=f"[{second},{second}]")
    assert made in await changes(client, recorded_at__on=second)
    assert await changes(client, recorded_at__after=SOON) == []
    assert await changes(client, recorded_at__before=SOON) == everything
    assert await changes(client, position__after=made["position"]) == everything[:1]
    assert await changes(client, position__before=made["position"]) == everything[2:]
    assert await changes(client, position__between=f"[{made['position']},{made['position']}]") == [made]


async def test_pages_go_on_where_the_one_before_ended_while_others_write(client: Client) -> None:
    for number in range(5):
        await create(client, id=f"o{number}")
    first = await (await client.get(CHANGES, params={"limit": "3", "type[is]": "order.created"})).json()
    await create(client, id="newer")
    second = await (
        await client.get(CHANGES, params={"limit": "3", "type[is]": "order.created", "offset": first["next_offset"]})
    ).json()
    ids = [entry["change"]["order_id"] for page in (first, second) for entry in page["list"]]
    assert ids == ["o4", "o3", "o2", "o1", "o0"]
    assert "next_offset" not in second


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"type[is]": "order.exploded"}, "type[is]"),
        ({"source[is]": "back door"}, "source[is]"),
        ({"actor[starts_with]": "x"}, "actor[starts_with]"),
        ({"position[is]": "1"}, "position[is]"),
        ({"position[after]": "-1"}, "position[after]"),
        ({"position[between]": "[3,2]"}, "position[between]"),
        ({"recorded_at[after]": "yesterday"}, "recorded_at[after]"),
        ({"sort_by[asc]": "recorded_at"}, "sort_by[asc]"),
        ({"limit": "101"}, "limit"),
        ({"offset": "p1AAAA"}, "offset"),
        ({"include_difference": "maybe"}, "include_difference"),
    ],
)
async def test_what_cannot_be_asked_is_refused(client: Client, params: dict[str, str], param: str) -> None:
    await refused(await client.get(CHANGES, params=params), 400, "param_wrong_value", param)


async def test_an_offset_belongs_to_its_list(client: Client) -> None:
    await create(client)
    page = await (await client.get(CHANGES, params={"limit": "1"})).json()
    orders = await (await client.get(ORDERS, params={"limit": "1"})).json()
    assert "next_offset" not in orders
    for params in ({"sort_by[asc]": "position"}, {"source[is]": "api"}):
        response = await client.get(CHANGES, params={**params, "offset": page["next_offset"]})
        await refused(response, 400, "param_wrong_value", "offset")
    response = await client.get(ORDERS, params={"offset": page["next_offset"]})
    await refused(response, 400, "param_wrong_value", "offset")


async def test_a_restricted_caller_sees_its_entitys_orders_and_invoices_alone(
    client: Client, services: Services, site: Site
) -> None:
    await load(services, site, invoice("of_a", business_entity_id="a"), invoice("of_b", business_entity_id="b"))
    for name in ("a", "b"):
        await import_order(client, f"of_{name}", id=f"order_{name}")
        form = {"cancellation_reason": "others", "credit_note[total]": "5"}
        assert (await client.post(f"{ORDERS}/order_{name}/cancel", data=form)).status == 200
    own = {"chargebee-business-entity-id": "a"}
    seen = await changes(client, own)
    assert {change["business_entity_id"] for change in seen} == {"a"}
    assert [change["type"] for change in seen] == [
        "invoice.credit_note_issued",
        "credit_note.created",
        "order.cancelled",
        "order.imported",
        "invoice.recorded",
    ]
    assert await changes(client, own, order_id__is="order_b") == []
    assert len(await changes(client, order_id__is="order_b")) == 4
    page = await (await client.get(CHANGES, params={"limit": "1"}, headers=own)).json()
    foreign = await client.get(CHANGES, params={"limit": "1", "offset": page["next_offset"]})
    await refused(foreign, 400, "param_wrong_value", "offset")


async def test_sites_see_their_own_changes(
    client: Client, pool: asyncpg.Pool, services: Services, aiohttp_client: Callable[..., Awaitable[Client]]
) -> None:
    other = await new_site(pool)
    key = await Sites(pool).create_key(other, "other", KeyKind.READ_ONLY, system_clock_ms())
    stranger: TestClient[Any, Any] = await aiohttp_client(create_app(services), headers=basic(key))
    await create(client, id="o1")
    assert await changes(stranger) == []
    await load(services, other, invoice("theirs"))
    assert [change["invoice_id"] for change in await changes(stranger)] == ["theirs"]
    assert all(change["invoice_id"] != "theirs" for change in await changes(client))


async def test_an_index_that_is_being_built_is_told_with_the_time_to_come_again(
    client: Client, pool: asyncpg.Pool, site: Site
) -> None:
    for first in range(0, CHANGES_BEHIND_INDEX_MAX + 1, 100):
        await append_batch(pool, append(site, *((f"order-{number}", 1) for number in range(first, first + 100))))
    response = await client.get(CHANGES)
    await refused(response, 503, "internal_temporary_error")
    assert int(response.headers["Retry-After"]) > 0
    await catch_up(pool, ChangeIndex(), site)
    assert (await client.get(CHANGES)).status == 200


async def test_head_and_strangers(client: Client) -> None:
    response = await client.head(CHANGES)
    assert (response.status, await response.read()) == (200, b"")
    await refused(await client.post(CHANGES), 405, "http_method_not_supported")
    await refused(await client.get(CHANGES, headers=basic("nobody")), 401, "api_authentication_failed")
