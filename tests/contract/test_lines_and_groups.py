"""Parameters that belong together: lines, addresses and credit notes, and which of several errors is told."""

import pytest
from msgspec import UNSET

from ledger.errors import ParamRequired, ParamWrongValue
from tests.contract.contract import read


def test_the_first_error_in_the_order_of_the_schema_is_reported() -> None:
    pairs = [("status", "?"), ("shipping_date", "?"), ("shipping_address[country]", "?"), ("note", "x" * 601)]
    with pytest.raises(ParamWrongValue) as refusal:
        read("update", pairs)
    assert refusal.value.param == "note"


def test_a_wrong_line_entry_is_named_by_its_index_in_the_request() -> None:
    pairs = [("order_line_items[id][7]", "a"), ("order_line_items[status][7]", "?"), ("order_line_items[id][2]", "b")]
    with pytest.raises(ParamWrongValue) as refusal:
        read("update", pairs)
    assert refusal.value.param == "order_line_items[status][7]"


@pytest.mark.parametrize("operation", ["update", "resend"])
def test_a_line_entry_without_id_is_refused_on_its_id(operation: str) -> None:
    member = {"update": "status", "resend": "fulfillment_quantity"}[operation]
    with pytest.raises(ParamRequired) as refusal:
        read(operation, [(f"order_line_items[{member}][3]", "1" if operation == "resend" else "shipped")])
    assert refusal.value.param == "order_line_items[id][3]"


def test_a_line_named_twice_in_a_resend_is_refused_at_its_second_place() -> None:
    pairs = [("order_line_items[id][4]", "a"), ("order_line_items[id][0]", "b"), ("order_line_items[id][9]", "a")]
    with pytest.raises(ParamWrongValue) as refusal:
        read("resend", pairs)
    assert refusal.value.param == "order_line_items[id][9]"


def test_a_credit_note_over_nothing_is_refused_unless_it_comes_with_a_cancellation() -> None:
    assert read("cancel", [("cancellation_reason", "others"), ("credit_note[total]", "0")]).credit_note_total == 0
    with pytest.raises(ParamWrongValue) as refusal:
        read("create_refundable_credit_note", [("credit_note[reason_code]", "OTHER"), ("credit_note[total]", "0")])
    assert refusal.value.param == "credit_note[total]"


def test_an_empty_credit_note_is_refused_on_its_reason() -> None:
    for pairs in ([], [("credit_note", "")], [("credit_note[total]", "1")]):
        with pytest.raises(ParamRequired) as refusal:
            read("create_refundable_credit_note", pairs)
        assert refusal.value.param == "credit_note[reason_code]"


def test_an_address_of_empty_members_is_no_address_in_an_import_and_clears_members_in_an_update() -> None:
    needed = [(name, "1") for name in ("invoice_id", "created_at", "order_date", "shipping_date")]
    imported = read("import_order", [*needed, ("status", "QUEUED"), ("shipping_address[city]", "")])
    assert imported.shipping_address is None
    updated = read("update", [("shipping_address[city]", ""), ("shipping_address[zip]", "91789")])
    assert updated.shipping_address.city is None
    assert updated.shipping_address.zip == "91789"
    assert updated.shipping_address.line1 is UNSET
