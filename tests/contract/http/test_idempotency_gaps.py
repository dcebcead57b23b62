"""Idempotency of every write (chargebee/conventions.md, section 6), where ``tests/api/test_idempotency.py`` ends."""

from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest

from api.app import create_app
from api.services import Services, build_services
from ledger.errors import LockTimeout, RequestLimitExceeded
from ledger.ids import Site, system_clock_ms
from ledger.sites import KeyKind, Sites
from ledger.store import Store
from tests.api.requests import Client, basic
from tests.contract.contract import OPERATIONS
from tests.contract.http.orders import cancelled, created, imported
from tests.contract.http.wire import FORM, ORDERS, WRITING, Answer, call, get, path_of, post, retrieved

REPLAYED = "chargebee-idempotency-replayed"
TIMES = [(name, "1517000000") for name in ("created_at", "order_date", "shipping_date")]
FORMS: dict[str, list[tuple[str, str]]] = {
    "create": [("invoice_id", "inv_0001"), ("note", "\u00fc")],
    "import_order": [("invoice_id", "inv_0001"), ("status", "queued"), *TIMES],
    "update": [("note", "once")],
    "cancel": [("cancellation_reason", "others"), ("credit_note[total]", "10")],
    "create_refundable_credit_note": [("credit_note[reason_code]", "other"), ("credit_note[total]", "10")],
}


def key(value: str) -> dict[str, str]:
    return {"chargebee-idempotency-key": value}


def is_replay(answer: Answer) -> bool:
    """Whether the answer says so; it must not say anything otherwise, since clients read any value as yes."""
    assert answer.headers.get(REPLAYED) in {None, "true"}
    return REPLAYED in answer.headers


async def test_every_write_runs_once_under_a_key(client: Client, services: Services, site: Site) -> None:
    assert {name for name in WRITING if OPERATIONS[name]["idempotency_key_supported"]} == set(WRITING)
    for operation in WRITING:
        order = await cancelled(client) if operation == "reopen" else await imported(client)
        first = await post(client, operation, FORMS.get(operation, ()), order["id"], headers=key(operation))
        assert (first.status, is_replay(first)) == (200, False), operation
        head = await services.store.head_position(site)
        for _ in range(2):
            again = await post(client, operation, FORMS.get(operation, ()), order["id"], headers=key(operation))
            assert (again.status, again.raw, is_replay(again)) == (200, first.raw, True), operation
            assert again.headers["x-request-id"] != first.headers["x-request-id"]
        assert await services.store.head_position(site) == head


async def test_a_replay_shows_what_was_answered_then_not_what_is_now(client: Client) -> None:
    order = await created(client, note="first")
    first = await post(client, "update", [("note", "second")], order["id"], headers=key("k"))
    await post(client, "update", [("note", "third")], order["id"])
    again = await post(client, "update", [("note", "second")], order["id"], headers=key("k"))
    assert (again.raw, is_replay(again)) == (first.raw, True)
    assert (await retrieved(client, order["id"]))["note"] == "third"


async def test_every_refusal_that_is_kept_is_replayed_as_it_was(client: Client) -> None:
    order = await created(client)
    for status, operation, form, order_id in (
        (400, "create", [("invoice_id", "")], ""),
        (400, "create", [("invoice_id", "inv_0001"), ("id", order["id"])], ""),
        (400, "update", [("status", "lost")], order["id"]),
        (404, "create", [("invoice_id", "nobody")], ""),
        (404, "update", [("note", "x")], "nobody"),
        (409, "reopen", [], order["id"]),
        (409, "delete", [], order["id"]),
    ):
        headers = key(f"{status} {operation} {form}")
        first = await post(client, operation, form, order_id, headers=headers)
        assert (first.status, is_replay(first)) == (status, False)
        again = await post(client, operation, form, order_id, headers=headers)
        assert (again.status, again.raw, is_replay(again)) == (status, first.raw, True)


async def test_a_refusal_is_replayed_also_when_it_would_succeed_by_now(client: Client) -> None:
    first = await post(client, "update", [("note", "x")], "mine", headers=key("k"))
    first.refused(404, "resource_not_found")
    await created(client, id="mine")
    again = await post(client, "update", [("note", "x")], "mine", headers=key("k"))
    assert (again.status, is_replay(again)) == (404, True)
    assert (await post(client, "update", [("note", "x")], "mine", headers=key("other"))).status == 200


async def test_a_body_that_cannot_be_read_is_kept_as_well(client: Client) -> None:
    path = path_of("create")
    for body, content_type in ((b"note=%", FORM), (b"[]", "application/json"), (b"x", "text/plain")):
        headers = key(content_type)
        first = await call(client, "POST", path, body, content_type=content_type, headers=headers)
        first.refused(400, "invalid_request")
        again = await call(client, "POST", path, body, content_type=content_type, headers=headers)
        assert (again.raw, is_replay(again)) == (first.raw, True)


async def test_what_may_be_different_the_next_time_is_not_kept(
    client: Client, services: Services, site: Site, pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_only = basic(await Sites(pool).create_key(site, "reader", KeyKind.READ_ONLY, system_clock_ms()))
    form = FORMS["create"]
    (await post(client, "create", form, headers=key("k") | basic("wrong"))).refused(401, "api_authentication_failed")
    (await post(client, "create", form, headers=key("k") | read_only)).refused(403, "api_authorization_failed")
    (await call(client, "PUT", ORDERS, headers=key("k"))).refused(405, "http_method_not_supported")
    for fault, status, code in (
        (LockTimeout(retry_after_s=1), 429, "lock_timeout"),
        (RequestLimitExceeded(retry_after_s=1), 429, "api_request_limit_exceeded"),
        (OSError("gone"), 503, "db_connection_failure"),
        (RuntimeError("secret"), 500, "internal_error"),
    ):
        with monkeypatch.context() as patch:

            async def fail(*_: object, fault: Exception = fault) -> None:
                raise fault

            patch.setattr(services.appender, "append", fail)
            answer = await post(client, "create", form, headers=key("k"))
            assert (answer.status, answer.body["api_error_code"], is_replay(answer)) == (status, code, False)
            assert b"secret" not in answer.raw
            assert await Store(pool).find_answer(site, "k", system_clock_ms()) is None
    first = await post(client, "create", form, headers=key("k"))
    assert (first.status, is_replay(first)) == (200, False)
    assert is_replay(await post(client, "create", form, headers=key("k")))


async def test_another_request_under_a_used_key_is_refused_and_the_first_stays(client: Client) -> None:
    order = await created(client)
    first = await post(client, "update", [("note", "a"), ("batch_id", "b")], order["id"], headers=key("k"))
    path, body = path_of("update", order["id"]), b"note=a&batch_id=b"
    for other in (
        post(client, "update", [("note", "A"), ("batch_id", "b")], order["id"], headers=key("k")),
        post(client, "update", [("batch_id", "b"), ("note", "a")], order["id"], headers=key("k")),
        post(client, "cancel", [("note", "a"), ("batch_id", "b")], order["id"], headers=key("k")),
        post(client, "update", [("note", "a"), ("batch_id", "b")], "other", headers=key("k")),
        call(client, "POST", path + "?x", body, headers=key("k")),
        call(client, "POST", path, body + b"&", headers=key("k")),
        call(client, "POST", path, body, headers=key("k") | {"chargebee-request-origin-user": "a@b"}),
        call(client, "POST", path, body, headers=key("k") | {"chargebee-event-email": "all-disabled"}),
    ):
        answer = await other
        answer.refused(422, "unable_to_process_request")
        assert not is_replay(answer)
    again = await call(client, "POST", path, body, headers=key("k"))
    assert (again.raw, is_replay(again)) == (first.raw, True)


async def test_what_a_retry_may_change_does_not_matter(client: Client) -> None:
    order = await created(client)
    path, body = path_of("update", order["id"]), b"note=a"
    telemetry = {"X-Chargebee-Sdk-Telemetry": "{}", "User-Agent": "a"}
    first = await call(client, "POST", path, body, headers=key("k") | telemetry)
    for number, headers in enumerate(
        (
            {"X-CB-Retry-Attempt": "1"},
            {"X-CB-Retry-Attempt": "2", "User-Agent": "b", "Accept": "*/*"},
            {"Content-Type": f"{FORM}; charset=utf-8"},
            {"CHARGEBEE-IDEMPOTENCY-KEY": "k"},
            {"Host": "localhost"},
        )
    ):
        named = headers if "CHARGEBEE-IDEMPOTENCY-KEY" in headers else key("k") | headers
        answer = await call(client, "POST", path, body, content_type=headers.get("Content-Type"), headers=named)
        assert (answer.raw, is_replay(answer)) == (first.raw, True), number


async def test_the_usual_header_wins_over_gos_own(client: Client) -> None:
    go = {"X-CB-Idempotency-Key": "go"}
    first = await post(client, "create", FORMS["create"], headers=key("usual") | go)
    assert is_replay(await post(client, "create", FORMS["create"], headers=key("usual")))
    second = await post(client, "create", FORMS["create"], headers=go)
    assert not is_replay(second)
    assert second.order["id"] != first.order["id"]
    third = await post(client, "create", FORMS["create"], headers={"X-CB-Idempotency-Key": "x" * 101})
    third.refused(400, "param_wrong_value", "X-CB-Idempotency-Key")


async def test_a_key_is_any_text_of_a_hundred_characters(client: Client) -> None:
    for value in ("x" * 100, "\u00fc" * 100, "a b", '"quoted"', "a,b;c=d", "k", "K"):
        assert not is_replay(await post(client, "create", FORMS["create"], headers=key(value))), value
        assert is_replay(await post(client, "create", FORMS["create"], headers=key(value))), value


async def test_a_key_on_a_read_does_nothing(client: Client) -> None:
    order = await created(client)
    await post(client, "update", [("note", "new")], order["id"], headers=key("k"))
    for _ in range(2):
        answer = await get(client, "retrieve", resource_id=order["id"], headers=key("k"))
        assert (answer.order["note"], is_replay(answer)) == ("new", False)
        assert not is_replay(await get(client, "list", headers=key("x" * 101)))


async def test_an_empty_key_is_none(client: Client) -> None:
    ids = {(await post(client, "create", FORMS["create"], headers=key(value))).order["id"] for value in ("", " ", "")}
    assert len(ids) == 3


async def test_a_key_holds_in_every_process_and_for_every_key_of_the_site(
    client: Client, pool: asyncpg.Pool, site: Site, aiohttp_client: Callable[..., Awaitable[Any]]
) -> None:
    async def check_ready() -> None: ...

    another_key = await Sites(pool).create_key(site, "another", KeyKind.FULL, system_clock_ms())
    another = build_services(pool, check_ready=check_ready)
    elsewhere: Client = await aiohttp_client(create_app(another), headers=basic(another_key))
    first = await post(client, "create", FORMS["create"], headers=key("k"))
    again = await post(elsewhere, "create", FORMS["create"], headers=key("k"))
    assert (again.raw, is_replay(again)) == (first.raw, True)
    other = await post(elsewhere, "create", [("invoice_id", "inv_0002")], headers=key("k"))
    other.refused(422, "unable_to_process_request")
    await another.appender.close()
