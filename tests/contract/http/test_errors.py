"""Every error that a client can be told: its status, its codes, its members, and JSON whatever happens."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest
from yarl import URL

from api.app import create_app
from api.services import Services, build_services
from ledger import errors
from ledger.errors import LedgerError
from ledger.limits import REQUESTS_IN_FLIGHT_MAX
from tests.api.requests import Client, basic
from tests.contract.contract import CONTRACT
from tests.contract.http.orders import created, imported
from tests.contract.http.wire import BASE, ERRORS, JSON, ORDERS, Answer, call, get, post

# What the contract lists and orders do not raise.
NOT_RAISED = {
    "basic_authentication_failed",
    "request_blocked",
    "site_not_found",
    "third_party_api_request_limit_exceeded",
    "site_read_only_mode",
    "site_not_ready",
}


def test_every_error_of_the_ledger_is_one_of_the_contract() -> None:
    raised = {
        (found.api_error_code, found.http_status, found.type)
        for found in vars(errors).values()
        if isinstance(found, type) and issubclass(found, LedgerError)
    }
    contract = {(row["api_error_code"], row["http_status"], row.get("type")) for row in CONTRACT["errors"]}
    assert raised - {("internal_error", 500, None)} <= contract
    payments = {code for code in ERRORS if code.startswith("payment_")}
    assert set(ERRORS) - {code for code, _, _ in raised} == NOT_RAISED | payments


async def test_a_refusal_has_the_members_that_clients_read(client: Client) -> None:
    blank = await post(client, "create", [("invoice_id", "")])
    assert blank.raw == (
        b'{"message":"invoice_id : cannot be blank","type":"invalid_request","api_error_code":"param_wrong_value",'
        b'"param":"invoice_id","error_code":"param_required","error_msg":"cannot be blank",'
        b'"error_param":"invoice_id","http_status_code":400}'
    )
    unknown = await get(client, "retrieve", resource_id="nobody")
    assert json.loads(unknown.raw) == {
        "message": "Sorry, we couldn't find that resource",
        "type": "invalid_request",
        "api_error_code": "resource_not_found",
        "error_code": "resource_not_found",
        "error_msg": "Sorry, we couldn't find that resource",
        "http_status_code": 404,
    }
    stranger = await get(client, "list", headers=basic("wrong"))
    assert json.loads(stranger.raw) == {
        "message": "Sorry, authentication failed. Invalid api key",
        "api_error_code": "api_authentication_failed",
        "error_code": "api_authentication_invalid_key",
        "error_msg": "Sorry, authentication failed. Invalid api key",
        "http_status_code": 401,
    }


async def test_unknown_paths_are_404_and_other_methods_405(client: Client) -> None:
    for path in (
        "/",
        "/api",
        BASE,
        f"{BASE}/",
        f"{BASE}/order",
        f"{BASE}/Orders",
        f"{ORDERS}/",
        "/api/v1/orders",
        "/api/v2orders",
        f"{BASE}/invoices",
        f"{BASE}/invoices/inv_0001",
        f"{ORDERS}/%FF",
        f"{ORDERS}/%00",
    ):
        for method in ("GET", "POST"):
            (await call(client, method, path)).refused(404, "resource_not_found")
    order_id = (await created(client))["id"]
    for method, path in (
        ("PUT", ORDERS),
        ("PATCH", f"{ORDERS}/{order_id}"),
        ("DELETE", f"{ORDERS}/{order_id}"),
        ("OPTIONS", ORDERS),
        ("GET", f"{ORDERS}/import_order"),
        ("GET", f"{ORDERS}/{order_id}/cancel"),
        ("GET", f"{ORDERS}/{order_id}/resend"),
        ("POST", f"{BASE}/invoices/inv_0001/orders"),
        ("POST", f"{BASE}/configurations"),
    ):
        (await call(client, method, path)).refused(405, "http_method_not_supported")


async def test_every_answer_has_an_id_of_its_own_and_never_a_cookie_or_a_version(client: Client) -> None:
    answers = [
        await get(client, "list"),
        await get(client, "list", headers=basic("wrong")),
        await get(client, "list", [("limit", "0")]),
        await call(client, "GET", "/nowhere"),
        await post(client, "create", []),
    ]
    ids = {answer.headers["x-request-id"] for answer in answers}
    assert len(ids) == len(answers)
    for answer in answers:
        assert answer.headers["Content-Type"] == JSON
        assert answer.headers["Server"] == "order-ledger"
        assert not {"Set-Cookie", "chargebee-idempotency-replayed"} & set(answer.headers)
        assert int(answer.headers["Content-Length"]) == len(answer.raw)


async def test_a_head_request_is_answered_like_a_get_without_its_body(client: Client) -> None:
    order = await created(client)
    found = await get(client, "retrieve", resource_id=order["id"])
    response = await client.head(URL(f"{ORDERS}/{order['id']}", encoded=True))
    assert (response.status, response.headers["Content-Type"], await response.read()) == (200, JSON, b"")
    assert int(response.headers["Content-Length"]) == len(found.raw)
    assert (await client.head(f"{ORDERS}/nobody")).status == 404


async def test_a_crash_tells_nothing_but_an_id(
    client: Client, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = (await created(client))["id"]

    async def crash(*_: object, **__: object) -> None:
        raise RuntimeError("a secret of the house")

    for broken in ("ledger.store.Store.load_streams", "projections.orders.OrderViews.page"):
        with monkeypatch.context() as patch:
            patch.setattr(broken, crash)
            answer = await (post(client, "delete", (), order_id) if "Store" in broken else get(client, "list"))
            body = answer.refused(500, "internal_error")
            assert answer.headers["x-request-id"] in body["message"]
            assert b"secret" not in answer.raw
    assert services.traffic.in_flight == 0


async def test_a_database_that_is_away_is_503_and_says_when_to_come_again(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object, **__: object) -> None:
        raise asyncpg.CannotConnectNowError("the database system is starting up")

    with monkeypatch.context() as patch:
        patch.setattr("ledger.store.Store.load_streams", away)
        patch.setattr("projections.orders.OrderViews.page", away)
        for answer in (await get(client, "list"), await post(client, "update", [], "x")):
            answer.refused(503, "db_connection_failure")
            assert int(answer.headers["Retry-After"]) >= 1
            assert b"starting" not in answer.raw
    assert (await get(client, "list")).status == 200


async def test_too_much_at_once_is_503_and_says_when_to_come_again(client: Client, services: Services) -> None:
    services.traffic.in_flight = REQUESTS_IN_FLIGHT_MAX
    answer = await get(client, "list")
    answer.refused(503, "internal_temporary_error")
    assert int(answer.headers["Retry-After"]) >= 1
    services.traffic.in_flight = 0
    assert (await get(client, "list")).status == 200


async def test_a_site_that_asks_too_often_is_429_with_whole_seconds(
    client: Client, key: str, pool: asyncpg.Pool, aiohttp_client: Callable[..., Awaitable[Any]]
) -> None:
    async def check_ready() -> None: ...

    services = build_services(pool, check_ready=check_ready, requests_per_minute=3)
    limited: Client = await aiohttp_client(create_app(services), headers=basic(key))
    answers: list[Answer] = [await get(limited, "list") for _ in range(3)]
    assert {answer.status for answer in answers} == {200}
    for answer in (await get(limited, "list"), await post(limited, "create", [("invoice_id", "inv_0001")])):
        answer.refused(429, "api_request_limit_exceeded")
        assert answer.headers["Retry-After"].isdecimal()
        assert 1 <= int(answer.headers["Retry-After"]) <= 60
    # Who is not let in, or asks for what is not there, uses up nobody's share.
    assert (await get(limited, "list", headers=basic("wrong"))).status == 401
    assert (await call(limited, "GET", "/nowhere")).status == 404
    assert (await get(client, "list")).status == 200
    await services.appender.close()


async def test_an_error_can_repeat_any_name_that_was_sent(client: Client) -> None:
    order_id = (await imported(client))["id"]
    for sent, shown in (
        ("status[\u00fc\"'\\<&>]", "status[\u00fc\"'\\<&>]"),
        ("status[\u2028\U0001f600]", "status[\u2028\U0001f600]"),
        ("status[\n\t\x01]", "status[\n\t\x01]"),
        ("status[" + "x" * 5000 + "]", "status[" + "x" * 193),
    ):
        (await get(client, "list", [(sent, "x")])).refused(400, "param_wrong_value", shown)
    answer = await post(client, "update", [("order_line_items[\u0661][id]", "x")], order_id)
    assert answer.status == 200  # no index: a member that no line has
