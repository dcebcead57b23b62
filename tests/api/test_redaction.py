"""What a client sends is kept by an allow list: nothing personal, no key, and nothing that nobody has thought of."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

import asyncpg
import pytest
from aiohttp.test_utils import TestClient, TestServer
from hypothesis import given, settings
from hypothesis import strategies as st

from api.app import create_app
from api.parameters import Bracket, Parameter
from api.requests.redaction import KEPT, REDACTED, WITHHELD, Redaction, class_of, id_shown, name_shown
from api.routes import ROUTES
from api.routing import Route
from api.schemas.orders import CREATE_ORDER, UPDATE_ORDER
from api.services import Services, build_services
from ledger.ids import Site, system_clock_ms
from ledger.requests import KeptParameter
from ledger.sites import KeyKind, Sites
from ops.database import Address, service_pool
from tests.api.requests import Client, basic
from tests.conftest import new_site

PARAMETERS = [(route, parameter) for route in ROUTES if route.schema for parameter in route.schema.parameters]
KEY = "test_" + "k" * 43


@pytest.mark.parametrize(
    ("route", "parameter"), PARAMETERS, ids=[f"{route.name} {parameter.name}" for route, parameter in PARAMETERS]
)
def test_every_parameter_of_every_route_is_classed(route: Route, parameter: Parameter) -> None:
    name = class_of(parameter)
    assert (name in KEPT) != (name in WITHHELD), f"class {name} of {route.name} in api/requests/redaction.py"


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("invoice_id", "inv_0001", KeptParameter(name="invoice_id", value="inv_0001")),
        ("status", "New", KeptParameter(name="status", value="New")),
        ("note", "", KeptParameter(name="note", value="")),
        ("note", "Ring twice", KeptParameter(name="note", value=REDACTED, length=10)),
        ("status", "ann@example.com", KeptParameter(name="status", value=REDACTED, length=15)),
        ("invoice_id", "ann@example.com", KeptParameter(name="invoice_id", value=REDACTED, length=15)),
        ("invoice_id", KEY, KeptParameter(name="invoice_id", value=REDACTED, length=48)),
        ("tracking_url", "https://x.y/z", KeptParameter(name="tracking_url", value=REDACTED, length=13)),
        ("cf_gift", "yes", KeptParameter(name="cf_gift", value=REDACTED, length=3)),
        ("Ann Smith", "yes", KeptParameter(name=REDACTED, value=REDACTED, length=3)),
        ("ann@example.com", "", KeptParameter(name=REDACTED, value="")),
    ],
)
def test_a_value_is_kept_in_the_form_of_its_parameter_alone(name: str, value: str, expected: KeptParameter) -> None:
    assert Redaction(CREATE_ORDER.parameters).kept([(name, value)]) == (expected,)


def test_entries_of_lists_are_redacted_like_their_members() -> None:
    pairs = [
        ("order_line_items[id][0]", "li_1"),
        ("order_line_items[status][]", "shipped"),
        ("order_line_items[0][id]", "li_2"),
        ("shipping_address[line1]", "1 Main Street"),
    ]
    kept = Redaction(UPDATE_ORDER.parameters).kept(pairs)
    assert [each.value for each in kept] == ["li_1", "shipped", REDACTED, REDACTED]


def test_names_and_ids_are_shown_where_they_look_like_it() -> None:
    assert [name_shown(name) for name in ("note", "a[b][0]", "a[b][]", "chargebee-idempotency-key")] == [
        "note",
        "a[b][0]",
        "a[b][]",
        "chargebee-idempotency-key",
    ]
    for text in ("a[4915112345]", "Ann", "a b", "a" * 61, KEY, "", "a\n"):
        assert name_shown(text) == REDACTED
    for text in ("ann@example.com", "ü", "a b", "a" * 51, KEY, "x" + KEY[:30], "", "+49", "a\n"):
        assert id_shown(text) == REDACTED


# Nothing that is looked for looks like an id, a number or a choice; all hold the mark, whatever else.
MARK = "sEcReT~"
SECRETS = st.text(alphabet=st.sampled_from("abcXYZ019 @.,'\"%&/?ü😀<>"), max_size=12).map(lambda text: MARK + text)
HEADERS = ("User-Agent", "X-Forwarded-For", "Cookie", "chargebee-event-webhook", "chargebee-event-email", "Accept")


class World:
    """A site behind a server, for a test that is not asynchronous itself."""

    client: Client
    services: Services
    site: Site
    key: str

    def __init__(self) -> None:
        self.runner = asyncio.Runner()

    async def life(self, address: Address) -> Any:
        async with service_pool(address) as pool:

            async def check_ready() -> None: ...

            self.site = await new_site(pool)
            self.key = await Sites(pool).create_key(self.site, "key", KeyKind.FULL, system_clock_ms())
            self.services = build_services(pool, check_ready=check_ready)
            async with TestClient(TestServer(create_app(self.services))) as self.client:
                yield
            await self.services.appender.close()


@pytest.fixture(scope="module")
def world(address: Address) -> Iterator[World]:
    world = World()
    life = world.life(address)
    world.runner.run(anext(life))
    yield world
    with pytest.raises(StopAsyncIteration):
        world.runner.run(anext(life))
    world.runner.close()


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_secret_that_is_sent_anywhere_is_never_kept(world: World, data: st.DataObject) -> None:
    route = data.draw(st.sampled_from(ROUTES))
    known = [sent_name(parameter) for parameter in (route.schema.parameters if route.schema else ())]
    names = st.sampled_from(known) | SECRETS if known else SECRETS
    pairs = data.draw(st.lists(st.tuples(names, SECRETS | st.just(world.key)), min_size=1, max_size=6))
    path = "/api/v2" + route.path.replace("{id}", quote(data.draw(SECRETS), safe=data.draw(st.sampled_from(("", "/")))))
    headers = {name: quote(data.draw(SECRETS)) for name in data.draw(st.sets(st.sampled_from(HEADERS)))}
    as_json = data.draw(st.booleans())
    broken = data.draw(st.sampled_from(("", "", "", "%", "{")))
    world.runner.run(_send(world, route, path, pairs, headers, as_json=as_json, broken=broken))


def sent_name(parameter: Parameter) -> str:
    return f"{parameter.name}[0]" if parameter.bracket is Bracket.INDEXED_LIST else parameter.name


async def _send(
    world: World, route: Route, path: str, pairs: Any, headers: dict[str, str], *, as_json: bool, broken: str
) -> None:
    text = broken + (json.dumps(dict(pairs)) if as_json else urlencode(pairs))
    headers = {**headers, **basic(world.key)}
    if route.method == "POST":
        media = "application/json" if as_json else "application/x-www-form-urlencoded"
        answer = await world.client.post(path, data=text.encode(), headers={**headers, "Content-Type": media})
    else:
        answer = await world.client.get(f"{path}?{urlencode(pairs)}", headers=headers)
    await world.services.recorder.flush()
    kept = await rows(world.services.pool, world.site)
    if route.method == "POST" or answer.status >= 400:
        assert answer.headers["x-request-id"] in kept
    for hidden in (MARK, quote(MARK), world.key, headers["Authorization"].split()[1]):
        assert hidden not in kept


async def rows(pool: asyncpg.Pool, site: Site) -> str:
    """All that the table holds of a site, as text; JSON that is escaped as it is meant."""
    found = await pool.fetch("SELECT to_json(request)::text AS row FROM ledger.request WHERE site = $1", site)
    return "\n".join(row["row"] + json.dumps(json.loads(row["row"]), ensure_ascii=False) for row in found)
