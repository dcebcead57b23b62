"""What was asked and answered can be looked up, refusals included, and is told apart from the proven record."""

from collections.abc import Callable
from typing import Any

import asyncpg
import pytest

from api.services import Services
from ledger.envelope import EventMapper
from ledger.ids import Position, Site, system_clock_ms
from ledger.requests import NO_SITE, KeptRequest
from ledger.sites import KeyKind, Sites
from tests.api.requests import ORDERS, Client, basic, create, import_order, refused
from tests.conftest import new_site

REQUESTS = "/api/v2/ledger/requests"


async def listed(client: Client, services: Services, **params: Any) -> list[dict[str, Any]]:
    await services.recorder.flush()
    response = await client.get(REQUESTS, params={"limit": 100, **params})
    assert response.status == 200, await response.text()
    return [entry["request"] for entry in (await response.json())["list"]]


async def retrieved(client: Client, services: Services, request_id: str) -> dict[str, Any]:
    await services.recorder.flush()
    response = await client.get(f"{REQUESTS}/{request_id}")
    assert response.status == 200, await response.text()
    found: dict[str, Any] = (await response.json())["request"]
    return found


async def test_a_change_is_kept_and_linked_both_ways_with_its_events(
    client: Client, services: Services, site: Site
) -> None:
    order = await import_order(client, "inv_0002")
    headers = {
        "chargebee-idempotency-key": "k",
        "chargebee-request-origin-user": "ann@example.com",
        "chargebee-request-origin-ip": "10.0.0.1",
        "chargebee-request-origin-device": "phone",
    }
    answer = await client.post(f"{ORDERS}/{order['id']}/resend", data={"resend_reason": "Lost"}, headers=headers)
    resent = (await answer.json())["order"]
    found = await retrieved(client, services, answer.headers["x-request-id"])

    assert found["proven"] is False
    assert (found["status"], found["is_refused"], found["is_replayed"]) == (200, False, False)
    assert (found["method"], found["path"], found["operation"]) == ("POST", f"{ORDERS}/{order['id']}/resend", "resend")
    assert (found["order_id"], found["invoice_id"]) == (order["id"], "inv_0002")
    assert (found["actor"], found["actor_kind"], found["key_kind"]) == ("full_access_key_v1", "api_key", "full")
    assert found["idempotency_key"] == "k"
    assert (found["origin_user"], found["origin_ip"], found["origin_device"]) == (
        "ann@example.com",
        "10.0.0.1",
        "phone",
    )
    assert found["parameters"] == [{"name": "resend_reason", "value": "[redacted]", "length": 4}]
    assert found["at"] == found["at_ms"] // 1000 <= system_clock_ms() // 1000
    assert found["duration_us"] > 0

    assert {event["order_id"] for event in found["events"]} == {order["id"], resent["id"]}
    for event in found["events"]:
        [recorded] = await services.store.read_log(site, after=Position(event["position"] - 1), limit=1)
        assert (recorded.event_id, recorded.type) == (event["event_id"], event["type"])
        assert EventMapper().open(recorded.body)[0].metadata.request_id == found["id"]


async def test_a_refusal_says_why_nothing_changed(client: Client, services: Services) -> None:
    order = await create(client)
    path = f"{ORDERS}/{order['id']}"
    answer = await client.post(f"{path}/reopen")
    body = await refused(answer, 409, "invalid_state_for_request")
    found = await retrieved(client, services, answer.headers["x-request-id"])
    assert found["is_refused"]
    assert (found["status"], found["error_type"], found["api_error_code"], found["message"]) == (
        409,
        "invalid_request",
        "invalid_state_for_request",
        body["message"],
    )
    assert "events" not in found

    answer = await client.post(path, data={"status": "wrapped", "note": "Ring twice", "statuss": "shipped"})
    await refused(answer, 400, "param_wrong_value", "status")
    found = await retrieved(client, services, answer.headers["x-request-id"])
    assert found["param"] == "status"
    assert found["message"].startswith("status : is not one of: ")
    assert found["parameters"] == [
        {"name": "status", "value": "[redacted]", "length": 7},
        {"name": "note", "value": "[redacted]", "length": 10},
        {"name": "statuss", "value": "[redacted]", "length": 7},
    ]
    assert found["parameter_count"] == 3


async def test_an_order_that_could_not_be_made_is_found_by_the_id_that_was_asked(
    client: Client, services: Services
) -> None:
    await create(client, id="taken")
    await refused(
        await client.post(ORDERS, data={"id": "taken", "invoice_id": "inv_0001"}), 400, "duplicate_entry", "id"
    )
    of_order = await listed(client, services, **{"order_id[is]": "taken"})
    assert [(each["status"], each["operation"]) for each in of_order] == [(400, "create"), (200, "create")]


@pytest.mark.parametrize("keyed", [True, False])
async def test_every_post_of_a_known_caller_is_kept_whatever_came_of_it(
    client: Client, services: Services, pool: asyncpg.Pool, site: Site, keyed: bool
) -> None:
    headers = {"chargebee-idempotency-key": "same"} if keyed else {}
    reader = basic(await Sites(pool).create_key(site, "reader", KeyKind.READ_ONLY, system_clock_ms()))
    sent = [
        await client.post(f"{ORDERS}/nobody/cancel", data={"cancellation_reason": "others"}, headers=headers),
        await client.post(f"{ORDERS}/nobody/cancel", data={"cancellation_reason": "others"}, headers=headers),
        await client.post(ORDERS, data={"invoice_id": "inv_0001"}, headers=reader),
        await client.post(ORDERS, data=b"[]", headers={"Content-Type": "application/json"}),
        await client.post(ORDERS, data=b"x", headers={"Content-Type": "text/plain"}),
        await client.post(ORDERS, data={"invoice_id": "inv_0001"}, headers={"chargebee-idempotency-key": "x" * 101}),
        await client.post(ORDERS, data={"invoice_id": "x"}, headers={"chargebee-business-entity-id": "nobody"}),
        await client.post(ORDERS, data={"invoice_id": "inv_0001"}, headers={"Host": f"{await new_site(pool)}.x.com"}),
    ]
    kept = {each["id"]: each for each in await listed(client, services)}
    assert [kept[each.headers["x-request-id"]]["status"] for each in sent] == [404, 404, 403, 400, 400, 400, 404, 401]
    assert [each.status for each in sent] == [404, 404, 403, 400, 400, 400, 404, 401]
    ids = [each.headers["x-request-id"] for each in sent]
    assert [kept[each]["is_replayed"] for each in ids[:2]] == [False, keyed]
    assert kept[ids[1]]["api_error_code"] == "resource_not_found"
    assert (kept[ids[2]]["actor"], kept[ids[2]]["key_kind"]) == ("reader", "read_only")
    assert [("parameter_count" in kept[each]) for each in ids] == [True, True, False, False, False, False, False, False]


async def test_a_replayed_success_is_kept_as_such_and_made_no_event_of_its_own(
    client: Client, services: Services
) -> None:
    headers = {"chargebee-idempotency-key": "k"}
    answers = [await client.post(ORDERS, data={"invoice_id": "inv_0001"}, headers=headers) for _ in range(2)]
    first, second = [await retrieved(client, services, each.headers["x-request-id"]) for each in answers]
    assert (first["is_replayed"], len(first["events"])) == (False, 1)
    assert (second["is_replayed"], "events" in second) == (True, False)
    assert first["order_id"] == second["order_id"] == (await answers[0].json())["order"]["id"]


async def test_a_crash_is_kept(client: Client, services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    async def crash(*_: Any) -> None:
        raise RuntimeError("a secret")

    monkeypatch.setattr(services.handler, "_attempt", crash)
    answer = await client.post(ORDERS, data={"invoice_id": "inv_0001"})
    assert answer.status == 500
    found = await retrieved(client, services, answer.headers["x-request-id"])
    assert (found["status"], found["api_error_code"]) == (500, "internal_error")


async def test_reads_are_kept_where_they_were_refused(client: Client, services: Services) -> None:
    order = await create(client)
    assert (await client.get(f"{ORDERS}/{order['id']}")).status == 200
    assert (await client.get(f"{ORDERS}/nobody")).status == 404
    assert (await client.get(ORDERS, params={"limit": "many", "note[is]": "x"})).status == 400
    kept = await listed(client, services)
    assert [(each["method"], each["operation"], each["status"]) for each in kept] == [
        ("GET", "list", 400),
        ("GET", "retrieve", 404),
        ("POST", "create", 200),
    ]
    assert [each["name"] for each in kept[0]["parameters"]] == ["limit", "note[is]"]


async def test_what_leads_nowhere_is_not_kept_and_unknown_callers_are_counted(
    client: Client, services: Services, own_count: int
) -> None:
    assert (await client.post("/api/v2/nothing", data={"x": "y"})).status == 404
    assert (await client.post(f"{ORDERS}/a/b/c/d/e", data={"x": "y"})).status != 405
    assert (await client.post("/api/v2/configurations")).status == 405
    assert (await client.post(ORDERS, data={"invoice_id": "inv_0001"}, headers=basic("test_nobody"))).status == 401
    kept = await listed(client, services)
    assert [each["status"] for each in kept] == [404]  # an order with slashes in its id
    assert (await services.requests.not_kept(NO_SITE, "unknown_caller")).count > own_count


@pytest.fixture
async def own_count(services: Services) -> int:
    return (await services.requests.not_kept(NO_SITE, "unknown_caller")).count


async def test_a_request_whose_events_were_never_written_shows_none(
    client: Client, services: Services, site: Site
) -> None:
    request = kept_request(site, "req_lost", event_ids=("ev_never",))
    await services.requests.keep([request])
    assert "events" not in await retrieved(client, services, "req_lost")


async def test_lists_are_filtered_and_paged_newest_first(client: Client, services: Services, site: Site) -> None:
    statuses = [200, 400, 404, 409, 429]
    made = [
        kept_request(
            site,
            f"req_{number:03}",
            at=1_700_000_000_000 + number // 2,
            status=statuses[number % 5],
            actor=f"key{number % 2}",
            order_id=f"o{number % 3}",
            operation="cancel" if number % 4 else "update",
            api_error_code=None if number % 5 == 0 else f"code{number % 5}",
        )
        for number in range(40)
    ]
    await services.requests.keep(made)
    cases: list[tuple[dict[str, str], Callable[[KeptRequest], bool]]] = [
        ({}, lambda _: True),
        ({"order_id[is]": "o1"}, lambda r: r.order_id == "o1"),
        ({"order_id[in]": '["o1","o2"]'}, lambda r: r.order_id in {"o1", "o2"}),
        ({"order_id[is_not]": "o1"}, lambda r: r.order_id != "o1"),
        ({"order_id[is]": "o1", "is_refused[is]": "true"}, lambda r: r.order_id == "o1" and r.is_refused),
        ({"actor[is]": "key1"}, lambda r: r.actor == "key1"),
        ({"actor[not_in]": '["key1"]'}, lambda r: r.actor != "key1"),
        ({"status[in]": "[400,409]"}, lambda r: r.status in {400, 409}),
        ({"status[is_not]": "400", "status[not_in]": "[404]"}, lambda r: r.status not in {400, 404}),
        ({"is_refused[is]": "true"}, lambda r: r.is_refused),
        ({"is_refused[is]": "false"}, lambda r: not r.is_refused),
        ({"api_error_code[is]": "code2"}, lambda r: r.api_error_code == "code2"),
        ({"api_error_code[is_not]": "code2"}, lambda r: r.api_error_code != "code2"),
        ({"operation[is]": "update"}, lambda r: r.operation == "update"),
        ({"at[after]": "1700000000"}, lambda _: False),
        ({"at[before]": "1700000000"}, lambda _: False),
        ({"at[between]": "[1700000000,1700000000]"}, lambda _: True),
        ({"at[on]": "1700000000"}, lambda _: True),
    ]
    for params, fits in cases:
        expected = [each.id for each in sorted(made, key=lambda r: (r.at, r.id), reverse=True) if fits(each)]
        assert [each["id"] for each in await listed(client, services, **params)] == expected, params
        assert await all_pages(client, params) == expected, params


async def all_pages(client: Client, params: dict[str, str]) -> list[str]:
    found: list[str] = []
    offset: dict[str, str] = {}
    while True:
        body = await (await client.get(REQUESTS, params={**params, **offset, "limit": 7})).json()
        found += [entry["request"]["id"] for entry in body["list"]]
        if "next_offset" not in body:
            return found
        offset = {"offset": body["next_offset"]}


async def test_an_offset_belongs_to_its_list(client: Client, services: Services, site: Site) -> None:
    await services.requests.keep([kept_request(site, f"req_{number}") for number in range(3)])
    offset = (await (await client.get(REQUESTS, params={"limit": 1})).json())["next_offset"]
    for params in ({"actor[is]": "key"}, {"is_refused[is]": "true"}):
        answer = await client.get(REQUESTS, params={"offset": offset, **params})
        await refused(answer, 400, "param_wrong_value", "offset")
    answer = await client.get(REQUESTS, params={"offset": offset}, headers={"chargebee-business-entity-id": "of"})
    assert answer.status == 404


async def test_a_site_and_an_entity_see_their_own_requests_alone(
    client: Client, services: Services, pool: asyncpg.Pool, site: Site
) -> None:
    other = await new_site(pool)
    for entity in ("a", "b"):
        await services.store.note_business_entity(site, entity)
    own = [
        kept_request(site, "req_a", business_entity_id="a", actor="full_access_key_v1"),
        kept_request(site, "req_b", business_entity_id="b", actor="full_access_key_v1"),
        kept_request(site, "req_a_of_other_key", business_entity_id="a", actor="another"),
        kept_request(site, "req_none"),
    ]
    await services.requests.keep(own)
    await services.requests.keep([kept_request(other, "req_other")])
    assert {each["id"] for each in await listed(client, services)} == {each.id for each in own}
    await refused(await client.get(f"{REQUESTS}/req_other"), 404, "resource_not_found")

    restricted = {"chargebee-business-entity-id": "a"}
    body = await (await client.get(REQUESTS, headers=restricted)).json()
    assert [entry["request"]["id"] for entry in body["list"]] == ["req_a"]
    assert "dropped" not in body
    everything = await client.get(REQUESTS, params={"actor[is]": "another"}, headers=restricted)
    assert (await everything.json())["list"] == []
    assert (await client.get(f"{REQUESTS}/req_a", headers=restricted)).status == 200
    for hidden in ("req_b", "req_a_of_other_key", "req_none", "req_other", "nobody"):
        answer = await client.get(f"{REQUESTS}/{hidden}", headers=restricted)
        await refused(answer, 404, "resource_not_found")


async def test_a_read_only_key_may_look(client: Client, services: Services, pool: asyncpg.Pool, site: Site) -> None:
    reader = basic(await Sites(pool).create_key(site, "reader", KeyKind.READ_ONLY, system_clock_ms()))
    await services.requests.keep([kept_request(site, "req_1")])
    assert (await client.get(REQUESTS, headers=reader)).status == 200
    assert (await client.get(f"{REQUESTS}/req_1", headers=reader)).status == 200


async def test_the_refused_requests_of_an_order_in_a_range_of_time(services: Services, site: Site) -> None:
    made = [
        kept_request(site, f"req_{number}", at=number, order_id="o", status=409 if number % 2 else 200)
        for number in range(10)
    ]
    await services.requests.keep([*made, kept_request(site, "req_of_another", at=5, order_id="p")])
    found = await services.requests.refused_of_order(site, "o", 3, 7)
    assert [each.id for each in found] == ["req_3", "req_5", "req_7"]


def kept_request(site: Site, request_id: str, **members: Any) -> KeptRequest:
    """A refused request of a key."""
    usual: dict[str, Any] = {
        "at": 1_700_000_000_000,
        "duration_us": 1,
        "actor": "key",
        "actor_kind": "api_key",
        "key_kind": "full",
        "method": "POST",
        "path": f"{ORDERS}/o/cancel",
        "operation": "cancel",
        "status": 409,
    }
    return KeptRequest(site=site, id=request_id, **usual | members)
