"""GET /ledger/orders: orders by words and by who changed them, as the console finds them."""

from io import StringIO
from typing import Any

import asyncpg
import jsonschema_rs
import msgspec
import pytest

from ledger.consumer import catch_up
from ledger.ids import Site, system_clock_ms
from ledger.sites import KeyKind, Sites
from ops.invoice_loading import load_file
from projections.changes.index import ChangeIndex
from projections.search import search
from projections.search.consumer import OrderWords
from tests.api.description import DOCUMENT
from tests.api.requests import ORDERS, Client, basic, create, every_page, import_order, refused
from tests.conftest import new_site

FOUND = "/api/v2/ledger/orders"
ACTOR = "full_access_key_v1"


async def answered(client: Client, headers: dict[str, str] | None = None, **params: Any) -> dict[str, Any]:
    """A page; ``actor__is`` is ``actor[is]``."""
    query = {name.replace("__is", "[is]"): str(value) for name, value in params.items()}
    answer = await client.get(FOUND, params=query, headers=headers)
    body: dict[str, Any] = await answer.json()
    assert answer.status == 200, body
    jsonschema_rs.validate({**DOCUMENT, "$ref": "#/components/schemas/FoundOrderList"}, body)
    return body


async def ids(client: Client, headers: dict[str, str] | None = None, **params: Any) -> list[str]:
    return [entry["order"]["id"] for entry in (await answered(client, headers, **params))["list"]]


async def follow(pool: asyncpg.Pool, site: Site) -> None:
    await catch_up(pool, OrderWords(), site)
    await catch_up(pool, ChangeIndex(), site)


async def test_orders_are_found_by_words_by_actor_and_by_filters_at_once(
    client: Client, pool: asyncpg.Pool, site: Site
) -> None:
    await import_order(client, id="1-vase", note="Fragile: blue vase", reference_id="REF-77")
    await import_order(client, id="2-plate", note="fragile plate")
    await import_order(client, id="3-cup")
    await follow(pool, site)
    assert await ids(client, words="FRAG") == ["2-plate", "1-vase"]
    assert await ids(client, words="fragile ref-77") == ["1-vase"]
    assert await ids(client, words="fragile", status__is="shipped") == []
    assert await ids(client, words="green") == []
    assert await ids(client, words="?!") == []
    assert await ids(client, actor__is=ACTOR) == ["3-cup", "2-plate", "1-vase"]
    assert await ids(client, actor__is=ACTOR, words="blue") == ["1-vase"]
    assert await ids(client, actor__is="nobody") == []
    assert await ids(client, status__is="queued") == ["3-cup", "2-plate", "1-vase"]
    [whole] = (await answered(client, words="vase"))["list"]
    assert whole == await (await client.get(f"{ORDERS}/1-vase")).json()


async def test_pages_hold_every_order_once_with_the_latest_change_first(
    client: Client, pool: asyncpg.Pool, site: Site
) -> None:
    made = [(await create(client, note="fragile"))["id"] for _ in range(5)]
    await client.post(f"{ORDERS}/{made[0]}", data={"note": "fragile again"})
    await follow(pool, site)
    paged = [each["id"] for each in await every_page(client, FOUND, "order", words="fragile", limit=2)]
    assert sorted(paged) == sorted(made)
    updated = await every_page(client, FOUND, "order", words="fragile")
    assert [each["id"] for each in updated] == paged
    assert [each["updated_at"] for each in updated] == sorted((each["updated_at"] for each in updated), reverse=True)
    offset = (await answered(client, words="fragile", limit=2))["next_offset"]
    for other in ({"words": "again"}, {"actor[is]": ACTOR}, {"words": "fragile", "sort_by[asc]": "created_at"}):
        answer = await client.get(FOUND, params={**other, "limit": "2", "offset": offset})
        await refused(answer, 400, "param_wrong_value", "offset")


async def test_a_page_goes_on_although_other_orders_have_been_found_meanwhile(
    client: Client, pool: asyncpg.Pool, site: Site
) -> None:
    made = {(await create(client, note="fragile"))["id"] for _ in range(3)}
    await follow(pool, site)
    first = await answered(client, words="fragile", limit=2)
    await create(client, note="fragile too")
    await follow(pool, site)
    rest = await ids(client, words="fragile", limit=2, offset=first["next_offset"])
    assert {*rest, *(entry["order"]["id"] for entry in first["list"])} == made


async def test_orders_of_the_past_are_found(client: Client, pool: asyncpg.Pool, site: Site) -> None:
    order = await import_order(client, note="fragile")
    await client.post(f"{ORDERS}/{order['id']}", data={"status": "shipped"})
    await follow(pool, site)
    head = await pool.fetchval("SELECT max(position) FROM ledger.event WHERE site = $1", site)
    query = {"words": "fragile", "as_of[position]": str(head - 1)}
    then = await (await client.get(FOUND, params=query)).json()
    assert [entry["order"]["status"] for entry in then["list"]] == ["queued"]
    assert then["as_of"] == {"position": head - 1}


async def test_a_search_that_ended_at_its_bound_says_so(
    client: Client, pool: asyncpg.Pool, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        await import_order(client, note="fragile")
    await follow(pool, site)
    assert "is_bounded" not in await answered(client, words="fragile")
    monkeypatch.setattr(search, "SEARCH_ORDERS_MAX", 2)
    for found in (await answered(client, words="fragile"), await answered(client, actor__is=ACTOR)):
        assert found["is_bounded"] is True
        assert len(found["list"]) == 2
    assert "is_bounded" not in await answered(client, words="green")


async def test_an_actor_with_more_changes_than_are_looked_through_is_told_of(
    client: Client, pool: asyncpg.Pool, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = await create(client)
    await create(client)
    for number in range(20 * 3):
        await client.post(f"{ORDERS}/{order['id']}", data={"note": str(number)})
    await follow(pool, site)
    monkeypatch.setattr(search, "SEARCH_ORDERS_MAX", 3)
    found = await answered(client, actor__is=ACTOR)
    assert [entry["order"]["id"] for entry in found["list"]] == [order["id"]]
    assert found["is_bounded"] is True


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ({"words": ""}, "words"),
        ({"words": "x" * 1001}, "words"),
        ({"actor[is]": ""}, "actor[is]"),
        ({"actor[in]": '["a"]'}, "actor[in]"),
        ({"offset": "p1"}, "offset"),
    ],
)
async def test_what_cannot_be_looked_for_is_refused(client: Client, query: dict[str, str], param: str) -> None:
    await refused(await client.get(FOUND, params=query), 400, "param_wrong_value", param)


async def test_it_finds_orders_of_ones_own_site_and_entity_alone(
    client: Client, pool: asyncpg.Pool, site: Site
) -> None:
    invoice = {"id": "inv_be", "status": "paid", "currency_code": "USD", "line_items": [], "business_entity_id": "be_1"}
    assert (await load_file(pool, site, StringIO(msgspec.json.encode(invoice).decode()))).loaded == 1
    await create(client, note="fragile")
    of_entity = await create(client, invoice_id="inv_be", note="fragile")
    await follow(pool, site)
    restricted = {"chargebee-business-entity-id": "be_1"}
    assert await ids(client, restricted, words="fragile") == [of_entity["id"]]
    assert await ids(client, restricted, actor__is=ACTOR) == [of_entity["id"]]
    reader = await Sites(pool).create_key(site, "reader", KeyKind.READ_ONLY, system_clock_ms())
    assert len(await ids(client, basic(reader), words="fragile")) == 2
    elsewhere = await Sites(pool).create_key(await new_site(pool), "k", KeyKind.FULL, system_clock_ms())
    assert await ids(client, basic(elsewhere), words="fragile") == []
    assert await ids(client, basic(elsewhere), actor__is=ACTOR) == []
