"""Beside the changes of an order stands, on demand, what was asked in vain; each on one page, and told apart."""

from typing import Any

import asyncpg
import jsonschema_rs
import pytest

from api.services import Services
from ledger.ids import Site
from ledger.limits import REFUSALS_IN_HISTORY_MAX
from tests.api.description import DOCUMENT
from tests.api.requests import ORDERS, Client, create, refused
from tests.api.test_requests_kept import kept_request


async def history(client: Client, order_id: str, **params: Any) -> dict[str, Any]:
    response = await client.get(f"{ORDERS}/{order_id}/history", params={name: str(it) for name, it in params.items()})
    assert response.status == 200, await response.text()
    body: dict[str, Any] = await response.json()
    jsonschema_rs.validate({**DOCUMENT, "$ref": "#/components/schemas/HistoryList"}, body)
    return body


def named(body: dict[str, Any]) -> list[Any]:
    """Versions of changes, and ids of requests."""
    return [entry["change"]["version"] if "change" in entry else entry["request"]["id"] for entry in body["list"]]


async def test_a_refused_request_stands_where_it_came(client: Client, services: Services) -> None:
    order = await create(client)
    path = f"{ORDERS}/{order['id']}"
    in_vain = await client.post(f"{path}/reopen")
    await refused(in_vain, 409, "invalid_state_for_request")
    assert (await client.post(path, data={"note": "x"})).status == 200
    too_late = await client.post(path, data={"status": "nonsense"})
    await refused(too_late, 400, "param_wrong_value", "status")
    await services.recorder.flush()

    body = await history(client, order["id"], include_requests="true")
    ids = [each.headers["x-request-id"] for each in (in_vain, too_late)]
    assert named(body) == [1, ids[0], 2, ids[1]]
    assert [entry["request"]["proven"] for entry in body["list"] if "request" in entry] == [False, False]
    descending = await history(client, order["id"], include_requests="true", **{"sort_by[desc]": "version"})
    assert named(descending) == [ids[1], 2, ids[0], 1]
    for params in ({}, {"include_requests": "false"}):
        assert named(await history(client, order["id"], **params)) == [1, 2]


@pytest.mark.parametrize("direction", ["asc", "desc"])
@pytest.mark.parametrize("limit", [1, 2, 3])
async def test_pages_show_each_request_once_and_in_order(
    client: Client, services: Services, site: Site, direction: str, limit: int
) -> None:
    order = await create(client)
    for number in range(6):
        assert (await client.post(f"{ORDERS}/{order['id']}", data={"note": f"{number}"})).status == 200
    changes = [entry["change"] for entry in (await history(client, order["id"], limit=100))["list"]]
    moments = {each["recorded_at_ms"] + shift for each in changes for shift in (-1, 0, 1)}
    await services.requests.keep(
        [kept_request(site, f"req_{at}", at=at, order_id=order["id"]) for at in moments]
        + [kept_request(site, "req_of_another", at=min(moments), order_id="another")]
        + [kept_request(site, "req_that_went_well", at=min(moments), order_id=order["id"], status=200)]
    )
    sort = {f"sort_by[{direction}]": "version"}
    whole = named(await history(client, order["id"], limit=100, include_requests="true", **sort))
    assert len(whole) == len(changes) + len(moments)

    paged: list[Any] = []
    offset: dict[str, str] = {}
    while True:
        body = await history(client, order["id"], limit=limit, include_requests="true", **sort, **offset)
        paged += named(body)
        if "next_offset" not in body:
            break
        offset = {"offset": body["next_offset"]}
    assert paged == whole


async def test_many_refusals_are_bounded_and_that_is_told(client: Client, services: Services, site: Site) -> None:
    order = await create(client)
    made = [
        kept_request(site, f"req_{number:03}", at=2_000_000_000_000 + number, order_id=order["id"])
        for number in range(REFUSALS_IN_HISTORY_MAX + 1)
    ]
    await services.requests.keep(made[1:])
    assert "has_more_requests" not in await history(client, order["id"], include_requests="true")
    await services.requests.keep(made[:1])
    body = await history(client, order["id"], include_requests="true")
    assert body["has_more_requests"] is True
    assert named(body) == [1, *(each.id for each in made[1:])]


async def test_a_caller_of_an_entity_sees_its_own_refusals_alone(
    client: Client, services: Services, pool: asyncpg.Pool, site: Site
) -> None:
    await services.store.note_business_entity(site, "a")
    restricted = {"chargebee-business-entity-id": "a"}
    response = await client.post(ORDERS, data={"invoice_id": "inv_0001"}, headers=restricted)
    order = (await response.json())["order"]
    at = 2_000_000_000_000
    own = {"at": at, "order_id": order["id"], "business_entity_id": "a", "actor": "full_access_key_v1"}
    await services.requests.keep(
        [
            kept_request(site, "req_own", **own),
            kept_request(site, "req_of_another_key", **own | {"actor": "another"}),
            kept_request(site, "req_without_entity", **own | {"business_entity_id": None}),
        ]
    )
    path = f"{ORDERS}/{order['id']}/history"
    answer = await client.get(path, params={"include_requests": "true"}, headers=restricted)
    assert named(await answer.json()) == [1, "req_own"]
    everything = await history(client, order["id"], include_requests="true")
    assert set(named(everything)) == {1, "req_own", "req_of_another_key", "req_without_entity"}
