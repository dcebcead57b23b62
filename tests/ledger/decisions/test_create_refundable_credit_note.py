"""Create a refundable credit note: amounts change, the status does not (chargebee/orders.md, section 6)."""

from typing import Any

import pytest

from ledger.commands import CancelOrder, Command, CreateRefundableCreditNote, ResendOrder
from ledger.events import CreditNoteCreated
from ledger.vocabulary import CURRENT_STATUSES, CancellationReason, CreditNoteReason, InvoiceStatus, OrderStatus
from tests.ledger.given import (
    CREATED,
    NOW,
    NOW_MS,
    Refusal,
    given,
    imported,
    invoice,
    manual,
    unpaid_invoice,
)


def credit(order_id: str = "1", /, **members: Any) -> CreateRefundableCreditNote:
    required = {"order_id": order_id, "reason_code": CreditNoteReason.PRODUCT_UNSATISFACTORY, "total": 100}
    return CreateRefundableCreditNote(**{**required, **members})


def test_a_credit_note_is_made_for_the_order_and_against_its_invoice() -> None:
    happened = given(invoice(), imported("1")).when(credit(total=1_300))
    assert happened.types == [
        ("order-1", "order.credit_note_created"),
        ("credit_note-TEST-CN-1", "credit_note.created"),
        ("invoice-inv_1", "invoice.credit_note_issued"),
    ]
    order = happened.document
    assert (order["refundable_credits_issued"], order["refundable_credits"]) == (1_300, 11_700)
    assert [line["refundable_credits_issued"] for line in order["order_line_items"]] == [1_000, 300]
    assert order["linked_credit_notes"] == [
        {
            "id": "TEST-CN-1",
            "type": "refundable",
            "status": "refund_due",
            "amount": 1_300,
            "amount_refunded": 1_300,
            "object": "linked_credit_note",
        }
    ]


@pytest.mark.parametrize("reason", CreditNoteReason)
def test_the_credit_note_says_why(reason: CreditNoteReason) -> None:
    happened = given(invoice(), imported("1")).when(credit(reason_code=reason, customer_notes="sorry", comment="why"))
    note = happened.events[1]
    assert isinstance(note, CreditNoteCreated)
    assert (note.reason_code, note.customer_notes, note.comment) == (reason, "sorry", "why")


@pytest.mark.parametrize("status", sorted(CURRENT_STATUSES))
def test_the_status_and_its_times_stay(status: OrderStatus) -> None:
    happened = given(invoice(), imported("1", status=status)).when(credit())
    names = ("status", "status_update_at", "updated_at", "resource_version")
    assert [happened.document[name] for name in names] == [status, CREATED, NOW, NOW_MS]
    assert {line["status"] for line in happened.document["order_line_items"]} == {status.value}


def test_one_credit_note_follows_another_until_nothing_is_left() -> None:
    ledger = given(invoice(), imported("1"), credit(total=6_000), credit(total=7_000))
    order = ledger.order("1")
    assert [note.amount for note in order.linked_credit_notes] == [6_000, 7_000]
    assert [line.refundable_credits for line in order.order_line_items] == [0, 0]
    assert ledger.refusal(credit(total=1)) == Refusal(400, "param_wrong_value", "credit_note[total]")


def test_a_credit_note_comes_on_top_of_that_of_the_cancellation() -> None:
    cancelled = CancelOrder(order_id="1", cancellation_reason=CancellationReason.OTHERS, credit_note_total=13_000 - 1)
    ledger = given(invoice(), imported("1"), cancelled)
    assert ledger.when(credit(total=1)).document["refundable_credits"] == 0


@pytest.mark.parametrize("total", [0, 13_001])
def test_a_total_of_nothing_or_more_than_is_refundable_is_refused(total: int) -> None:
    refusal = given(invoice(), imported("1")).refusal(credit(total=total))
    assert refusal == Refusal(400, "param_wrong_value", "credit_note[total]")


def test_what_another_order_of_the_invoice_was_credited_is_gone() -> None:
    ledger = given(invoice(), imported("1"), imported("2"), credit("2", total=12_000))
    assert ledger.refusal(credit("1", total=1_001)) == Refusal(400, "param_wrong_value", "credit_note[total]")
    assert ledger.when(credit("1", total=1_000)).document["refundable_credits_issued"] == 1_000


@pytest.mark.parametrize("status", sorted(set(InvoiceStatus) - {InvoiceStatus.PAID}))
def test_an_order_that_is_not_paid_is_refused(status: InvoiceStatus) -> None:
    ledger = given(invoice(status=status.value, amount_paid=1_000), imported("1"))
    assert ledger.refusal(credit()) == Refusal(409, "invalid_state_for_request")


def test_a_manual_order_is_refused() -> None:
    assert given(invoice(), manual("1")).refusal(credit()) == Refusal(409, "invalid_state_for_request")


@pytest.mark.parametrize("history", [[invoice(), manual("1")], [unpaid_invoice(), imported("1")]])
def test_a_total_of_nothing_is_told_before_the_state(history: list[Command]) -> None:
    refusal = given(*history).refusal(credit(total=0))
    assert refusal == Refusal(400, "param_wrong_value", "credit_note[total]")


def test_a_resent_order_has_nothing_that_could_be_credited() -> None:
    ledger = given(invoice(), imported("1"), ResendOrder(order_id="1"))
    assert ledger.refusal(credit("2")) == Refusal(400, "param_wrong_value", "credit_note[total]")
