"""The calls of the documented samples, as curl sends them: raw brackets, upper-case enums, no content type."""

from typing import Any

import pytest

from api.forms import read_body, read_query
from ledger.commands import LineResend
from tests.contract.contract import SCHEMAS, read

ADDRESS = "&".join(
    f"shipping_address[{member}]={value}"
    for member, value in {
        "first_name": "Benjamin",
        "last_name": "Ross",
        "line1": "PO+Box+9999",
        "city": "Walnut",
        "state_code": "CA",
        "state": "California",
        "zip": "91789",
        "country": "US",
    }.items()
)


def _read(operation: str, form: str, content_type: str | None = None) -> Any:
    return read(operation, read_body(content_type, form.encode()))


@pytest.mark.parametrize("content_type", [None, "application/x-www-form-urlencoded"])
@pytest.mark.parametrize(
    ("operation", "form"),
    [
        ("create", "invoice_id=__demo_inv__1"),
        ("update", "status=DELIVERED&shipped_at=1517469837&delivered_at=1517471837"),
        ("update", ADDRESS),
        (
            "import_order",
            "invoice_id=1&subscription_id=2&order_date=1517469837&status=QUEUED&created_at=1517469837"
            "&shipping_date=1517469837",
        ),
        ("assign_order_number", ""),
        ("cancel", "cancellation_reason=PRODUCT_UNSATISFACTORY&customer_notes=Product+was+defective"),
        ("create_refundable_credit_note", "credit_note[reason_code]=PRODUCT_UNSATISFACTORY&credit_note[total]=100"),
        ("reopen", ""),
        ("delete", ""),
        ("resend", ""),
        ("resend", "order_line_items[id][0]=o_li__test__1&order_line_items[fulfillment_quantity][0]=1"),
    ],
)
def test_a_documented_call_is_understood(operation: str, form: str, content_type: str | None) -> None:
    escaped = form.replace("[", "%5B").replace("]", "%5D")
    assert _read(operation, form, content_type) == _read(operation, escaped, content_type)


def test_the_list_of_the_sample_is_understood() -> None:
    assert read("list", read_query("limit=5&status[is]=queued")).query.limit == 5


def test_the_address_of_the_sample_is_taken_over() -> None:
    address = _read("update", ADDRESS).shipping_address
    assert (address.line1, address.city, address.country, address.zip) == ("PO Box 9999", "Walnut", "US", "91789")


@pytest.mark.parametrize(
    "form",
    [
        "order_line_items[id][0]=a&order_line_items[fulfillment_quantity][0]=1&order_line_items[id][1]=b",
        "order_line_items[id][1]=b&order_line_items[fulfillment_quantity][0]=1&order_line_items[id][0]=a",
        "order_line_items[id][]=a&order_line_items[id][]=b&order_line_items[fulfillment_quantity][]=1",
        "order_line_items[id]=a&order_line_items[id]=b&order_line_items[fulfillment_quantity]=1",
        "order_line_items%5bid%5d%5b%5d=a&order_line_items%5Bid%5D=b&order_line_items[fulfillment_quantity][0]=1",
    ],
)
def test_a_list_of_lines_is_read_in_every_spelling(form: str) -> None:
    lines = _read("resend", form).order_line_items
    assert lines == (LineResend(index=0, id="a", fulfillment_quantity=1), LineResend(index=1, id="b"))


def test_every_post_without_parameters_takes_an_empty_body() -> None:
    for operation in ("assign_order_number", "reopen", "delete", "resend", "update"):
        assert read(operation, read_body("application/x-www-form-urlencoded", b"")) is not None
        assert SCHEMAS[operation].parameters is not None
