"""Lists of the past over HTTP: what a list answered at a position is what it answers for that position ever after."""

import asyncio
from io import StringIO
from typing import Any

import asyncpg
import msgspec
import pytest

from api.services import Services
from ledger.consumer import catch_up
from ledger.envelope import RecordedEvent
from ledger.events import OrderDeleted
from ledger.ids import Position, Site
from ops.invoice_loading import load_file
from projections.history.moments import instant_text
from projections.past import cut, lists
from projections.past.consumer import OrderVersions
from tests.api.requests import ORDERS, Client, create, import_order, refused
from tests.conftest import new_site
from tests.log.traffic import HandlerDoor, import_shared, load_big_invoices, writers
from tests.log.waiting import eventually

LISTS: tuple[tuple[str, dict[str, str]], ...] = (
    (ORDERS, {}),
    (ORDERS, {"include_deleted": "true", "sort_by[desc]": "updated_at"}),
    (ORDERS, {"status[is]": "queued"}),
    (ORDERS, {"status[in]": '["cancelled","delivered"]', "sort_by[asc]": "updated_at"}),
    (ORDERS, {"resent_status[is]": "fully_resent"}),
    (ORDERS, {"created_at[after]": "20", "is_resent[is]": "false"}),
    (ORDERS, {"id[starts_with]": "o", "sort_by[desc]": "created_at"}),
    ("/api/v2/invoices/inv_0002/orders", {}),
)


async def page(client: Client, **params: Any) -> dict[str, Any]:
    response = await client.get(ORDERS, params={"limit": 100, **params})
    assert response.status == 200, await response.text()
    found: dict[str, Any] = await response.json()
    return found


async def ids(client: Client, **params: Any) -> list[str]:
    return [entry["order"]["id"] for entry in (await page(client, **params))["list"]]


async def post(client: Client, path: str, **form: Any) -> None:
    response = await client.post(f"{ORDERS}/{path}", data=form)
    assert response.status == 200, await response.text()


async def head(services: Services, site: Site) -> int:
    return await services.store.head_position(site) or 0


async def lists_now(client: Client) -> list[bytes]:
    """The lists as they are answered now, without the brackets around them."""
    found = []
    for path, params in LISTS:
        response = await client.get(path, params={"limit": 100, **params})
        assert response.status == 200
        found.append((await response.read()).removesuffix(b"}"))
    return found


async def test_a_list_is_answered_as_it_was_at_every_position(
    client: Client, services: Services, pool: asyncpg.Pool, site: Site
) -> None:
    answered: dict[int, list[bytes]] = {}
    for path, form in (
        ("import_order", {"id": "o1", "invoice_id": "inv_0002", "created_at": 30}),
        ("import_order", {"id": "o2", "invoice_id": "inv_0002", "created_at": 10}),
        ("import_order", {"id": "o3", "invoice_id": "inv_0001", "created_at": 20}),
        ("o1", {"note": "first"}),
        ("o2", {"status": "delivered"}),
        ("o1/cancel", {"cancellation_reason": "others", "credit_note[total]": 10}),
        ("o3/resend", {}),
        ("o1/reopen", {}),
        ("o3/delete", {}),
        ("o2", {"note": "last"}),
    ):
        if path == "import_order":
            await import_order(client, **form)
        else:
            await post(client, path, **form)
        answered[await head(services, site)] = await lists_now(client)

    for indexed in (False, True):
        if indexed:
            await catch_up(pool, OrderVersions(), site)
        for position, before in answered.items():
            for (path, params), expected in zip(LISTS, before, strict=True):
                asked: dict[str, str | int] = {"limit": 100, "as_of[position]": position, **params}
                response = await client.get(path, params=asked)
                assert await response.read() == expected + b',"as_of":{"position":%d}}' % position, asked


async def test_a_second_and_an_instant_give_the_list_of_then(client: Client, services: Services, site: Site) -> None:
    await import_order(client, id="o1")
    [imported] = await services.store.read_log(site, after=Position(await head(services, site) - 1))
    await post(client, "o1/delete")
    at_ms = imported.recorded_at
    found = await page(client, **{"as_of[time]": instant_text(at_ms)})
    assert [entry["order"]["deleted"] for entry in found["list"]] == [False]
    assert found["as_of"] == {"time": at_ms // 1000, "time_ms": at_ms}
    assert await ids(client, **{"as_of[time]": instant_text(at_ms - 1)}, include_deleted="true") == []

    # A whole second is the end of it.
    second = at_ms // 1000
    found = await page(client, **{"as_of[time]": second}, include_deleted="true")
    assert found["as_of"] == {"time": second, "time_ms": second * 1000 + 999}
    deleted = [event.recorded_at // 1000 == second for event in await _deletions(services, site)]
    assert [entry["order"]["deleted"] for entry in found["list"]] == deleted


async def test_moments_that_a_list_cannot_have_are_refused(client: Client, services: Services, site: Site) -> None:
    await create(client)
    beyond = await head(services, site) + 1
    for params, param in (
        ({"as_of[version]": 1}, "as_of[version]"),
        ({"as_of[position]": beyond}, "as_of[position]"),
        ({"as_of[position]": 0}, "as_of[position]"),
        ({"as_of[time]": "yesterday"}, "as_of[time]"),
        ({"as_of[time]": "2999-01-01T00:00:00Z"}, "as_of[time]"),
        ({"as_of[time]": 1, "as_of[position]": 1}, "as_of[position]"),
        ({"as_of": 1}, "as_of"),
    ):
        for path in (ORDERS, "/api/v2/invoices/inv_0001/orders"):
            await refused(await client.get(path, params=params), 400, "param_wrong_value", param)
    body = await refused(await client.get(ORDERS, params={"as_of[time]": 1}), 404, "resource_not_found")
    assert "had not begun" in body["message"]


async def test_an_offset_belongs_to_its_moment(client: Client, services: Services, site: Site) -> None:
    for _ in range(3):
        await create(client)
    position = await head(services, site)
    offset = (await page(client, limit=1, **{"as_of[position]": position}))["next_offset"]
    assert len((await page(client, limit=1, offset=offset, **{"as_of[position]": position}))["list"]) == 1
    plain = (await page(client, limit=1))["next_offset"]
    for params in (
        {"offset": offset},
        {"offset": offset, "as_of[position]": position - 1},
        {"offset": plain, "as_of[position]": position},
    ):
        response = await client.get(ORDERS, params={"limit": 1, **params})
        await refused(response, 400, "param_wrong_value", "offset")


async def test_a_walk_gives_each_order_of_a_moment_once_while_writers_write(
    client: Client, services: Services, pool: asyncpg.Pool, site: Site
) -> None:
    door = HandlerDoor(services, site)
    await load_big_invoices(pool, site)
    shared = [told.order for told in await import_shared(door) if told.order]
    found = writers(("a", "b"), ("a", "b"), shared)
    await asyncio.gather(*(writer.write(door, 40, with_keys=False) for writer in found))
    position = await head(services, site)
    whole = [entry["order"] for entry in (await page(client, include_deleted="true"))["list"]]

    for params in ({"sort_by[asc]": "created_at"}, {"sort_by[desc]": "updated_at"}):
        writing = asyncio.gather(*(writer.write(door, 60, with_keys=False) for writer in found))
        walked: list[dict[str, Any]] = []
        offset: dict[str, str] = {}
        while True:
            asked = {"limit": 3, "include_deleted": "true", "as_of[position]": position, **params, **offset}
            answer = await page(client, **asked)
            walked += [entry["order"] for entry in answer["list"]]
            if "next_offset" not in answer:
                break
            offset = {"offset": answer["next_offset"]}
            if len(walked) % 2:
                await catch_up(pool, OrderVersions(), site)
        await writing
        assert sorted(walked, key=lambda order: order["id"]) == sorted(whole, key=lambda order: order["id"])
    assert await head(services, site) > position


async def test_far_behind_the_log_the_caller_is_asked_to_come_again(
    client: Client, services: Services, pool: asyncpg.Pool, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "PAST_EVENTS_BEHIND_INDEX_MAX", 3)
    monkeypatch.setattr(lists, "PAST_INDEX_WAIT_S_MAX", 0.0)
    for _ in range(4):
        await create(client)
    position = await head(services, site)
    assert len(await ids(client, **{"as_of[position]": position})) == 4
    response = await client.get(ORDERS, params={"as_of[position]": position - 1})
    body = await refused(response, 503, "internal_temporary_error")
    assert "Lists of the past are being prepared" in body["message"]
    assert response.headers["Retry-After"] == "30"
    await catch_up(pool, OrderVersions(), site)
    assert len(await ids(client, **{"as_of[position]": position - 1})) == 3


async def test_a_page_waits_for_an_index_that_is_nearly_there(
    client: Client, services: Services, pool: asyncpg.Pool, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "PAST_EVENTS_BEHIND_INDEX_MAX", 0)
    monkeypatch.setattr(lists, "PAST_INDEX_WAIT_S_MAX", 60.0)
    for _ in range(2):
        await create(client)
    position = await head(services, site) - 1
    looks: list[int] = []

    async def cut_at(*arguments: Any) -> Any:
        looks.append(position)
        return await cut.cut_at(*arguments)

    monkeypatch.setattr(lists, "cut_at", cut_at)
    asked = asyncio.create_task(ids(client, **{"as_of[position]": position}))
    await eventually(lambda: len(looks) > 1)
    assert not asked.done()
    await catch_up(pool, OrderVersions(), site)
    assert len(await asked) == 1


async def test_another_sites_orders_are_in_no_list_of_the_past(
    client: Client, services: Services, pool: asyncpg.Pool, site: Site
) -> None:
    other = await new_site(pool)
    await load_big_invoices(pool, other)
    await import_shared(HandlerDoor(services, other))
    mine = await create(client)
    await post(client, mine["id"], note="x")
    for each in (site, other):
        await catch_up(pool, OrderVersions(), each)
    assert await ids(client, **{"as_of[position]": await head(services, site) - 1}) == [mine["id"]]


async def test_a_caller_of_a_business_entity_sees_its_orders_of_then_alone(
    client: Client, services: Services, pool: asyncpg.Pool, site: Site
) -> None:
    for entity in ("a", "b"):
        invoice = {"id": f"of_{entity}", "status": "paid", "currency_code": "USD", "line_items": []}
        described = msgspec.json.encode(invoice | {"business_entity_id": entity}).decode()
        assert (await load_file(pool, site, StringIO(described))).loaded == 1
        made = await create(client, invoice_id=f"of_{entity}", id=f"o_{entity}")
        await post(client, made["id"], note="x")
    position = await head(services, site)
    await post(client, "o_a", note="y")
    await post(client, "o_b", note="y")
    for indexed in (False, True):
        if indexed:
            await catch_up(pool, OrderVersions(), site)
        response = await client.get(
            ORDERS, params={"as_of[position]": position}, headers={"chargebee-business-entity-id": "a"}
        )
        assert [entry["order"]["id"] for entry in (await response.json())["list"]] == ["o_a"]


async def _deletions(services: Services, site: Site) -> list[RecordedEvent]:
    events = await services.store.read_log(site, after=Position(0))
    return [event for event in events if event.type == OrderDeleted.TOPIC]
