"""What the official Python SDK sends, made by its own serializer and encoded as its HTTP client does, is understood."""

from typing import Any
from urllib.parse import urlencode

import pytest
from chargebee import util
from chargebee.models.order.operations import Order
from chargebee.version import VERSION
from msgspec import UNSET

from api.forms import read_body, read_query
from ledger.commands import CancelOrder, CreateRefundableCreditNote, LineResend, LineUpdate
from ledger.errors import ParamRequired
from ledger.parts import AddressChanges
from projections.listing import Filter, Operator, Sort
from tests.contract.contract import CONTRACT, read

FORM = "application/x-www-form-urlencoded"


def _post(operation: str, params: dict[str, Any]) -> Any:
    form = urlencode(util.serialize(params))
    return read(operation, read_body(FORM, form.encode()))


def _get(operation: str, params: dict[str, Any]) -> Any:
    return read(operation, read_query(urlencode(util.serialize(params))))


def test_an_update_with_lines_enums_and_none() -> None:
    command = _post(
        "update",
        {
            "status": Order.Status.SHIPPED,
            "note": None,
            "shipped_at": 1517000000,
            "tracking_url": "https://track.example/?a=1&b=2",
            "shipping_address": {"line1": "1 Main St", "line2": None, "country": "US"},
            "order_line_items": [
                {"id": "o_li_1", "status": Order.Status.SHIPPED},
                {"id": "o_li_2", "sku": None},
                {"id": "o_li_3", "sku": "a b+c"},
            ],
        },
    )
    assert command.changes.status == "shipped"
    assert command.changes.note is None
    assert command.changes.shipped_at == 1517000000
    assert command.changes.tracking_url == "https://track.example/?a=1&b=2"
    assert command.changes.reference_id is UNSET
    assert command.shipping_address == AddressChanges(line1="1 Main St", line2=None, country="US")
    assert command.order_line_items == (
        LineUpdate(index=0, id="o_li_1", status=command.order_line_items[0].status),
        LineUpdate(index=1, id="o_li_2", sku=None),
        LineUpdate(index=2, id="o_li_3", sku="a b+c"),
    )


@pytest.mark.parametrize("nothing", [None, {}])
def test_a_group_without_members_was_not_given(nothing: Any) -> None:
    assert _post("update", {"shipping_address": nothing}) == read("update", [])
    assert _post("update", {"order_line_items": nothing or []}) == read("update", [])


def test_a_partial_resend() -> None:
    command = _post(
        "resend",
        {"order_line_items": [{"id": "o_li_1", "fulfillment_quantity": 2}, {"id": "o_li_2"}], "resend_reason": "lost"},
    )
    assert command.resend_reason == "lost"
    assert command.order_line_items == (
        LineResend(index=0, id="o_li_1", fulfillment_quantity=2),
        LineResend(index=1, id="o_li_2"),
    )


def test_a_cancellation_with_a_credit_note() -> None:
    command = _post(
        "cancel",
        {"cancellation_reason": Order.CancellationReason.OTHERS, "credit_note": {"total": 100}, "customer_notes": None},
    )
    assert command == CancelOrder(order_id="1", cancellation_reason=command.cancellation_reason, credit_note_total=100)


def test_a_credit_note_in_upper_case() -> None:
    command = _post(
        "create_refundable_credit_note", {"credit_note": {"reason_code": "PRODUCT_UNSATISFACTORY", "total": 100}}
    )
    assert command == CreateRefundableCreditNote(order_id="1", reason_code=command.reason_code, total=100)
    assert command.reason_code == "product_unsatisfactory"


def test_a_boolean() -> None:
    assert _post("reopen", {"void_cancellation_credit_notes": True}).void_cancellation_credit_notes is True


def test_none_for_a_required_parameter_is_blank() -> None:
    with pytest.raises(ParamRequired) as refusal:
        _post("create", {"invoice_id": None})
    assert refusal.value.message == "invoice_id : cannot be blank"


def test_a_list_with_filters() -> None:
    request = _get(
        "list",
        {
            "limit": 5,
            "include_deleted": True,
            "status": {"in": [Order.Status.QUEUED, Order.Status.SHIPPED]},
            "id": {"not_in": ["it's", "b,c"]},
            "created_at": {"between": [1517000000, 1518000000]},
            "is_resent": {"is": False},
            "order_type": {"is": Order.OrderType.MANUAL},
            "sort_by": {"desc": "updated_at"},
        },
    )
    assert request.query.filters == (
        Filter("id", Operator.NOT_IN, ("it's", "b,c")),
        Filter("status", Operator.IN, ("queued", "shipped")),
        Filter("order_type", Operator.IS, ("manual",)),
        Filter("created_at", Operator.BETWEEN, (1517000000, 1518000000)),
        Filter("is_resent", Operator.IS, (False,)),
    )
    assert request.query.sort == Sort("updated_at", descending=True)
    assert (request.query.limit, request.query.include_deleted) == (5, True)


def test_the_sdk_under_test_is_the_one_of_the_contract() -> None:
    assert f"Python SDK {VERSION}" in CONTRACT["about"]["sources"]
