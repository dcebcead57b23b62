"""The site's log as server-sent events: nothing lost, nothing repeated, and nothing left behind."""

import asyncio
import random
from typing import Any

import asyncpg
import pytest

from api.event_stream import wants_event_stream
from api.services import Services
from ledger.ids import Site
from tests.api.event_source import ACCEPT, CHANGES, EventSource, ServerEvent, stream, take
from tests.api.requests import ORDERS, Client, create, refused
from tests.api.test_changes import changes
from tests.conftest import new_site
from tests.contract.http.invoices import invoice, load
from tests.log.waiting import PATIENCE_S, eventually


async def head(client: Client) -> int:
    return int((await changes(client, limit=1))[0]["position"])


async def test_a_stream_starts_at_the_present_end_and_tells_what_comes(client: Client, services: Services) -> None:
    before = await head(client)
    async with stream(client) as source:
        assert source.response.headers["Content-Type"] == "text/event-stream"
        assert source.response.headers["Cache-Control"] == "no-store"
        assert source.response.headers["x-request-id"]
        await create(client, id="o1")
        [event] = await take(source, 1)
        assert services.traffic.in_flight == 0
    assert (event.id, event.name) == (str(before + 1), "change")
    [listed] = await changes(client, order_id__is="o1")
    assert event.data == {"change": listed}
    assert source.retry_ms == 1000


async def test_a_client_that_saw_nothing_yet_resumes_from_where_the_stream_started(client: Client) -> None:
    before = await head(client)
    async with stream(client) as source:
        async with asyncio.timeout(PATIENCE_S):
            assert [await source.response.content.readline() for _ in range(3)] == [
                b"retry: 1000\n",
                b"id: %d\n" % before,
                b"\n",
            ]


async def test_a_stream_resumes_behind_the_last_event_id(client: Client) -> None:
    before = await head(client)
    for number in range(4):
        await create(client, id=f"o{number}")
    whole = [f"o{number}" for number in range(4)]
    for last_event_id, params, left in [
        (str(before), {}, whole),
        (str(before + 3), {}, whole[3:]),
        ("", {"last_event_id": str(before + 1)}, whole[1:]),
        (str(before + 2), {"last_event_id": str(before)}, whole[2:]),
        ("", {"position__after": str(before)}, whole),
        (str(before + 2), {"position__after": str(before)}, whole[2:]),
        (str(before), {"position__after": str(before + 2)}, whole[2:]),
    ]:
        async with stream(client, last_event_id, **params) as source:
            found = await take(source, len(left))
            assert [event.data["change"]["order_id"] for event in found] == left
    async with stream(client, "0") as source:
        assert [event.id for event in await take(source, before + 4)] == [str(n) for n in range(1, before + 5)]


@pytest.mark.parametrize(
    ("last_event_id", "params", "param"),
    [
        ("999999", {}, "Last-Event-ID"),
        ("x", {}, "Last-Event-ID"),
        ("-1", {}, "Last-Event-ID"),
        ("9" * 400, {}, "Last-Event-ID"),
        ("", {"last_event_id": "999999"}, "last_event_id"),
        ("", {"position[after]": "999999"}, "position[after]"),
        ("", {"position[before]": "5"}, "position[before]"),
        ("", {"position[between]": "[1,5]"}, "position[between]"),
        ("", {"limit": "5"}, "limit"),
        ("", {"sort_by[asc]": "position"}, "sort_by"),
        ("", {"type[is]": "nonsense"}, "type[is]"),
    ],
)
async def test_a_stream_that_cannot_be_is_refused(
    client: Client, last_event_id: str, params: dict[str, str], param: str
) -> None:
    headers = {**ACCEPT, **({"Last-Event-ID": last_event_id} if last_event_id else {})}
    await refused(await client.get(CHANGES, params=params, headers=headers), 400, "param_wrong_value", param)


async def test_filters_apply_and_what_they_pass_over_moves_the_last_id_on(client: Client) -> None:
    await create(client, id="o1")
    async with stream(client, order_id__is="o2") as source:
        for number in range(3):
            await client.post(f"{ORDERS}/o1", data={"note": str(number)})
        last = await head(client)
        reading = asyncio.create_task(take(source, 1))
        await eventually(lambda: source.last_event_id == str(last))
        assert not reading.done()
        await create(client, id="o2")
        [event] = await reading
    assert event.id == str(last + 1)
    assert event.data["change"]["order_id"] == "o2"


async def test_a_restricted_caller_hears_of_its_own_alone(client: Client, services: Services, site: Site) -> None:
    await load(services, site, invoice("of_a", business_entity_id="a"), invoice("of_b", business_entity_id="b"))
    headers = {**ACCEPT, "chargebee-business-entity-id": "a"}
    async with client.get(CHANGES, headers=headers) as response:
        for number in range(3):
            await create(client, invoice_id="of_b", id=f"b{number}")
            await create(client, invoice_id="of_a", id=f"a{number}")
        found = await take(EventSource(response), 3)
    assert [event.data["change"]["order_id"] for event in found] == ["a0", "a1", "a2"]


async def test_a_stream_hears_of_its_site_alone(client: Client, pool: asyncpg.Pool, services: Services) -> None:
    other = await new_site(pool)
    async with stream(client) as source:
        await load(services, other, invoice("theirs"))
        await create(client, id="mine")
        [event] = await take(source, 1)
    assert event.data["change"]["order_id"] == "mine"


async def test_connections_that_break_lose_and_repeat_nothing(client: Client) -> None:
    """Writers write all the while; the reader drops its connection after a few events, again and again."""
    dice = random.Random(4)
    start = await head(client)
    wanted = 150

    async def write(name: str) -> None:
        for number in range(wanted // 3):
            await create(client, id=f"{name}{number}")

    async def read() -> list[ServerEvent]:
        found: list[ServerEvent] = []
        last = str(start)
        while len(found) < wanted:
            async with stream(client, last) as source:
                budget = dice.randrange(1, 8)
                async for event in source.events():
                    found.append(event)
                    budget -= 1
                    if budget == 0 or len(found) == wanted:
                        break
                last = source.last_event_id
                source.response.close()
        return found

    async with asyncio.timeout(PATIENCE_S):
        found, *_ = await asyncio.gather(read(), *(write(name) for name in "abc"))
    assert [int(event.id) for event in found] == list(range(start + 1, start + 1 + wanted))
    assert len({event.data["change"]["order_id"] for event in found}) == wanted


@pytest.mark.parametrize(
    ("accept", "wants"),
    [
        ("text/event-stream", True),
        ("application/json, Text/Event-Stream;q=0.9", True),
        ("*/*", False),
        ("text/*", False),
        ("", False),
        ("text/event-streams", False),
    ],
)
def test_a_stream_is_for_who_names_its_media_type(accept: str, wants: Any) -> None:
    assert wants_event_stream(accept) is wants
