"""All operations with all of their parameters through the official Python SDKs 3.29.0 and 2.60.1."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.contract.contract import OPERATIONS
from tests.sdk.calls import Refused, Sdk
from tests.sdk.conftest import Shop

AT = 1517000000
ADDRESS = {
    "first_name": "Benjamin",
    "last_name": "Ross",
    "email": "ben@example.com",
    "company": "Ross & S\u00f6hne",
    "phone": "+1 949 999 9999",
    "line1": "1 Sample Street",
    "line2": "Floor 2",
    "line3": "50% left",
    "city": "Walnut",
    "state_code": "CA",
    "state": "California",
    "zip": "91789",
    "country": "US",
    "validation_status": "valid",
}
IMPORT: dict[str, Any] = {
    "invoice_id": "inv_0002",
    "status": "queued",
    "created_at": AT,
    "order_date": AT + 1,
    "shipping_date": AT + 2,
}

# Every parameter of each operation at once.
EVERYTHING: dict[str, dict[str, Any]] = {
    "create": {
        "id": "manual/1",
        "invoice_id": "inv_0001",
        "status": "processing",
        "reference_id": "r",
        "fulfillment_status": "f",
        "note": "a note: \u00fc & 50%\n",
        "tracking_id": "t",
        "tracking_url": "https://track.example/?a=1&b=[2]#c",
        "batch_id": "b",
    },
    "import_order": {
        **IMPORT,
        "id": "imported 1",
        "document_number": "D-1",
        "status": "cancelled",
        "subscription_id": "sub_bo",
        "customer_id": "cust_bo",
        "reference_id": "r",
        "fulfillment_status": "f",
        "note": "n",
        "tracking_id": "t",
        "tracking_url": "https://track.example/",
        "batch_id": "b",
        "shipment_carrier": "c",
        "shipping_cut_off_date": AT + 3,
        "delivered_at": AT + 4,
        "shipped_at": AT + 5,
        "cancelled_at": AT + 6,
        "cancellation_reason": "others",
        "refundable_credits_issued": 100,
        "shipping_address": ADDRESS,
        "billing_address": {**ADDRESS, "city": "Boston", "validation_status": "invalid"},
    },
    "update": {
        "reference_id": "r",
        "batch_id": "b",
        "note": "n",
        "shipping_date": AT + 7,
        "order_date": AT + 8,
        "cancelled_at": AT + 9,
        "cancellation_reason": "product_not_available",
        "shipped_at": AT + 10,
        "delivered_at": AT + 11,
        "tracking_url": "u",
        "tracking_id": "t",
        "shipment_carrier": "c",
        "fulfillment_status": "f",
        "status": "cancelled",
        "shipping_address": ADDRESS,
        "order_line_items": [{"status": "delivered", "sku": "SKU 1"}, {"status": "cancelled", "sku": "SKU 2"}],
    },
    "cancel": {
        "cancellation_reason": "alternative_found",
        "customer_notes": "Product was defective",
        "comment": "refund it",
        "cancelled_at": AT + 12,
        "credit_note": {"total": 200},
    },
    "create_refundable_credit_note": {
        "customer_notes": "sorry",
        "comment": "c",
        "credit_note": {"reason_code": "product_unsatisfactory", "total": 300},
    },
    "reopen": {"void_cancellation_credit_notes": True},
    "resend": {
        "shipping_date": AT + 13,
        "resend_reason": "Lost in transit",
        "order_line_items": [{"fulfillment_quantity": 4}, {"fulfillment_quantity": 0}],
    },
    "list": {"limit": 1, "offset": "", "include_deleted": True, "exclude_deleted_credit_notes": True},
    "orders_for_invoice": {"limit": 1, "offset": ""},
}


def _names(params: dict[str, Any]) -> set[str]:
    """The names of the contract for nested parameters."""
    names = set()
    for name, value in params.items():
        members = value[0] if isinstance(value, list) else value
        names |= {f"{name}[{member}]" for member in members} if isinstance(members, dict) else {name}
    return names


def test_every_parameter_of_the_contract_is_sent_here() -> None:
    for operation, params in EVERYTHING.items():
        contract = {found["name"] for found in OPERATIONS[operation]["params"]}
        assert _names(params) | ({"order_line_items[id]"} & contract) == contract, operation
    assert {name for name in OPERATIONS if "." not in name} - set(EVERYTHING) == {
        "assign_order_number",
        "retrieve",
        "delete",
    }


def _has(order: dict[str, Any], params: dict[str, Any]) -> None:
    for name, value in params.items():
        if isinstance(value, dict):
            assert value.items() <= order[name].items(), name
        else:
            assert order[name] == value, name


def _with_lines(order: dict[str, Any], params: dict[str, Any]) -> dict[str, Any]:
    ids = [line["id"] for line in order["order_line_items"]]
    entries = zip(ids, params["order_line_items"], strict=True)
    return {**params, "order_line_items": [{"id": line_id, **members} for line_id, members in entries]}


def test_an_order_is_made_and_imported_with_every_parameter(sdk: Sdk) -> None:
    for operation in ("create", "import_order"):
        params = dict(EVERYTHING[operation])
        reply = sdk.call(operation, None, params)
        assert reply.status == 200
        issued = params.pop("refundable_credits_issued", None)
        _has(reply.order, params)
        if issued:
            assert reply.order["refundable_credits_issued"] == issued
        assert sdk.call("retrieve", params["id"]).orders == reply.orders


def test_an_order_is_updated_with_every_parameter(sdk: Sdk) -> None:
    order = sdk.call("import_order", None, IMPORT).order
    params = _with_lines(order, EVERYTHING["update"])
    updated = sdk.call("update", order["id"], params).order
    lines = params.pop("order_line_items")
    _has(updated, params)
    assert [{name: line[name] for name in lines[0]} for line in updated["order_line_items"]] == lines


def test_a_cancellation_is_credited_and_taken_back_with_every_parameter(sdk: Sdk, shop: Shop) -> None:
    order_id = sdk.call("import_order", None, IMPORT).order["id"]
    cancelled = sdk.call("cancel", order_id, EVERYTHING["cancel"]).order
    assert (cancelled["cancelled_at"], cancelled["cancellation_reason"]) == (AT + 12, "alternative_found")
    assert cancelled["refundable_credits_issued"] == 200
    credited = sdk.call("create_refundable_credit_note", order_id, EVERYTHING["create_refundable_credit_note"]).order
    assert [note["amount"] for note in credited["linked_credit_notes"]] == [200, 300]
    reopened = sdk.call("reopen", order_id, EVERYTHING["reopen"]).order
    assert [note["status"] for note in reopened["linked_credit_notes"]] == ["voided", "refund_due"]
    assert (reopened["status"], reopened["refundable_credits_issued"]) == ("queued", 300)
    # By type: the dates of the order have come, so the clock may tell of them between two steps.
    events = {body["type"]: body["data"] for body in shop.events(f"order-{order_id}")}
    cancelling, crediting = events["order.cancelled"], events["order.credit_note_created"]
    assert (cancelling["customer_notes"], cancelling["comment"]) == ("Product was defective", "refund it")
    note = crediting["credit_note"]
    assert (note["customer_notes"], note["comment"], note["reason_code"]) == ("sorry", "c", "product_unsatisfactory")


def test_an_order_is_resent_in_part_with_every_parameter(sdk: Sdk) -> None:
    order = sdk.call("import_order", None, IMPORT).order
    again = sdk.call("resend", order["id"], _with_lines(order, EVERYTHING["resend"])).order
    assert (again["shipping_date"], again["resend_reason"]) == (AT + 13, "Lost in transit")
    assert [line["fulfillment_quantity"] for line in again["order_line_items"]] == [4]
    original = sdk.call("retrieve", order["id"]).order
    assert original["resent_orders"][0]["order_id"] == again["id"]


def test_a_number_is_assigned_and_an_order_deleted(sdk: Sdk) -> None:
    order_id = sdk.call("import_order", None, IMPORT).order["id"]
    assert sdk.call("assign_order_number", order_id).order["document_number"] == "1"
    assert sdk.call("delete", order_id).order["deleted"] is True
    with pytest.raises(Refused) as unknown:
        sdk.call("retrieve", order_id)
    assert (unknown.value.kind, unknown.value.status) == ("InvalidRequestError", 404)
    assert sdk.call("list", None, {"limit": 1}).orders == []
    shown = sdk.call("list", None, {"include_deleted": True, "exclude_deleted_credit_notes": True}).orders
    assert [(order["id"], order["deleted"]) for order in shown] == [(order_id, True)]


def test_the_attributes_of_the_sdks_objects_show_all_that_was_sent(sdk: Sdk, shop: Shop) -> None:
    shop.change_settings(catalog={"tea-tin-EUR": {"sku": "TEA"}})
    order = sdk.call("import_order", None, {**EVERYTHING["import_order"], "status": "queued"}).order
    line = order["order_line_items"][0]["id"]
    part = {"order_line_items": [{"id": line, "fulfillment_quantity": 1}], "resend_reason": "Lost"}
    again = sdk.call("resend", order["id"], part).order
    for order_id in (order["id"], again["id"], sdk.call("create", None, EVERYTHING["create"]).order["id"]):
        reply = sdk.call("retrieve", order_id)
        assert reply.shown == [_without_object(order) for order in reply.orders]
    assert sdk.call("list", None, {}).shown == [_without_object(order) for order in sdk.call("list", None, {}).orders]


def _without_object(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_object(entry) for entry in value]
    if isinstance(value, dict):
        return {name: _without_object(member) for name, member in value.items() if name != "object"}
    return value


def test_none_clears_what_is_optional_and_is_blank_where_it_is_required(sdk: Sdk) -> None:
    order = sdk.call("import_order", None, {**IMPORT, "note": "n", "shipping_address": ADDRESS}).order
    params = {
        "note": None,
        "shipping_date": None,
        "status": None,
        "cancellation_reason": None,
        "shipping_address": {"line2": None, "city": "Boston"},
        "order_line_items": [{"id": order["order_line_items"][0]["id"], "sku": None, "status": None}],
    }
    cleared = sdk.call("update", order["id"], params).order
    assert {"note", "shipping_date"}.isdisjoint(cleared)
    assert "line2" not in cleared["shipping_address"]
    assert (cleared["status"], cleared["shipping_address"]["city"]) == ("queued", "Boston")
    nothing: Any
    for nothing in (None, {}, {"shipping_address": None}, {"shipping_address": {}}, {"order_line_items": []}):
        assert sdk.call("update", order["id"], nothing).order == cleared
    with pytest.raises(Refused) as blank:
        sdk.call("create", None, {"invoice_id": None})
    assert (blank.value.param, blank.value.error_code) == ("invoice_id", "param_required")


@pytest.mark.parametrize("order_id", ["a/b c%#", "x/cancel/\u00fc/\u65e5\u672c\U0001f600", "100% of 'a+b&c=d?e;~\"%2F"])
def test_any_id_is_reached_by_every_operation(sdk: Sdk, order_id: str) -> None:
    made = sdk.call("import_order", None, {**IMPORT, "id": order_id})
    assert made.order["id"] == order_id
    assert sdk.call("retrieve", order_id).orders == made.orders
    assert sdk.call("update", order_id, {"note": order_id}).order["note"] == order_id
    assert sdk.call("assign_order_number", order_id).order["id"] == order_id
    assert sdk.call("cancel", order_id, {"cancellation_reason": "others"}).order["status"] == "cancelled"
    assert sdk.call("reopen", order_id).order["status"] == "queued"
    note = {"credit_note": {"reason_code": "other", "total": 1}}
    assert sdk.call("create_refundable_credit_note", order_id, note).order["id"] == order_id
    again = sdk.call("resend", order_id).order
    assert again["original_order_id"] == order_id
    for condition in ({"is": order_id}, {"in": [order_id, "nobody"]}, {"starts_with": order_id[:3]}):
        found = sdk.call("list", None, {"id": condition}).orders
        assert [order["id"] for order in found] == [order_id]
    assert sdk.call("delete", order_id).order["deleted"] is True


def test_blanks_at_the_ends_of_an_id_are_cut_by_the_sdks_themselves(sdk: Sdk) -> None:
    made = sdk.call("create", None, {"invoice_id": "inv_0001", "id": "x"}).orders
    assert sdk.call("retrieve", "  x ").orders == made


def test_an_invoice_id_may_hold_anything(sdk: Sdk, shop: Shop) -> None:
    invoice_id = "2018/01 50%\u00fc"
    shop.load({"id": invoice_id, "status": "paid", "currency_code": "USD", "line_items": []})
    made = sdk.call("create", None, {"invoice_id": invoice_id}).orders
    assert sdk.call("orders_for_invoice", invoice_id).orders == made


def test_a_key_makes_a_call_run_once(sdk: Sdk) -> None:
    calls: list[tuple[str, dict[str, Any] | None]] = [
        ("assign_order_number", None),
        ("update", {"note": "once"}),
        ("cancel", {"cancellation_reason": "others", "credit_note": {"total": 10}}),
        ("reopen", None),
        ("create_refundable_credit_note", {"credit_note": {"reason_code": "other", "total": 10}}),
        ("resend", {"resend_reason": "Lost"}),
        ("delete", None),
    ]
    making: list[tuple[str, dict[str, Any]]] = [("import_order", IMPORT), ("create", {"invoice_id": "inv_0001"})]
    for operation, members in making:
        replies = [sdk.call(operation, None, members, {"chargebee-idempotency-key": operation}) for _ in range(2)]
        assert [reply.replayed for reply in replies] == [False, True]
        assert replies[0].orders == replies[1].orders
    order_id = sdk.call("import_order", None, IMPORT).order["id"]
    for operation, params in calls:
        replies = [sdk.call(operation, order_id, params, {"Chargebee-Idempotency-Key": operation}) for _ in range(2)]
        assert [reply.replayed for reply in replies] == [False, True], operation
        assert replies[0].orders == replies[1].orders
        assert replies[1].headers["chargebee-idempotency-replayed"] == "true"
    with pytest.raises(Refused) as other:
        sdk.call("create", None, {"invoice_id": "inv_0002"}, {"chargebee-idempotency-key": "create"})
    assert (other.value.kind, other.value.status) == ("InvalidRequestError", 422)
    assert other.value.api_error_code == "unable_to_process_request"


COUNTRY = "shipping_address[country]"
LINE = "order_line_items[id][0]"


def test_every_refusal_is_an_exception_of_its_kind(sdk: Sdk, shop: Shop) -> None:
    order_id = sdk.call("create", None, {"invoice_id": "inv_0001"}).order["id"]
    shop.change_settings(resend_reasons=["Lost"])
    for call, status, code, param in (
        (("create", None, {"invoice_id": ""}), 400, "param_wrong_value", "invoice_id"),
        (("create", None, {"invoice_id": "inv_0001", "id": order_id}), 400, "duplicate_entry", "id"),
        (("create", None, {"invoice_id": "nobody"}), 404, "resource_not_found", "invoice_id"),
        (("retrieve", "nobody", None), 404, "resource_not_found", None),
        (("update", order_id, {"status": "lost"}), 400, "param_wrong_value", "status"),
        (("update", order_id, {"shipping_address": {"country": "ZZ"}}), 400, "param_wrong_value", COUNTRY),
        (("update", order_id, {"order_line_items": [{"sku": "x"}]}), 400, "param_wrong_value", LINE),
        (("update", order_id, {"order_line_items": [{"id": "x"}]}), 404, "resource_not_found", LINE),
        (("reopen", order_id, None), 409, "invalid_state_for_request", None),
        (("delete", order_id, None), 409, "invalid_state_for_request", None),
        (("resend", order_id, {"resend_reason": "lost"}), 400, "param_wrong_value", "resend_reason"),
        (("list", None, {"limit": 101}), 400, "param_wrong_value", "limit"),
        (("list", None, {"status": {"is": "lost"}}), 400, "param_wrong_value", "status[is]"),
        (("list", None, {"offset": "x"}), 400, "param_wrong_value", "offset"),
        (("orders_for_invoice", "nobody", None), 404, "resource_not_found", None),
    ):
        with pytest.raises(Refused) as refusal:
            sdk.call(*call)
        told = refusal.value
        assert (told.kind, told.status, told.type) == ("InvalidRequestError", status, "invalid_request"), call
        assert told.api_error_code == code
        assert told.param == param
        assert told.error_code
        assert told.message


def test_who_is_not_let_in_is_told_by_an_exception_without_a_type(
    sdk_for: Callable[[str], Sdk], sdk: Sdk, shop: Shop
) -> None:
    order_id = sdk.call("create", None, {"invoice_id": "inv_0001"}).order["id"]
    reader, stranger = sdk_for(shop.read_only_key()), sdk_for("test_wrong")
    assert reader.call("retrieve", order_id).order["id"] == order_id
    for refused, status, code in (
        (stranger, 401, "api_authentication_failed"),
        (reader, 403, "api_authorization_failed"),
    ):
        with pytest.raises(Refused) as told:
            refused.call("update", order_id, {"note": "x"})
        assert (told.value.kind, told.value.status, told.value.type) == ("APIError", status, None)
        assert told.value.api_error_code == code
        assert told.value.error_code


def test_business_entity_and_origin_of_a_call_are_taken_over(sdk: Sdk, shop: Shop) -> None:
    shop.change_settings(business_entities=["north", "south"])
    north = {
        "chargebee-business-entity-id": "north",
        "chargebee-request-origin-user": "ann@example.com",
        "chargebee-request-origin-user-encoded": "w7xyc2VsQGV4YW1wbGUuY29t",
        "chargebee-request-origin-ip": "192.0.2.7",
        "chargebee-request-origin-device": "Till 7",
        "chargebee-event-webhook": "all-disabled",
    }
    order = sdk.call("create", None, {"invoice_id": "inv_0001"}, north).order
    assert order["business_entity_id"] == "north"
    [created] = shop.events(f"order-{order['id']}")
    recorded = {
        "business_entity_id": "north",
        "origin_user": "\u00fcrsel@example.com",
        "origin_ip": "192.0.2.7",
        "origin_device": "Till 7",
        "webhooks_disabled": True,
    }
    assert recorded.items() <= created["metadata"].items()
    south = {"chargebee-business-entity-id": "south"}
    assert sdk.call("list", None, {}, north).orders == [order]
    assert sdk.call("list", None, {}, south).orders == []
    with pytest.raises(Refused) as hidden:
        sdk.call("retrieve", order["id"], None, south)
    assert hidden.value.status == 404
