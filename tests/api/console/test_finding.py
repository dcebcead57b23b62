"""Finding orders by words and actors, and taking with one what was found."""

import csv
import io

import asyncpg
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.consumer import catch_up
from ledger.ids import Site, system_clock_ms
from ledger.sites import KeyKind, Sites
from projections.changes.index import ChangeIndex
from projections.search.consumer import OrderWords
from projections.search.search import orders_with_words
from projections.search.words import search_query, words_of_search
from tests.api.console.conftest import Visit
from tests.api.console.pages import page
from tests.api.requests import ORDERS, Client, create, import_order
from tests.conftest import new_site


async def found(browser: Client, bar: str) -> int:
    """How many rows a search shows."""
    return (await page(browser, "/orders", q=bar)).count("<tr data-row")


@pytest.mark.parametrize(
    ("search", "rows"),
    [
        ("fragile", 1),
        ("FRAG", 1),
        ("fragile blue", 1),
        ("fragile green", 0),
        ("ref-77", 1),
        ("1Z999", 1),
        ("straße", 1),
        ("strasse", 1),
        ("'", 0),
        ("' | 'x':*", 0),
        ("inv_0001", 2),
    ],
)
async def test_orders_are_found_by_the_beginnings_of_their_words(
    visitor: Client, client: Client, pool: asyncpg.Pool, site: Site, search: str, rows: int
) -> None:
    await import_order(client, note="Fragile: blue vase, Straße", reference_id="REF-77", tracking_id="1Z999AA")
    await create(client)
    await catch_up(pool, OrderWords(), site)
    assert await found(visitor, search) == rows


async def test_words_follow_the_order(visitor: Client, client: Client, pool: asyncpg.Pool, site: Site) -> None:
    order = await import_order(client, note="before")
    await catch_up(pool, OrderWords(), site)
    await client.post(f"{ORDERS}/{order['id']}", data={"note": "after"})
    await catch_up(pool, OrderWords(), site)
    assert await found(visitor, "before") == 0
    assert await found(visitor, "after status:queued") == 1
    assert await found(visitor, "after status:shipped") == 0


async def test_words_of_another_site_are_not_found(client: Client, pool: asyncpg.Pool, site: Site) -> None:
    await import_order(client, note="secret")
    await catch_up(pool, OrderWords(), site)
    assert (await orders_with_words(pool, site, "secret")).ids
    assert not (await orders_with_words(pool, await new_site(pool), "secret")).ids


@given(text=st.text(max_size=40))
def test_no_text_is_more_than_words(text: str) -> None:
    """A search cannot say anything to the database but the beginnings of words."""
    words = words_of_search(text)
    assert all(word.isalnum() for word in words)
    assert search_query(Site("acme"), words).count("'") == 2 * len(words)


async def test_orders_are_found_by_who_changed_them(
    visitor: Client, client: Client, pool: asyncpg.Pool, site: Site, visit: Visit
) -> None:
    order = await import_order(client)
    await catch_up(pool, ChangeIndex(), site)
    assert await found(visitor, "actor:full_access_key_v1") == 1
    assert await found(visitor, "actor:full_access_key_v1 status:shipped") == 0
    assert await found(visitor, "actor:nobody") == 0
    assert order["id"] in await page(visitor, "/orders", q="actor:full_access_key_v1")


async def test_what_is_found_can_be_taken_along(visitor: Client, client: Client) -> None:
    orders = [await create(client, note=note) for note in ("plain", "=1+1", '"quoted", and\nmore')]
    answer = await visitor.get("/console/export/orders", params={"q": "type:manual", "form": "jsonl"})
    assert answer.status == 200
    taken = {each["id"]: each for each in map(msgspec.json.decode, (await answer.read()).splitlines())}
    assert taken == {order["id"]: order for order in orders}
    answer = await visitor.get("/console/export/orders", params={"q": "type:manual", "form": "csv"})
    rows = list(csv.DictReader(io.StringIO(await answer.text(), newline="")))
    assert {row["note"] for row in rows} == {"plain", "'=1+1", '"quoted", and\nmore'}


async def test_what_is_taken_along_is_all_of_it_and_as_of_the_moment(visitor: Client, client: Client) -> None:
    for _ in range(103):
        await create(client)
    answer = await visitor.get("/console/export/orders", params={"q": "type:manual"})
    assert len((await answer.read()).splitlines()) == 103
    refused = await visitor.get("/console/export/orders", params={"q": "colour:red"})
    assert refused.status == 400
    assert (await visitor.get("/console/export/orders", params={"form": "pdf"})).status == 400


async def test_a_stranger_takes_nothing_along(client: Client, visit: Visit, pool: asyncpg.Pool) -> None:
    await create(client)
    elsewhere = await new_site(pool)
    stranger = await visit(await Sites(pool).create_key(elsewhere, "k", KeyKind.FULL, system_clock_ms()))
    assert await (await stranger.get("/console/export/orders")).read() == b""
