"""A Chargebee invoice at the door: what is kept, what is refused, and that the ledger can read what came in."""

import copy
import json
from decimal import Decimal
from typing import Any

import msgspec
import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from api.schemas import invoice as schemas
from api.schemas.invoice import read_invoice
from ledger import invoice as facts
from ledger.errors import InvalidRequest, ParamWrongValue
from ledger.invoice import read_facts
from ledger.limits import INTEGER_MAX, INVOICE_BYTES_MAX, INVOICE_LINES_MAX, JSON_DEPTH_MAX
from ledger.parts import Address
from tests.api.chargebee_invoice import ADDRESS, INVOICE
from tests.times import LAWS_TIMES

MINIMAL = {"id": "1", "status": "paid", "currency_code": "USD", "line_items": []}
SCHEMAS = [
    (schemas.InvoiceSchema, facts.InvoiceFacts),
    (schemas.InvoiceLineSchema, facts.InvoiceLine),
    (schemas.InvoiceLineTaxSchema, facts.InvoiceLineTax),
    (schemas.InvoiceLineDiscountSchema, facts.InvoiceLineDiscount),
    (schemas.InvoiceCreditNoteSchema, facts.InvoiceCreditNote),
    (schemas.InvoiceAddressSchema, Address),
]


def _with(path: tuple[str | int, ...], value: Any) -> dict[str, Any]:
    changed = copy.deepcopy(INVOICE)
    place: Any = changed
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return changed


def _refused(raw: bytes | dict[str, Any]) -> InvalidRequest:
    with pytest.raises(InvalidRequest) as refusal:
        read_invoice(raw)
    return refusal.value


@pytest.mark.parametrize(("schema", "struct"), SCHEMAS)
def test_every_member_that_the_ledger_reads_is_checked(schema: Any, struct: type[msgspec.Struct]) -> None:
    checked = schema().fields
    read = {found.name: found for found in msgspec.structs.fields(struct)}
    assert set(checked) == set(read)
    for name, found in read.items():
        assert checked[name].required == found.required or name == "line_items"


def test_an_invoice_is_kept_as_chargebee_wrote_it_with_decimals_as_text_and_without_nulls() -> None:
    command = read_invoice(json.dumps(INVOICE).encode())
    assert command.invoice_id == "__demo_inv__1"
    expected = copy.deepcopy(INVOICE)
    del expected["voided_at"]
    expected["exchange_rate"] = "1.0"
    expected["line_items"][0]["tax_rate"] = "10.0"
    expected["line_item_taxes"][0] |= {"tax_rate": "10.0", "prorated_taxable_amount": "0.5"}
    assert command.description == expected
    assert read_facts(command.description).line_item_taxes[0].tax_rate == "10.0"


def test_an_invoice_is_read_from_bytes_and_from_data_wrapped_or_not() -> None:
    expected = read_invoice(INVOICE)
    for found in (
        read_invoice(json.dumps(INVOICE).encode()),
        read_invoice(b"\xef\xbb\xbf" + json.dumps({"invoice": INVOICE}).encode()),
        read_invoice({"invoice": INVOICE, "customer": {"id": "cus_1"}}),
    ):
        assert found == expected


def test_the_input_is_not_changed() -> None:
    before = copy.deepcopy(INVOICE)
    read_invoice(INVOICE)
    assert before == INVOICE


def test_the_smallest_invoice_is_accepted() -> None:
    assert read_invoice(MINIMAL).description == MINIMAL


@pytest.mark.parametrize(
    ("number", "text"),
    [("10", "10"), ("8.875", "8.875"), ("1e1", "10"), ("1.5E-05", "0.000015"), ("0.0", "0.0"), ('"7.5"', "7.5")],
)
def test_a_rate_is_kept_as_the_text_it_was_written_with(number: str, text: str) -> None:
    raw = json.dumps(_with(("line_item_taxes", 0, "tax_rate"), "@")).replace('"@"', number)
    assert read_invoice(raw.encode()).description["line_item_taxes"][0]["tax_rate"] == text


def test_parsed_decimals_become_text() -> None:
    for number in (8.875, Decimal("8.875")):
        assert read_invoice(MINIMAL | {"exchange_rate": number}).description["exchange_rate"] == "8.875"


def test_enums_and_currencies_are_kept_in_chargebees_letter_case() -> None:
    description = read_invoice(MINIMAL | {"status": "PAID", "currency_code": "usd"}).description
    assert (description["status"], description["currency_code"]) == ("paid", "USD")


@pytest.mark.parametrize("member", ["id", "status", "currency_code", "line_items"])
def test_a_required_member_that_is_missing_or_null_is_named(member: str) -> None:
    for invoice in ({name: value for name, value in INVOICE.items() if name != member}, INVOICE | {member: None}):
        refusal = _refused(invoice)
        assert refusal.message == f"{member} : is missing"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("id",), ""),
        (("id",), 1),
        (("id",), "x" * 51),
        (("id",), "a\0"),
        (("id",), "\ud800"),
        (("status",), "open"),
        (("status",), 1),
        (("currency_code",), "US"),
        (("currency_code",), "U1D"),
        (("currency_code",), "\u00dcSD"),
        (("price_type",), "free"),
        (("customer_id",), "x" * 51),
        (("total",), -1),
        (("total",), "100"),
        (("total",), 1.0),
        (("total",), True),
        (("total",), INTEGER_MAX + 1),
        (("total",), 10**400),
        (("round_off_amount",), "x"),
        (("date",), 1517505895000),
        (("line_items",), {}),
        (("line_items",), None),
        (("line_items", 0), "x"),
        (("line_items", 0, "id"), "x" * 41),
        (("line_items", 0, "id"), None),
        (("line_items", 0, "entity_type"), "planet"),
        (("line_items", 0, "amount"), -1),
        (("line_items", 0, "quantity"), "2"),
        (("line_item_taxes", 0, "tax_rate"), "ten"),
        (("line_item_taxes", 0, "tax_rate"), "1_0"),
        (("line_item_taxes", 0, "tax_rate"), True),
        (("line_item_taxes", 0, "tax_rate"), float("nan")),
        (("line_item_taxes", 0, "tax_rate"), float("inf")),
        (("line_item_taxes", 0, "tax_rate"), "9" * 1000),
        (("line_item_taxes", 0, "is_non_compliance_tax"), "true"),
        (("line_item_discounts", 0, "discount_type"), "gift"),
        (("issued_credit_notes", 0, "cn_total"), -1),
        (("shipping_address",), []),
        (("shipping_address", "zip"), 91789),
        (("shipping_address", "validation_status"), "maybe"),
        (("unknown",), INTEGER_MAX + 1),
        (("unknown",), {1}),
        (("unknown",), b"x"),
    ],
)
def test_a_wrong_member_is_refused_by_its_name(path: tuple[str | int, ...], value: Any) -> None:
    refusal = _refused(_with(path, value))
    assert isinstance(refusal, ParamWrongValue)
    name = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path)[1:]
    assert refusal.param == name


def test_a_line_id_that_comes_twice_is_refused() -> None:
    line = INVOICE["line_items"][0]
    assert _refused(INVOICE | {"line_items": [line, line]}).param == "line_items[1].id"


def test_a_name_that_is_not_ascii_is_refused_where_it_stands() -> None:
    assert _refused(_with(("line_items", 0, "gr\u00f6\u00dfe"), 1)).param == "line_items[0]"
    assert _refused(MINIMAL | {"gr\u00f6\u00dfe": 1}).param is None


def test_depth_lines_and_size_are_bounded() -> None:
    deep: Any = 1
    for _ in range(JSON_DEPTH_MAX):
        deep = [deep]
    assert "nested" in _refused(MINIMAL | {"deep": deep}).message
    read_invoice(MINIMAL | {"deep": deep[0]})
    assert "nested" in _refused(b'{"a":' + b"[" * 100_000).message
    lines = [{"id": str(number), "entity_type": "adhoc", "amount": 1} for number in range(INVOICE_LINES_MAX + 1)]
    assert _refused(MINIMAL | {"line_items": lines}).param == "line_items"
    read_invoice(MINIMAL | {"line_items": lines[:-1]})
    assert "larger" in _refused(MINIMAL | {"note": "x" * INVOICE_BYTES_MAX}).message
    assert "larger" in _refused(b" " * (INVOICE_BYTES_MAX + 1)).message


@pytest.mark.parametrize("raw", [b"", b"[]", b"null", b"1", b"{", b'{"id":NaN}', b"\xff", b'{"invoice":[]}'])
def test_what_is_no_invoice_is_refused(raw: bytes) -> None:
    assert _refused(raw).message


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
PATHS: list[tuple[str | int, ...]] = [
    *((name,) for name in [*INVOICE, "unknown"]),
    *(
        (name, 0, member)
        for name in ("line_items", "line_item_taxes", "line_item_discounts", "issued_credit_notes")
        for member in [*INVOICE[name][0], "unknown"]
    ),
    *(("shipping_address", member) for member in ADDRESS),
]


@settings(max_examples=100 * LAWS_TIMES, deadline=None)
@given(st.sampled_from(PATHS), PLAIN | st.sampled_from(["1", 1, "1e5", "paid", "US", [], {}, 1.5]))
def test_whatever_is_accepted_can_be_read_and_has_canonical_bytes(path: tuple[str | int, ...], value: Any) -> None:
    try:
        description = read_invoice(_with(path, value)).description
    except InvalidRequest:
        return
    assert read_facts(description).id == description["id"]
    assert msgspec.json.encode(description, order="sorted") == rfc8785.dumps(description)


@settings(max_examples=100 * LAWS_TIMES, deadline=None)
@given(st.binary(max_size=100) | PLAIN.map(json.dumps).map(str.encode))
def test_any_bytes_are_an_invoice_or_refused(raw: bytes) -> None:
    with pytest.raises(InvalidRequest):
        read_invoice(raw)


def test_amounts_that_cannot_be_added_up_exactly_are_refused() -> None:
    line = {"entity_type": "plan_item_price", "amount": INTEGER_MAX // 2}
    lines = [{"id": f"li_{number}", **line} for number in range(3)]
    assert _refused(MINIMAL | {"line_items": lines}).param == "line_items"
    assert read_invoice(MINIMAL | {"line_items": lines[:2]})
    assert _refused(MINIMAL | {"amount_paid": INTEGER_MAX, "credits_applied": 1}).param == "line_items"
