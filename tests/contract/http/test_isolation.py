"""Two sites with the same ids, invoices, keys and offsets: nothing that one asks shows, changes or betrays the other.

What one site has and the other has not must be, for the other, as if it existed nowhere. So each request of the
property test is sent twice, once naming what only the other site has and once naming what nobody has, and the
answers must be the same but for the names.
"""

import asyncio
import itertools
import re
from collections.abc import Coroutine, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import asyncpg
import pytest
from aiohttp.test_utils import TestClient, TestServer
from hypothesis import given, settings
from hypothesis import strategies as st

from api.app import create_app
from api.routes import ROUTES
from api.services import Services, build_services
from ledger.ids import Site, system_clock_ms
from ledger.sites import KeyKind, Sites
from ops.database import Address, service_pool
from tests.api.requests import Client, basic
from tests.conftest import new_site
from tests.contract.http.invoices import invoice, load
from tests.contract.http.wire import BASE, CHANGING, WRITING, Answer, call, get, post

T = TypeVar("T")

Names = Mapping[str, str]

MARK = {"mine": "of-mine", "theirs": "of-theirs"}
TIMES = [(name, "1517000000") for name in ("created_at", "order_date", "shipping_date")]
NEEDED: dict[str, list[tuple[str, str]]] = {
    "create": [("invoice_id", "inv")],
    "import_order": [("invoice_id", "inv"), ("status", "queued"), *TIMES],
    "update": [("status", "delivered")],
    "cancel": [("cancellation_reason", "others"), ("credit_note[total]", "10")],
    "create_refundable_credit_note": [("credit_note[reason_code]", "other"), ("credit_note[total]", "10")],
}
READING = ("retrieve", "list", "orders_for_invoice")
# What a list must hold back to be the same for both.
NARROWED = {"list": {"id[in]": '["{order}","{own}"]'}}


@dataclass(frozen=True, slots=True)
class Tenant:
    """One of the two sites, seen by its own key."""

    site: Site
    headers: Mapping[str, str]
    mark: str


class World:
    """Both sites behind one server, for tests that are not asynchronous themselves."""

    mine: Tenant
    theirs: Tenant
    client: Client
    services: Services
    owner: asyncpg.Connection

    def __init__(self) -> None:
        self._runner = asyncio.Runner()
        self._numbers = itertools.count(1)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Wait for it."""
        return self._runner.run(work)

    async def life(self, address: Address) -> Any:
        """Comes up with the first step, and goes down with the second."""
        async with service_pool(address) as pool:

            async def check_ready() -> None: ...

            self.services = build_services(pool, check_ready=check_ready)
            self.owner = await asyncpg.connect(**address.owner)
            self.mine, self.theirs = await self._tenant(pool, "mine"), await self._tenant(pool, "theirs")
            async with TestClient(TestServer(create_app(self.services))) as self.client:
                yield
            await self.services.appender.close()
            await self.owner.close()

    def close(self) -> None:
        """Nothing runs any more."""
        self._runner.close()

    def number(self) -> int:
        """One that no example had before."""
        return next(self._numbers)

    async def _tenant(self, pool: asyncpg.Pool, whose: str) -> Tenant:
        site = await new_site(pool)
        key = await Sites(pool).create_key(site, f"key-{MARK[whose]}", KeyKind.FULL, system_clock_ms())
        description = f"a thing {MARK[whose]}"
        made = invoice("inv", lines=2)
        for line in made["line_items"]:
            line["description"] = description
        await load(self.services, site, made)
        return Tenant(site, basic(key), MARK[whose])

    async def post(self, who: Tenant, operation: str, pairs: Any, order_id: str = "", **headers: str) -> Answer:
        """A write of one of them."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await post(self.client, operation, pairs, order_id, headers={**who.headers, **named})

    async def get(self, who: Tenant, operation: str, pairs: Any = (), resource_id: str = "", **headers: str) -> Answer:
        """A read of one of them."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await get(self.client, operation, pairs, resource_id, headers={**who.headers, **named})

    async def state(self, who: Tenant) -> dict[str, str]:
        """A digest of every row that the database holds for a site, by table."""
        tables = await self.owner.fetch(
            "SELECT table_name AS name FROM information_schema.columns "
            "WHERE table_schema = 'ledger' AND column_name = 'site' ORDER BY 1"
        )
        found = {}
        for table in tables:
            rows = f"SELECT md5(string_agg(t::text, E'\\n' ORDER BY t::text)) FROM ledger.\"{table['name']}\" t"
            found[table["name"]] = await self.owner.fetchval(f"{rows} WHERE site = $1", who.site)
        assert {"event", "order_view", "idempotent_answer"} <= set(found)
        return found


@pytest.fixture(scope="module")
def world(address: Address) -> Iterator[World]:
    world = World()
    life = world.life(address)
    world.run(anext(life))
    yield world
    with pytest.raises(StopAsyncIteration):
        world.run(anext(life))
    world.close()


def test_twins_are_two_orders_whatever_is_asked_of_one(world: World) -> None:
    async def play() -> None:
        for operation in CHANGING:
            order_id = f"twin-{operation}"
            for who in (world.theirs, world.mine):
                pairs = [*NEEDED["import_order"], ("id", order_id), ("note", who.mark), ("document_number", order_id)]
                assert (await world.post(who, "import_order", pairs)).order["note"] == who.mark
                if operation == "reopen":
                    assert (await world.post(who, "cancel", NEEDED["cancel"], order_id)).status == 200
            before = await world.state(world.theirs)
            answer = await world.post(world.mine, operation, NEEDED.get(operation, []), order_id)
            assert answer.status == 200
            _is_about(world.mine, answer)
            assert await world.state(world.theirs) == before
            untouched = await world.get(world.theirs, "retrieve", resource_id=order_id)
            assert untouched.order["note"] == world.theirs.mark
            _is_about(world.theirs, untouched)

    world.run(play())


def test_reads_show_ones_own_alone(world: World) -> None:
    async def play() -> None:
        for who in (world.mine, world.theirs):
            for number in range(3):
                pairs = [*NEEDED["create"], ("id", f"read-{number}"), ("note", who.mark)]
                assert (await world.post(who, "create", pairs)).status == 200
        for who in (world.mine, world.theirs):
            before = await world.state(world.mine), await world.state(world.theirs)
            for answer in (
                await world.get(who, "retrieve", resource_id="read-1"),
                await world.get(who, "list", [("limit", "100"), ("include_deleted", "true")]),
                await world.get(who, "list", [("id[starts_with]", "read-")]),
                await world.get(who, "orders_for_invoice", [("limit", "100")], "inv"),
            ):
                assert answer.status == 200
                assert who.mark.encode() in answer.raw
                _is_about(who, answer)
            assert (await world.get(who, "list", [("id[starts_with]", "read-")])).ids == ["read-0", "read-1", "read-2"]
            configurations = await call(world.client, "GET", f"{BASE}/configurations", headers=who.headers)
            assert [entry["domain"] for entry in configurations.body["configurations"]] == [who.site]
            assert before == (await world.state(world.mine), await world.state(world.theirs))

    world.run(play())


def test_an_offset_of_the_other_site_is_refused(world: World) -> None:
    async def play() -> None:
        for who in (world.mine, world.theirs):
            for number in range(2):
                await world.post(who, "create", [*NEEDED["create"], ("id", f"paged-{number}")])
        for operation, pairs in (
            ("list", []),
            ("list", [("id[starts_with]", "paged-")]),
            ("list", [("sort_by[desc]", "updated_at"), ("include_deleted", "true")]),
            ("orders_for_invoice", []),
        ):
            offset = (await world.get(world.theirs, operation, [*pairs, ("limit", "1")], "inv")).body["next_offset"]
            paged = [*pairs, ("limit", "1"), ("offset", offset)]
            assert (await world.get(world.theirs, operation, paged, "inv")).status == 200
            answer = await world.get(world.mine, operation, paged, "inv")
            answer.refused(400, "param_wrong_value", "offset")

    world.run(play())


def test_the_same_request_under_the_same_key_is_answered_to_each_site_by_itself(world: World) -> None:
    async def play() -> None:
        for operation in WRITING:
            order_id, key = f"keyed-{operation}", {"chargebee-idempotency-key": f"same {operation}"}
            for who in (world.theirs, world.mine):
                if operation not in {"create", "import_order"}:
                    await world.post(who, "import_order", [*NEEDED["import_order"], ("id", order_id)])
                if operation == "reopen":
                    await world.post(who, "cancel", NEEDED["cancel"], order_id)
            answers = {}
            for who in (world.theirs, world.mine):
                answers[who.site] = await world.post(who, operation, NEEDED.get(operation, []), order_id, **key)
                assert answers[who.site].status == 200
                assert "chargebee-idempotency-replayed" not in answers[who.site].headers
                assert answers[who.site].order["created_by"] == f"key-{who.mark}"
            before = await world.state(world.theirs)
            for who in (world.theirs, world.mine):
                again = await world.post(who, operation, NEEDED.get(operation, []), order_id, **key)
                assert again.headers["chargebee-idempotency-replayed"] == "true"
                assert again.raw == answers[who.site].raw
            assert await world.state(world.theirs) == before

    world.run(play())


def test_numbers_of_the_sites_are_counted_apart(world: World) -> None:
    async def play() -> None:
        ids = [(await world.post(world.mine, "import_order", NEEDED["import_order"])).order["id"] for _ in range(2)]
        for _ in range(5):
            await world.post(world.theirs, "import_order", NEEDED["import_order"])
        ids.append((await world.post(world.mine, "import_order", NEEDED["import_order"])).order["id"])
        assert int(ids[2]) == int(ids[1]) + 1 == int(ids[0]) + 2

    world.run(play())


PAIRS = {
    "id": "{order}",
    "invoice_id": "{invoice}",
    "document_number": "{document}",
    "order_line_items[id][0]": "{line}",
    "order_line_items[fulfillment_quantity][0]": "1",
    "resend_reason": "Lost",
    "note": "x",
    "status": "shipped",
}
FILTERS = {
    "id[is]": "{order}",
    "id[in]": '["{order}"]',
    "id[starts_with]": "{order}",
    "invoice_id[is]": "{invoice}",
    "original_order_id[is]": "{order}",
    "subscription_id[is]": "{order}",
    "include_deleted": "true",
    "limit": "100",
}
HEADERS = {"chargebee-idempotency-key": "{key}", "chargebee-business-entity-id": "{entity}"}


@st.composite
def requests(draw: st.DrawFn) -> tuple[str, str, dict[str, str], dict[str, str]]:
    """An operation, what its path names, its parameters and its headers, all with places for names."""
    operation = draw(st.sampled_from(sorted({*WRITING, *READING})))
    resource = "{invoice}" if operation == "orders_for_invoice" else draw(st.sampled_from(["{order}", "{own}"]))
    options = FILTERS if operation in READING else PAIRS
    chosen = draw(st.lists(st.sampled_from(sorted(options)), unique=True, max_size=4))
    headers = draw(st.lists(st.sampled_from(sorted(HEADERS)), unique=True, max_size=2))
    params = dict(NEEDED.get(operation, ())) | {name: options[name] for name in chosen} | NARROWED.get(operation, {})
    if operation in {"create", "import_order"}:
        params["id"] = "{order}"
    return operation, resource, params, {name: HEADERS[name] for name in headers}


@settings(max_examples=30, deadline=None)
@given(asked=st.lists(requests(), min_size=1, max_size=3))
def test_what_only_the_other_site_has_is_as_if_nobody_had_it(world: World, asked: list[Any]) -> None:
    async def play() -> None:
        number = world.number()
        theirs = await _only_theirs(world, number)
        nobodys = {name: f"{name}-{number}-nobodys" for name in theirs}
        for names in (theirs, nobodys):
            names["own"] = names["order"].replace("order", "own")
            await world.post(world.mine, "import_order", [*NEEDED["import_order"], ("id", names["own"])])
        before = await world.state(world.theirs)
        ones, others = await _ask(world, asked, theirs), await _ask(world, asked, nobodys)
        for request, one, other in zip(asked, ones, others, strict=True):
            assert one.status == other.status, request
            assert _plain(one, theirs) == _plain(other, nobodys), request
            assert set(one.headers) == set(other.headers)
            _is_about(world.mine, one)
        assert await world.state(world.theirs) == before

    world.run(play())


async def _only_theirs(world: World, number: int) -> dict[str, str]:
    """What one site alone has: an invoice of an entity, and an order with lines, a document number and a key."""
    names = {name: f"{name}-{number}-theirs" for name in ("order", "invoice", "document", "entity", "key")}
    await load(world.services, world.theirs.site, invoice(names["invoice"], business_entity_id=names["entity"]))
    pairs = [
        ("id", names["order"]),
        ("invoice_id", names["invoice"]),
        ("document_number", names["document"]),
        ("note", world.theirs.mark),
        *NEEDED["import_order"][1:],
    ]
    answer = await world.post(world.theirs, "import_order", pairs, **{"chargebee-idempotency-key": names["key"]})
    return {**names, "line": answer.order["order_line_items"][0]["id"]}


async def _ask(world: World, asked: list[Any], names: Names) -> list[Answer]:
    """Send requests with their names filled in, by the site that has none of the things."""
    answers = []
    for operation, resource, params, headers in asked:
        filled = [(name, value.format(**names)) for name, value in params.items()]
        named = {name: value.format(**names) for name, value in headers.items()}
        ask = world.get if operation in READING else world.post
        answers.append(await ask(world.mine, operation, filled, resource.format(**names), **named))
    return answers


def _plain(answer: Answer, names: Names) -> Any:
    """The answer without what names the things asked for, and without ids and times that are new each time."""
    text = answer.raw.decode()
    for name, value in names.items():
        text = text.replace(value, f"<{name}>")
    text = re.sub(r"__test__[A-Za-z0-9]{17}", "<new>", text)
    text = re.sub(r"TEST-CN-\d+", "<credit note>", text)
    # A resent order has the next number of the site.
    text = re.sub(r'"(id|order_id|document_number)":"\d+"', r'"\1":"<number>"', text)
    return re.sub(r"\b\d{10,13}\b", "<time>", text)


def _is_about(who: Tenant, answer: Answer) -> None:
    """Nothing in an answer is of the other site."""
    told = answer.raw + repr(dict(answer.headers)).encode()
    for mark in {*MARK.values()} - {who.mark}:
        assert mark.encode() not in told, answer.raw


def test_every_operation_is_asked_for_here() -> None:
    assert {*WRITING, *READING, "configurations"} == {route.name for route in ROUTES}
