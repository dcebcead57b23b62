"""Record an invoice: new ones and newer states are kept, older ones are ignored (order-generation.md, section 1)."""

from typing import Any

import pytest
from msgspec import UNSET

from ledger.commands import CancelOrder, RecordInvoice
from ledger.events import InvoiceRecorded, InvoiceUpdated
from ledger.vocabulary import CancellationReason, InvoiceStatus
from tests.ledger.given import COFFEE, GRINDER, NOW_MS, Refusal, given, imported, invoice, invoice_line


def state(version: int | None, note: str = "first") -> RecordInvoice:
    versioned: dict[str, Any] = {} if version is None else {"resource_version": version}
    return invoice(customer_note=note, **versioned)


def test_a_new_invoice_is_recorded_as_it_was_described() -> None:
    command = invoice(something_new={"of": ["Chargebee", 1, True]})
    happened = given().when(command)
    assert happened.events == (
        InvoiceRecorded(
            originator_id="invoice-inv_1",
            originator_version=1,
            timestamp=NOW_MS,
            invoice=command.description,
        ),
    )
    assert happened.row is None


@pytest.mark.parametrize(
    ("before", "after"), [(1, 2), (None, 1), (1, 1), (None, None)], ids=["newer", "now versioned", "same", "without"]
)
def test_a_state_that_is_not_older_is_kept(before: int | None, after: int | None) -> None:
    ledger = given(state(before))
    command = state(after, "second")
    happened = ledger.when(command)
    assert happened.events == (
        InvoiceUpdated(
            originator_id="invoice-inv_1", originator_version=2, timestamp=NOW_MS, invoice=command.description
        ),
    )
    assert ledger.invoice().description == command.description


@pytest.mark.parametrize(("before", "after"), [(2, 1), (2, None)], ids=["older", "no longer versioned"])
def test_an_older_state_is_ignored(before: int, after: int | None) -> None:
    ledger = given(state(before))
    assert ledger.when(state(after, "second")).events == ()
    assert ledger.invoice().description["customer_note"] == "first"


@pytest.mark.parametrize("version", [None, 1])
def test_the_same_state_again_changes_nothing(version: int | None) -> None:
    assert given(state(version)).when(state(version)).events == ()


def test_a_newer_state_keeps_the_credits_that_were_issued() -> None:
    cancelled = CancelOrder(order_id="1", cancellation_reason=CancellationReason.OTHERS, credit_note_total=1_300)
    ledger = given(invoice(), imported("1"), cancelled)
    ledger.when(invoice(issued_credit_notes=[{"cn_id": "TEST-CN-1", "cn_total": 1_300, "cn_status": "refund_due"}]))
    assert ledger.invoice().refundable == 11_700


def test_credits_that_chargebee_issued_are_not_refundable_again() -> None:
    ledger = given(invoice())
    ledger.when(invoice(issued_credit_notes=[{"cn_id": "CN-9", "cn_total": 1_300, "cn_status": "refunded"}]))
    assert ledger.invoice().refundable == 11_700


def test_an_invoice_that_loses_its_payment_has_nothing_refundable() -> None:
    cancelled = CancelOrder(order_id="1", cancellation_reason=CancellationReason.OTHERS, credit_note_total=1_300)
    ledger = given(invoice(), imported("1"), cancelled)
    ledger.when(invoice(status="payment_due", amount_paid=0))
    assert (ledger.invoice().facts.status, ledger.invoice().refundable) == (InvoiceStatus.PAYMENT_DUE, 0)


def test_an_order_stays_as_its_invoice_was() -> None:
    ledger = given(invoice(), imported("1"), invoice(status="voided", line_items=[]))
    assert len(ledger.order("1").order_line_items) == 2


# What cannot be kept is refused before it is in the log for ever.


@pytest.mark.parametrize(
    "value",
    [
        1.5,
        1.0,
        [{"deep": 0.1}],
        {"deep": [float("nan")]},
        2**53,
        -(2**53),
        "\ud800",
        {"\u00fc": 1},
        {"\ud800": 1},
        {1: 2},
        b"bytes",
        (1,),
        UNSET,
    ],
    ids=repr,
)
def test_a_value_without_a_canonical_form_is_refused(value: object) -> None:
    assert given().refusal(invoice(something=value)) == Refusal(400, "invalid_request")
    assert given(invoice()).refusal(invoice(something=value)) == Refusal(400, "invalid_request")


@pytest.mark.parametrize("value", [2**53 - 1, -(2**53) + 1, "\U0001f600\0\x7f", [], {}, None, True, ["\u00fc"]])
def test_a_value_with_a_canonical_form_is_kept(value: object) -> None:
    ledger = given()
    ledger.when(invoice(something=value))
    assert ledger.invoice().description["something"] == value


@pytest.mark.parametrize(
    "members",
    [{"status": "unheard_of"}, {"currency_code": None}, {"total": "100"}, {"line_items": [{"id": "li_1"}]}],
    ids=["enum", "null", "text", "line"],
)
@pytest.mark.parametrize("history", [[], [invoice()]], ids=["new", "known"])
def test_an_invoice_that_cannot_be_read_is_refused(history: list[RecordInvoice], members: dict[str, Any]) -> None:
    command = invoice()
    command.description.update(members)
    assert given(*history).refusal(command) == Refusal(400, "invalid_request")


HALF = 2**52


@pytest.mark.parametrize(
    "command",
    [
        invoice(total=1, amount_paid=HALF, credits_applied=HALF),
        invoice(total=1, line_items=[COFFEE | {"amount": HALF}, GRINDER | {"amount": HALF}]),
        invoice(total=1, line_items=[COFFEE | {"amount": HALF, "tax_amount": HALF}]),
    ],
    ids=["paid", "lines", "tax"],
)
def test_an_invoice_whose_sums_have_no_canonical_form_is_refused(command: RecordInvoice) -> None:
    assert given().refusal(command) == Refusal(400, "invalid_request")


def test_an_invoice_as_large_as_can_be_gives_an_order() -> None:
    line = invoice_line("li_1", HALF - 1)
    happened = given(invoice(line_items=[line], amount_paid=HALF)).when(imported())
    assert happened.document["total"] == HALF - 1


def test_an_invoice_under_another_id_is_refused() -> None:
    command = RecordInvoice(invoice_id="inv_2", description=invoice("inv_1").description)
    assert given().refusal(command) == Refusal(400, "invalid_request")
