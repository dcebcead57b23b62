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
from ledger.consumer import catch_up
from ledger.ids import Site, system_clock_ms
from ledger.sites import KeyKind, Sites
from ledger.transparency.signing_keys import KeyFolder
from ops.database import Address, service_pool
from projections.webhooks.planner import DeliveryPlanner
from tests.api.requests import Client, basic
from tests.conftest import new_site
from tests.contract.http.invoices import invoice, load
from tests.contract.http.wire import BASE, CHANGING, WRITING, Answer, call, get, post
from tests.ledger.transparency.given import Signer

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
READING = (
    "retrieve",
    "list",
    "find_orders",
    "orders_for_invoice",
    "retrieve_invoice",
    "history",
    "diff",
    "ledger_changes",
    "list_events",
    "retrieve_event",
)
REQUESTS = ("list_requests", "retrieve_request")
ENDPOINTS = (
    "create_webhook_endpoint",
    "list_webhook_endpoints",
    "retrieve_webhook_endpoint",
    "update_webhook_endpoint",
    "delete_webhook_endpoint",
    "list_webhook_deliveries",
    "count_webhook_deliveries",
)
PROVING = (
    "order_proof",
    "checkpoint",
    "log_keys",
    "tile",
    "inclusion_proof",
    "consistency_proof",
    "event_proof",
    "ledger_health",
    "ledger_overview",
    "ledger_verification",
)
# What a list must hold back to be the same for both.
NARROWED = {
    "list": {"id[in]": '["{order}","{own}"]'},
    "find_orders": {"id[in]": '["{order}","{own}"]'},
    "ledger_changes": {"order_id[in]": '["{order}","{own}"]', "limit": "100"},
    "list_events": {"id[in]": '["{event}","{own_event}"]', "limit": "100"},
}


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

    def __init__(self, keys: KeyFolder) -> None:
        self._keys = keys
        self._runner = asyncio.Runner()
        self._numbers = itertools.count(1)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Wait for it."""
        return self._runner.run(work)

    async def life(self, address: Address) -> Any:
        """Comes up with the first step, and goes down with the second."""
        async with service_pool(address) as pool:

            async def check_ready() -> None: ...

            self.services = build_services(pool, check_ready=check_ready, keys=self._keys)
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
        await self.services.recorder.flush()
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
def world(address: Address, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    keys = KeyFolder(tmp_path_factory.mktemp("world") / "keys")
    keys.prepare(None, new_name=lambda: "ledger.example")
    world = World(keys)
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
                await world.get(who, "retrieve_invoice", resource_id="inv"),
            ):
                assert answer.status == 200
                assert who.mark.encode() in answer.raw
                _is_about(who, answer)
            assert (await world.get(who, "list", [("id[starts_with]", "read-")])).ids == ["read-0", "read-1", "read-2"]
            configurations = await call(world.client, "GET", f"{BASE}/configurations", headers=who.headers)
            assert [entry["domain"] for entry in configurations.body["configurations"]] == [who.site]
            assert before == (await world.state(world.mine), await world.state(world.theirs))

    world.run(play())


def test_the_past_is_ones_own_alone(world: World) -> None:
    async def play() -> None:
        for who in (world.mine, world.theirs):
            for note in ("first", "second"):
                await world.post(who, "update" if note == "second" else "create", _noted(note, who), "past")
        await world.post(world.theirs, "create", [*NEEDED["create"], ("id", "past-of-theirs")])
        heads = [await world.services.store.head_position(who.site) for who in (world.mine, world.theirs)]
        for who, head in zip((world.mine, world.theirs), heads, strict=True):
            for operation, pairs in (
                ("history", []),
                ("diff", []),
                ("retrieve", [("as_of[version]", "1")]),
                ("retrieve", [("as_of[position]", str(head))]),
            ):
                answer = await world.get(who, operation, pairs, "past")
                assert answer.status == 200
                assert who.mark.encode() in answer.raw
                _is_about(who, answer)
            for operation, resource in (("list", ""), ("orders_for_invoice", "inv")):
                then = [("as_of[position]", str(head)), ("limit", "100")]
                listed = await world.get(who, operation, then, resource)
                assert listed.status == 200
                assert "past" in listed.ids
                _is_about(who, listed)
            beyond = await world.get(who, "retrieve", [("as_of[position]", str((head or 0) + 1))], "past")
            beyond.refused(400, "param_wrong_value", "as_of[position]")
            beyond = await world.get(who, "list", [("as_of[position]", str((head or 0) + 1))])
            beyond.refused(400, "param_wrong_value", "as_of[position]")
        for operation, pairs in (("history", []), ("diff", []), ("retrieve", [("as_of[version]", "1")])):
            answer = await world.get(world.mine, operation, pairs, "past-of-theirs")
            answer.refused(404, "resource_not_found")
        compared = await world.get(world.mine, "diff", [("to[order_id]", "past-of-theirs")], "past")
        compared.refused(404, "resource_not_found", "to[order_id]")

    world.run(play())


def test_the_log_is_ones_own_alone(world: World) -> None:
    async def play() -> None:
        for who in (world.mine, world.theirs):
            await world.post(who, "create", [*NEEDED["create"], ("id", "logged"), ("note", who.mark)])
        for who in (world.mine, world.theirs):
            head = await world.services.store.head_position(who.site)
            for pairs in (
                [],
                [("order_id[is]", "logged")],
                [("invoice_id[is]", "inv")],
                [("type[is_not]", "order.deleted")],
            ):
                answer = await world.get(who, "ledger_changes", [*pairs, ("limit", "100")])
                _is_about(who, answer)
                changes = [entry["change"] for entry in answer.body["list"]]
                assert changes
                assert max(change["position"] for change in changes) <= (head or 0)
            created = await world.get(
                who, "ledger_changes", [("order_id[is]", "logged"), ("include_difference", "true")]
            )
            assert who.mark.encode() in created.raw

    world.run(play())


def test_the_events_are_ones_own_alone(world: World) -> None:
    async def play() -> None:
        for who in (world.mine, world.theirs):
            await world.post(who, "create", [*NEEDED["create"], ("id", "told"), ("note", who.mark)])
        found: dict[str, set[str]] = {}
        for who in (world.mine, world.theirs):
            for pairs in ([], [("event_type[is]", "order_created")], [("id[starts_with]", "ev_")]):
                answer = await world.get(who, "list_events", [*pairs, ("limit", "100")])
                _is_about(who, answer)
                assert who.mark.encode() in answer.raw
                assert {entry["event"]["site_id"] for entry in answer.body["list"]} == {who.site}
                found[who.site] = {entry["event"]["id"] for entry in answer.body["list"]}
        for who, other in ((world.mine, world.theirs), (world.theirs, world.mine)):
            for event_id in sorted(found[other.site])[:10]:
                answer = await world.get(who, "retrieve_event", resource_id=event_id)
                answer.refused(404, "resource_not_found")
                answer = await world.get(who, "list_events", [("id[is]", event_id)])
                assert answer.body == {"list": []}

    world.run(play())


def _noted(note: str, who: Tenant) -> list[tuple[str, str]]:
    return [*NEEDED["create"], ("id", "past"), ("note", f"{note} {who.mark}")]


def test_an_offset_of_the_other_site_is_refused(world: World) -> None:
    async def play() -> None:
        for who in (world.mine, world.theirs):
            for number in range(2):
                await world.post(who, "create", [*NEEDED["create"], ("id", f"paged-{number}")])
                await world.post(who, "update", [("note", "x")], f"paged-{number}")
        for operation, pairs in (
            ("list", []),
            ("list", [("id[starts_with]", "paged-")]),
            ("list", [("sort_by[desc]", "updated_at"), ("include_deleted", "true")]),
            ("find_orders", []),
            ("orders_for_invoice", []),
            ("history", []),
            ("ledger_changes", []),
            ("ledger_changes", [("order_id[in]", '["paged-0","paged-1"]'), ("sort_by[asc]", "position")]),
            ("list_events", []),
            ("list_events", [("event_type[is]", "order_updated"), ("sort_by[asc]", "occurred_at")]),
        ):
            resource = "paged-0" if operation == "history" else "inv"
            offset = (await world.get(world.theirs, operation, [*pairs, ("limit", "1")], resource)).body["next_offset"]
            paged = [*pairs, ("limit", "1"), ("offset", offset)]
            assert (await world.get(world.theirs, operation, paged, resource)).status == 200
            answer = await world.get(world.mine, operation, paged, resource)
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
            # That they ask again is kept, and changes nothing else.
            before.pop("request")
            for who in (world.theirs, world.mine):
                again = await world.post(who, operation, NEEDED.get(operation, []), order_id, **key)
                assert again.headers["chargebee-idempotency-replayed"] == "true"
                assert again.raw == answers[who.site].raw
            assert before.items() <= (await world.state(world.theirs)).items()

    world.run(play())


def test_numbers_of_the_sites_are_counted_apart(world: World) -> None:
    async def play() -> None:
        ids = [(await world.post(world.mine, "import_order", NEEDED["import_order"])).order["id"] for _ in range(2)]
        for _ in range(5):
            await world.post(world.theirs, "import_order", NEEDED["import_order"])
        ids.append((await world.post(world.mine, "import_order", NEEDED["import_order"])).order["id"])
        assert int(ids[2]) == int(ids[1]) + 1 == int(ids[0]) + 2

    world.run(play())


def test_what_the_other_site_asked_is_as_if_nobody_had(world: World) -> None:
    async def play() -> None:
        asked = {}
        for who in (world.mine, world.theirs):
            await world.post(who, "create", [*NEEDED["create"], ("id", "asked"), ("note", who.mark)])
            answer = await world.post(who, "create", [*NEEDED["create"], ("id", "asked")], origin_user=who.mark)
            asked[who.site] = answer.headers["x-request-id"]
        await world.services.recorder.flush()
        path = f"{BASE}/ledger/requests"
        for who, other in ((world.mine, world.theirs), (world.theirs, world.mine)):
            listed = await call(world.client, "GET", f"{path}?limit=100", headers=who.headers)
            assert asked[who.site] in {entry["request"]["id"] for entry in listed.body["list"]}
            assert {entry["request"]["actor"] for entry in listed.body["list"]} == {f"key-{who.mark}"}
            of_order = await call(world.client, "GET", f"{path}?order_id[is]=asked", headers=who.headers)
            assert [entry["request"]["status"] for entry in of_order.body["list"]] == [400, 200]
            _is_about(who, of_order)
            offset = (await call(world.client, "GET", f"{path}?limit=1", headers=other.headers)).body["next_offset"]
            paged = await call(world.client, "GET", f"{path}?limit=1&offset={offset}", headers=who.headers)
            paged.refused(400, "param_wrong_value", "offset")
            theirs = await call(world.client, "GET", f"{path}/{asked[other.site]}", headers=who.headers)
            nobodys = await call(world.client, "GET", f"{path}/req_nobody", headers=who.headers)
            assert (theirs.status, theirs.raw) == (nobodys.status, nobodys.raw) == (404, nobodys.raw)

    world.run(play())


def test_proofs_are_of_ones_own_log_alone(world: World) -> None:
    """Both logs have the same sizes and ids; what each is told differs, and an id of the other is nobody's."""

    async def play() -> None:
        told: dict[str, list[bytes]] = {}
        ids: dict[str, str] = {}
        keys = world.services.proofs.folder
        for who in (world.mine, world.theirs):
            await world.post(who, "create", [*NEEDED["create"], ("id", "proven"), ("note", who.mark)])
            await Signer(world.services.pool, who.site, keys.path.parent).sign()
            ids[who.site] = await world.owner.fetchval(
                "SELECT event_id FROM ledger.event WHERE site = $1 ORDER BY position DESC LIMIT 1", who.site
            )
        paths = (
            "orders/proven/proof",
            "ledger/checkpoint",
            "ledger/keys",
            "ledger/health",
            "ledger/tile/0/000.p/1",
            "ledger/proofs/inclusion?position=1",
            "ledger/proofs/event?position=1",
        )
        for who, other in ((world.mine, world.theirs), (world.theirs, world.mine)):
            before = await world.state(other)
            answers = [await call(world.client, "GET", f"{BASE}/{path}", headers=who.headers) for path in paths]
            assert [answer.status for answer in answers] == [200] * len(paths)
            told[who.site] = [answer.raw for answer in answers]
            for answer in answers:
                _is_about(who, answer)
                assert other.site.encode() not in answer.raw
            size = answers[1].raw.split(b"\n")[1].decode()
            grown = await call(
                world.client, "GET", f"{BASE}/ledger/proofs/consistency?from={size}", headers=who.headers
            )
            assert grown.status == 200
            for event_id, status in ((ids[who.site], 200), (ids[other.site], 404), ("ev_nobody", 404)):
                path = f"{BASE}/ledger/proofs/event?event_id={event_id}"
                assert (await call(world.client, "GET", path, headers=who.headers)).status == status
            assert await world.state(other) == before
        assert not set(told[world.mine.site]) & set(told[world.theirs.site])

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
# What is asked about the past, beside or instead of the filters.
PAST = {
    "retrieve": {"as_of[version]": "1"},
    "history": {"request_id[is_not]": "{key}", "actor[is_not]": "{order}", "limit": "100", "sort_by[desc]": "version"},
    "diff": {"to[order_id]": "{order}", "from[version]": "1", "to[version]": "1"},
    "ledger_changes": {
        "order_id[is]": "{order}",
        "invoice_id[is]": "{invoice}",
        "request_id[is_not]": "{key}",
        "actor[is_not]": "{order}",
        "include_difference": "true",
        "sort_by[asc]": "position",
    },
    "list_events": {
        "id[is]": "{event}",
        "id[starts_with]": "{event}",
        "id[is_not]": "{event}",
        "webhook_status[is]": "not_configured",
        "event_type[is]": "order_created",
        "source[is]": "api",
    },
    "retrieve_event": {"note": "x"},
}
HEADERS = {"chargebee-idempotency-key": "{key}", "chargebee-business-entity-id": "{entity}"}


@st.composite
def requests(draw: st.DrawFn) -> tuple[str, str, dict[str, str], dict[str, str]]:
    """An operation, what its path names, its parameters and its headers, all with places for names."""
    operation = draw(st.sampled_from(sorted({*WRITING, *READING})))
    among = {name: ["{invoice}"] for name in ("orders_for_invoice", "retrieve_invoice")}
    among |= {"retrieve_event": ["{event}", "{own_event}"]}
    resource = draw(st.sampled_from(among.get(operation, ["{order}", "{own}"])))
    options = PAST.get(operation, FILTERS) if operation in READING else PAIRS
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
            names["own_event"] = await _newest_event(world, world.mine)
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
    line_id = answer.order["order_line_items"][0]["id"]
    return {**names, "line": line_id, "event": await _newest_event(world, world.theirs)}


async def _newest_event(world: World, who: Tenant) -> str:
    event_id: str = (await world.get(who, "list_events", [("limit", "1")])).body["list"][0]["event"]["id"]
    return event_id


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
    text = re.sub(r"req_[A-Za-z0-9]{17}", "<request>", text)
    text = re.sub(r'"leaf":"[0-9a-f]{64}"', '"leaf":"<leaf>"', text)
    text = re.sub(r'"position":\d+', '"position":"<position>"', text)
    return re.sub(r"\b\d{10,13}\b", "<time>", text)


def _is_about(who: Tenant, answer: Answer) -> None:
    """Nothing in an answer is of the other site."""
    told = answer.raw + repr(dict(answer.headers)).encode()
    for mark in {*MARK.values()} - {who.mark}:
        assert mark.encode() not in told, answer.raw


def test_webhook_endpoints_of_the_other_site_are_as_if_nobody_had_them(world: World) -> None:
    async def play() -> None:
        form = [("name", world.theirs.mark), ("url", "https://shop.example.com/"), ("basic_auth_password", "x")]
        made = await world.post(world.theirs, "create_webhook_endpoint", form)
        theirs = made.body["webhook_endpoint"]["id"]
        before = await world.state(world.theirs)
        for endpoint_id in (theirs, "whv2_nobody"):
            told = [
                await world.get(world.mine, "retrieve_webhook_endpoint", resource_id=endpoint_id),
                await world.post(world.mine, "update_webhook_endpoint", [("disabled", "true")], endpoint_id),
                await world.post(world.mine, "delete_webhook_endpoint", [], endpoint_id),
            ]
            assert {(answer.status, answer.body["api_error_code"]) for answer in told} == {(404, "resource_not_found")}
            for answer in told:
                _is_about(world.mine, answer)
        assert (await world.get(world.mine, "list_webhook_endpoints")).body == {"list": []}
        assert len((await world.get(world.theirs, "list_webhook_endpoints")).body["list"]) == 1
        assert await world.state(world.theirs) == before
        await world.post(world.theirs, "delete_webhook_endpoint", [], theirs)

    world.run(play())


def test_deliveries_are_ones_own_alone(world: World) -> None:
    async def play() -> None:
        made: dict[str, str] = {}
        for who in (world.mine, world.theirs):
            form = [("name", who.mark), ("url", "https://shop.example.com/")]
            answer = await world.post(who, "create_webhook_endpoint", form)
            made[who.site] = answer.body["webhook_endpoint"]["id"]
            for number in range(2):
                await world.post(who, "create", [*NEEDED["create"], ("id", f"delivered-{number}")])
            await catch_up(world.services.pool, DeliveryPlanner(), who.site)
        for who, other in ((world.mine, world.theirs), (world.theirs, world.mine)):
            before = await world.state(other)
            listed = await world.get(who, "list_webhook_deliveries", [("limit", "100")])
            assert {each["webhook_delivery"]["endpoint_id"] for each in listed.body["list"]} == {made[who.site]}
            counted = await world.get(who, "count_webhook_deliveries")
            endpoints = counted.body["webhook_delivery_counts"]["endpoints"]
            assert [each["endpoint_id"] for each in endpoints] == [made[who.site]]
            for endpoint_id in (made[other.site], "whv2_nobody"):
                named = await world.get(who, "list_webhook_deliveries", [("endpoint_id[is]", endpoint_id)])
                assert named.body == {"list": []}
            offset = (await world.get(other, "list_webhook_deliveries", [("limit", "1")])).body["next_offset"]
            paged = await world.get(who, "list_webhook_deliveries", [("limit", "1"), ("offset", offset)])
            paged.refused(400, "param_wrong_value", "offset")
            assert await world.state(other) == before
        for who in (world.mine, world.theirs):
            await world.post(who, "delete_webhook_endpoint", [], made[who.site])

    world.run(play())


def test_every_operation_is_asked_for_here() -> None:
    assert {*WRITING, *READING, *REQUESTS, *ENDPOINTS, *PROVING, "configurations"} == {route.name for route in ROUTES}
