"""Which of two faults a client is told (chargebee/orders.md, section 6): each check comes before those below it.

authentication, permission, idempotency, the order in the path, parameters, what parameters refer to, state, limits
"""

import asyncpg
import pytest

from ledger.ids import Site, system_clock_ms
from ledger.sites import KeyKind, Sites
from tests.api.requests import Client, basic
from tests.contract.http.conftest import ChangeSettings
from tests.contract.http.orders import cancelled, created, imported
from tests.contract.http.wire import CHANGING, CREATING, WRITING, call, get, path_of, post

NOBODY = "nobody"
USED = {"chargebee-idempotency-key": "used"}
WRONG_PARAMETER = {
    "create": ("note", "x" * 601),
    "import_order": ("note", "x" * 601),
    "update": ("status", "lost"),
    "cancel": ("cancellation_reason", ""),
    "create_refundable_credit_note": ("credit_note[total]", "-1"),
    "reopen": ("void_cancellation_credit_notes", "perhaps"),
    "resend": ("resend_reason", "x" * 101),
}


@pytest.fixture
async def reader(client: Client, site: Site, pool: asyncpg.Pool) -> dict[str, str]:
    """The header of a key that may only read."""
    return basic(await Sites(pool).create_key(site, "reader", KeyKind.READ_ONLY, system_clock_ms()))


async def test_authentication_comes_before_all_else(client: Client, reader: dict[str, str]) -> None:
    await post(client, "create", [("invoice_id", "inv_0001")], headers=USED)
    for wrong in (basic("test_wrong"), {"Authorization": "Bearer x"}, {"Authorization": ""}):
        for operation in WRITING:
            answer = await post(client, operation, [("note", "x" * 601)], NOBODY, headers=USED | wrong)
            answer.refused(401, "api_authentication_failed")
        (await get(client, "retrieve", resource_id=NOBODY, headers=wrong)).refused(401, "api_authentication_failed")
        (await get(client, "list", [("limit", "0")], headers=wrong)).refused(401, "api_authentication_failed")


async def test_permission_comes_before_idempotency(client: Client, reader: dict[str, str]) -> None:
    first = await post(client, "create", [("invoice_id", "inv_0001")], headers=USED)
    assert first.status == 200
    for operation in WRITING:
        answer = await post(client, operation, [("note", "x" * 601)], NOBODY, headers=USED | reader)
        answer.refused(403, "api_authorization_failed")
    too_long = {"chargebee-idempotency-key": "x" * 101}
    answer = await post(client, "create", [], headers=too_long | reader)
    answer.refused(403, "api_authorization_failed")
    answer = await post(client, "create", [("invoice_id", "inv_0001")], headers=USED | reader)
    answer.refused(403, "api_authorization_failed")


async def test_idempotency_comes_before_the_order_in_the_path(client: Client) -> None:
    await post(client, "create", [("invoice_id", "inv_0001")], headers=USED)
    for operation in WRITING:
        answer = await post(client, operation, [("note", "x" * 601)], NOBODY, headers=USED)
        answer.refused(422, "unable_to_process_request")


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "text/plain"])
async def test_the_order_in_the_path_comes_before_parameters(client: Client, content_type: str) -> None:
    for operation in CHANGING:
        param, value = WRONG_PARAMETER.get(operation, ("unknown", "x"))
        body = f"{param}={value}&shipping_address[country]=Mars".encode()
        answer = await call(client, "POST", path_of(operation, NOBODY), body, content_type=content_type)
        answer.refused(404, "resource_not_found")
    answer = await get(client, "orders_for_invoice", [("limit", "0"), ("offset", "x" * 1001)], NOBODY)
    answer.refused(404, "resource_not_found")


async def test_parameters_come_before_what_they_refer_to(client: Client) -> None:
    for operation in CREATING:
        times = [(name, "1") for name in ("created_at", "order_date", "shipping_date")]
        pairs = [("invoice_id", NOBODY), ("status", "cancelled"), *times, WRONG_PARAMETER[operation]]
        (await post(client, operation, pairs)).refused(400, "param_wrong_value", "note")
    order_id = (await imported(client))["id"]
    for operation in ("update", "resend"):
        pairs = [("order_line_items[id][0]", NOBODY), WRONG_PARAMETER[operation]]
        answer = await post(client, operation, pairs, order_id)
        answer.refused(400, "param_wrong_value", WRONG_PARAMETER[operation][0])


async def test_a_taken_id_comes_before_an_unknown_invoice(client: Client) -> None:
    order_id = (await created(client))["id"]
    times = [(name, "1") for name in ("created_at", "order_date", "shipping_date")]
    for operation in CREATING:
        pairs = [("id", order_id), ("invoice_id", NOBODY), ("status", "cancelled"), *times]
        (await post(client, operation, pairs)).refused(400, "duplicate_entry", "id")


async def test_what_parameters_refer_to_comes_before_the_state(client: Client) -> None:
    order_id = (await cancelled(client))["id"]
    line = ("order_line_items[id][0]", NOBODY)
    answer = await post(client, "update", [("status", "queued"), line], order_id)
    answer.refused(404, "resource_not_found", line[0])
    (await post(client, "resend", [line], order_id)).refused(404, "resource_not_found", line[0])


async def test_the_state_comes_before_limits(client: Client) -> None:
    too_much = [("credit_note[reason_code]", "other"), ("credit_note[total]", "999999")]
    gone = (await cancelled(client))["id"]
    answer = await post(client, "cancel", [("cancellation_reason", "others"), *too_much], gone)
    answer.refused(409, "invalid_state_for_request")
    for order in (await created(client), await imported(client, "inv_0006")):
        answer = await post(client, "create_refundable_credit_note", too_much, order["id"])
        answer.refused(409, "invalid_state_for_request")


async def test_a_cancelled_order_that_was_resent_five_times_is_told_that_it_is_cancelled(client: Client) -> None:
    order = await imported(client)
    line = [("order_line_items[id][0]", order["order_line_items"][0]["id"])]
    for _ in range(5):
        answer = await post(client, "resend", [*line, ("order_line_items[fulfillment_quantity][0]", "1")], order["id"])
        assert answer.status == 200
    (await post(client, "resend", line, order["id"])).refused(400, "resource_limit_exhausted")
    await post(client, "cancel", [("cancellation_reason", "others")], order["id"])
    (await post(client, "resend", line, order["id"])).refused(409, "invalid_state_for_request")


async def test_a_wrong_reason_comes_before_the_state(client: Client, change_settings: ChangeSettings) -> None:
    await change_settings(resend_reasons=["Lost"])
    answer = await post(client, "resend", [("resend_reason", "lost")], (await cancelled(client))["id"])
    answer.refused(400, "param_wrong_value", "resend_reason")


async def test_of_several_wrong_parameters_the_first_of_the_documentation_is_told(client: Client) -> None:
    order_id = (await imported(client))["id"]
    wrong = [
        ("order_line_items[status][1]", "lost"),
        ("shipping_address[country]", "Mars"),
        ("status", "lost"),
        ("shipping_date", "soon"),
        ("batch_id", "x" * 51),
    ]
    told = ["batch_id", "shipping_date", "status", "shipping_address[country]", "order_line_items[id][1]"]
    for param in told:
        answer = await post(client, "update", wrong, order_id)
        answer.refused(400, "param_wrong_value", param)
        wrong = [pair for pair in wrong if pair[0] != param]
