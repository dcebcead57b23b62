"""Lists over real HTTP: every filter in every spelling, compared with what the orders themselves say.

The orders of ``world`` are of all kinds, so that every filter finds some and leaves others out.
"""

import itertools
import json
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import datetime
from operator import itemgetter
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import pytest

from api.services import Services, build_services
from ledger.ids import Site
from tests.api.requests import Client
from tests.contract.contract import CONTRACT, FILTERS
from tests.contract.http.conftest import ChangeSettings
from tests.contract.http.invoices import invoice, load
from tests.contract.http.orders import cancelled, created, deleted, imported, resent, resent_in_part
from tests.contract.http.wire import ORDERS, Answer, call, get, listed, post

Order = dict[str, Any]
Value = Any

DAY = 86_400
ABSENT: Any = None
PAGES_MAX = 30

# How each client writes a list into one parameter (chargebee/conventions.md, section 8).
SPELLINGS: dict[str, Callable[[list[Value]], str]] = {
    "Node": lambda values: json.dumps(values, separators=(",", ":"), ensure_ascii=False),
    "Node with blanks": lambda values: json.dumps(values, ensure_ascii=False),
    "Node in ASCII": json.dumps,
    "Python": lambda values: str([str(value) for value in values]),
    "Airbyte": str,
    "OpenAPI": lambda values: "[" + ",".join(str(value) for value in values) + "]",
}

MATCHES: dict[str, Callable[[Value, list[Value]], bool]] = {
    "is": lambda value, wanted: value == wanted[0],
    "is_not": lambda value, wanted: value != wanted[0],
    "in": lambda value, wanted: value in wanted,
    "not_in": lambda value, wanted: value not in wanted,
    "starts_with": lambda value, wanted: value is not ABSENT and value.startswith(wanted[0]),
    "after": lambda value, wanted: value is not ABSENT and value > wanted[0],
    "before": lambda value, wanted: value is not ABSENT and value < wanted[0],
    "between": lambda value, wanted: value is not ABSENT and wanted[0] <= value <= wanted[1],
    "on": lambda value, wanted: value is not ABSENT and value // DAY == wanted[0] // DAY,
}


@pytest.fixture
async def services(pool: asyncpg.Pool) -> AsyncIterator[Services]:
    """The services under a clock that goes on five hours with every look, so that orders differ in their times."""
    hours = itertools.count(step=5)

    async def check_ready() -> None: ...

    services = build_services(
        pool, check_ready=check_ready, clock_ms=lambda: 1_600_000_000_000 + next(hours) * 3_600_000
    )
    yield services
    await services.appender.close()


@pytest.fixture
async def world(client: Client) -> list[Order]:
    """Orders of all kinds, in the default order of lists."""
    await created(client, id="a/b", invoice_id="inv_0001")
    await created(client, id="A", invoice_id="inv_0009", status="processing")
    await created(client, id="it's", invoice_id="inv_0010")
    await created(client, id='q"u,o]te', invoice_id="inv_0003")
    await created(client, id="\u00fc\U0001f600", invoice_id="inv_0002")
    await imported(client, "inv_0002", created_at="1517000000", order_date=f"{17500 * DAY}", status="on_hold")
    await imported(client, "inv_0002", created_at="1517000000", order_date=f"{17501 * DAY - 1}", shipping_date="0")
    await imported(client, "inv_0006", created_at="1516999999", shipped_at="1517000000", status="shipped")
    await imported(client, "inv_0008", created_at="1517000001", shipped_at="1517086400", status="delivered")
    await cancelled(client, "inv_0004", total=100)
    await resent(client, "inv_0004")
    await resent_in_part(client, "inv_0002")
    await deleted(client)
    return await listed(client)


def _values(name: str, kind: str, world: list[Order]) -> list[Value]:
    """Values worth asking for: those that orders have, their neighbours, and some that none has."""
    there = sorted({order[name] for order in world if name in order})
    if kind == "timestamp":
        return sorted({near for value in there[:4] + there[-4:] for near in (max(value - 1, 0), value, value + 1)})
    if kind == "enum":
        return list(FILTERS[name]["enum"])
    if kind == "boolean":
        return [True, False]
    return [*there, there[0][:-1] or "x", there[0].swapcase(), "nobody", "x" * 100]


def _questions(name: str, operator: str, world: list[Order]) -> Iterator[list[Value]]:
    values = _values(name, FILTERS[name]["type"], world)
    if operator == "between":
        yield from ([first, last] for first, last in itertools.combinations_with_replacement(values[::2][:6], 2))
    elif operator in {"in", "not_in"}:
        yield values
        yield values[:2]
        yield from ([value] for value in values)
    else:
        yield from ([value] for value in values)


def _spelled(operator: str, wanted: list[Value]) -> list[str]:
    """A short list in every spelling; what is not between brackets has one alone."""
    if operator not in {"in", "not_in", "between"}:
        text = str(wanted[0]).lower() if isinstance(wanted[0], bool) else str(wanted[0])
        return [text]
    is_plain = not any(set("\"',[]{") & set(str(value)) for value in wanted)
    return sorted({spell(wanted) for client, spell in SPELLINGS.items() if client != "OpenAPI" or is_plain})


@pytest.mark.parametrize("kind", ["string", "enum", "boolean", "timestamp"])
async def test_a_filter_finds_what_the_orders_themselves_say(client: Client, world: list[Order], kind: str) -> None:
    for name in (name for name, described in FILTERS.items() if described["type"] == kind):
        telling = set()
        for operator in FILTERS[name]["operators"]:
            for wanted in _questions(name, operator, world):
                expected = [order for order in world if MATCHES[operator](order.get(name), wanted)]
                for text in _spelled(operator, wanted):
                    answer = await get(client, "list", [("limit", "100"), (f"{name}[{operator}]", text)])
                    assert answer.orders == expected, f"{name}[{operator}]={text}"
                if 0 < len(expected) < len(world):
                    telling.add(operator)
        assert telling == set(FILTERS[name]["operators"]), f"{name}: some operators were asked for all or nothing"


async def test_an_enum_is_asked_for_in_any_letter_case(client: Client, world: list[Order]) -> None:
    for name in (name for name, described in FILTERS.items() if described["type"] == "enum"):
        for value in FILTERS[name]["enum"]:
            expected = [order for order in world if order.get(name) == value]
            for pair in ((f"{name}[is]", value.upper()), (f"{name}[in]", f'["{value.title()}"]')):
                assert (await get(client, "list", [("limit", "100"), pair])).orders == expected


async def test_all_filters_must_hold(client: Client, world: list[Order]) -> None:
    expected = [
        order
        for order in world
        if order["status"] != "cancelled" and order["invoice_id"] == "inv_0002" and order["created_at"] >= 1517000000
    ]
    pairs = [
        ("status[is_not]", "cancelled"),
        ("invoice_id[in]", "['inv_0002']"),
        ("created_at[after]", "1516999999"),
        ("created_at[before]", "9999999999"),
        ("status[in]", '["new","queued","on_hold","shipped","delivered"]'),
    ]
    answer = await get(client, "list", [("limit", "100"), *pairs])
    assert 0 < len(expected) < len(world)
    assert answer.orders == expected
    assert (await get(client, "list", [*pairs, ("id[is]", "nobody")])).raw == b'{"list":[]}'


async def test_a_filter_may_be_escaped_in_any_way(client: Client, world: list[Order]) -> None:
    expected = [order for order in world if order["status"] in {"queued", "on_hold"}]
    for query in (
        'status[in]=["queued","on_hold"]',
        "status[in]=[queued,on_hold]",
        "status%5Bin%5D=%5B%22queued%22%2C%22on_hold%22%5D",
        "status%5bin%5d=%5b%22queued%22%2c%22on_hold%22%5d",
        "status%5Bin%5D=%5B%27queued%27%2C+%27on_hold%27%5D",
        "status%5Bin%5D=%5B%27queued%27%2C%20%27on_hold%27%5D",
        "status[in]=['queued',+'on_hold']",
    ):
        assert (await call(client, "GET", f"{ORDERS}?limit=100&{query}")).orders == expected, query


async def test_a_day_is_the_calendar_day_of_the_site(
    client: Client, world: list[Order], change_settings: ChangeSettings
) -> None:
    noon = 17501 * DAY - DAY // 2
    for zone in ("UTC", "Pacific/Kiritimati", "America/Los_Angeles", "Asia/Kathmandu"):
        await change_settings(time_zone=zone)
        day = datetime.fromtimestamp(noon, ZoneInfo(zone)).date()
        expected = [
            order["id"]
            for order in world
            if "order_date" in order and datetime.fromtimestamp(order["order_date"], ZoneInfo(zone)).date() == day
        ]
        assert (await get(client, "list", [("limit", "100"), ("order_date[on]", str(noon))])).ids == expected


async def test_what_is_wrong_in_a_list_is_named(client: Client) -> None:
    wrong = {
        "string": {},
        "enum": {"is": "lost", "is_not": "", "in": "[lost]", "not_in": "queued"},
        "boolean": {"is": "maybe"},
        "timestamp": {"after": "x", "before": "1.5", "on": "-1", "between": "[2,1]"},
    }
    for name, described in FILTERS.items():
        for operator in described["operators"]:
            for text in {"", wrong[described["type"]].get(operator, "")}:
                answer = await get(client, "list", [(f"{name}[{operator}]", text)])
                answer.refused(400, "param_wrong_value", f"{name}[{operator}]")
        for operator in (*(set(MATCHES) - set(described["operators"])), "like", "IS", "is_present", ""):
            answer = await get(client, "list", [(f"{name}[{operator}]", "1")])
            answer.refused(400, "param_wrong_value", f"{name}[{operator}]")
    for param, text in (
        ("limit", "0"),
        ("limit", "101"),
        ("limit", "-1"),
        ("limit", "5.0"),
        ("limit", " 5"),
        ("offset", "x"),
        ("offset", "x" * 1001),
        ("offset", '["1612890918000","22000006"]'),
        ("include_deleted", "yes"),
        ("exclude_deleted_credit_notes", "1"),
        ("sort_by[asc]", "id"),
        ("sort_by[desc]", "CREATED_AT"),
        ("sort_by[down]", "created_at"),
        ("sort_by", "created_at"),
    ):
        (await get(client, "list", [(param, text)])).refused(400, "param_wrong_value", param)


async def test_limit_and_defaults(client: Client, world: list[Order]) -> None:
    assert len(world) > 10
    for text, length in (("1", 1), ("007", 7), ("100", len(world)), ("", 10), (None, 10)):
        pairs = [] if text is None else [("limit", text)]
        answer = await get(client, "list", pairs)
        assert answer.orders == world[:length]
        assert ("next_offset" in answer.body) is (length < len(world))
    repeated = await get(client, "list", [("limit", "x"), ("limit", "3"), ("offset", "x"), ("offset", "")])
    assert repeated.orders == world[:3]


async def test_lists_are_sorted_with_ties_broken_by_id(client: Client, world: list[Order]) -> None:
    sorts = CONTRACT["list_filters"]["orders"]["sort_by"]
    for attribute, direction in itertools.product(sorts["attributes"], sorts["orders"]):
        expected = sorted(world, key=itemgetter(attribute, "id"), reverse=direction == "desc")
        sort = (f"sort_by[{direction}]", attribute)
        assert (await get(client, "list", [("limit", "100"), sort])).orders == expected
        assert await _all_pages(client, "list", [("limit", "3"), sort]) == expected
    assert world == sorted(world, key=itemgetter("created_at", "id"))


async def test_deleted_orders_are_shown_where_they_are_asked_for(client: Client, world: list[Order]) -> None:
    assert not any(order["deleted"] for order in world)
    for text, shown in (("true", 1), ("True", 1), ("TRUE", 1), ("false", 0), ("False", 0), ("", 0)):
        orders = await listed(client, include_deleted=text)
        assert sum(order["deleted"] for order in orders) == shown
        assert [order for order in orders if not order["deleted"]] == world
    [gone] = [order for order in await listed(client, include_deleted="true") if order["deleted"]]
    assert await listed(client, include_deleted="true", id__is=gone["id"]) == [gone]
    assert await listed(client, id__is=gone["id"]) == []
    of_invoice = await get(client, "orders_for_invoice", [("limit", "100")], gone["invoice_id"])
    assert gone["id"] not in of_invoice.ids


async def test_credit_notes_stay_on_the_orders_when_deleted_ones_are_left_out(
    client: Client, world: list[Order]
) -> None:
    for text in ("true", "True", "false", ""):
        assert await listed(client, exclude_deleted_credit_notes=text) == world
    assert any("linked_credit_notes" in order for order in world)


async def test_an_offset_is_text_that_no_client_changes(client: Client, world: list[Order]) -> None:
    for order in world[:-1]:
        before = [("created_at[before]", str(order["created_at"] + 1)), ("limit", "1")]
        offset = (await get(client, "list", before)).body.get("next_offset", "p1A")
        assert len(offset) <= CONTRACT["pagination"]["offset"]["max_length"]
        assert offset.isascii()
        assert set(offset).isdisjoint("+/=&?%# \"'[]{}")
        with pytest.raises(ValueError, match="Expecting"):
            json.loads(offset)


async def test_an_offset_belongs_to_its_filters_and_its_sort(client: Client, world: list[Order]) -> None:
    mine = [("limit", "1"), ("status[in]", "[new,queued,cancelled]")]
    offset = ("offset", (await get(client, "list", mine)).body["next_offset"])
    for same in (
        [("limit", "5"), ("status[in]", "['new', 'queued', 'cancelled']")],
        [("status[in]", '["new","queued","cancelled"]'), ("include_deleted", "false")],
        [*mine, ("sort_by[asc]", "created_at"), ("unknown", "1")],
    ):
        assert (await get(client, "list", [*same, offset])).status == 200, same
    for other in (
        [],
        [("status[in]", "[new,queued]")],
        [("status[is]", "new")],
        [*mine, ("id[is_not]", "x")],
        [*mine, ("sort_by[desc]", "created_at")],
        [*mine, ("sort_by[asc]", "updated_at")],
        [*mine, ("include_deleted", "true")],
    ):
        (await get(client, "list", [*other, offset])).refused(400, "param_wrong_value", "offset")
    (await get(client, "orders_for_invoice", [offset], "inv_0002")).refused(400, "param_wrong_value", "offset")


async def test_orders_of_an_invoice_come_latest_first_page_by_page(client: Client, world: list[Order]) -> None:
    expected = [order for order in world if order["invoice_id"] == "inv_0002"][::-1]
    assert len(expected) >= 4
    assert (await get(client, "orders_for_invoice", [("limit", "100")], "inv_0002")).orders == expected
    for limit in ("1", "2", "3"):
        assert await _all_pages(client, "orders_for_invoice", [("limit", limit)], "inv_0002") == expected
    ignored = [("status[is]", "nonsense"), ("sort_by[asc]", "created_at"), ("include_deleted", "true")]
    assert (await get(client, "orders_for_invoice", ignored, "inv_0002")).orders == expected


async def test_an_invoice_id_may_hold_a_slash(client: Client, services: Services, site: Site) -> None:
    await load(services, site, invoice("2018/01/\u00fc"), invoice("2018"))
    order = (await post(client, "create", [("invoice_id", "2018/01/\u00fc")])).order
    assert (await get(client, "orders_for_invoice", (), "2018/01/\u00fc")).orders == [order]
    assert (await call(client, "GET", "/api/v2/invoices/2018%2F01%2F%C3%BC/orders")).orders == [order]
    assert (await get(client, "orders_for_invoice", (), "2018")).raw == b'{"list":[]}'


async def test_an_empty_list_and_a_last_page_say_nothing_of_an_offset(client: Client) -> None:
    assert (await get(client, "list")).raw == b'{"list":[]}'
    await created(client)
    answer = await get(client, "list", [("limit", "1")])
    assert list(answer.body) == ["list"]
    assert b"next_offset" not in answer.raw
    await created(client)
    assert list((await get(client, "list", [("limit", "1")])).body) == ["list", "next_offset"]


async def _all_pages(
    client: Client, operation: str, pairs: list[tuple[str, str]], resource_id: str = ""
) -> list[Order]:
    def page(offset: list[tuple[str, str]]) -> Any:
        return get(client, operation, [*pairs, *offset], resource_id)

    answer: Answer = await page([])
    orders = answer.orders
    for _ in range(PAGES_MAX):
        offset = answer.body.get("next_offset")
        if offset is None:
            return orders
        assert isinstance(offset, str)
        answer = await page([("offset", offset)])
        assert answer.orders
        orders += answer.orders
    raise AssertionError("the list has no end")
