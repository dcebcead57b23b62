"""Reopen: a cancelled order is taken up again (chargebee/orders.md, section 6)."""

from typing import Any

import pytest

from ledger.commands import CancelOrder, Command, CreateRefundableCreditNote, ReopenOrder, ResendOrder, UpdateOrder
from ledger.events import (
    CreditNoteVoided,
    InvoiceCreditNoteVoided,
    OrderChanges,
    OrderFacts,
    OrderImported,
    OrderReopened,
)
from ledger.parts import LineChange, LinkedCreditNote
from ledger.vocabulary import (
    CancellationReason,
    CreditNoteReason,
    CreditNoteStatus,
    CreditNoteType,
    LineItemStatus,
    OrderStatus,
    OrderType,
    PriceType,
)
from tests.ledger.given import CREATED, NOW, NOW_MS, Refusal, given, imported, invoice, manual

REOPEN = ReopenOrder(order_id="1")
VOIDING = ReopenOrder(order_id="1", void_cancellation_credit_notes=True)
FINAL = {CancellationReason.INVOICE_VOIDED, CancellationReason.INVOICE_WRITTEN_OFF, CancellationReason.ORDER_RESENT}


def cancel(total: int = 0, reason: CancellationReason = CancellationReason.OTHERS) -> CancelOrder:
    return CancelOrder(order_id="1", cancellation_reason=reason, credit_note_total=total)


def credit(total: int) -> CreateRefundableCreditNote:
    return CreateRefundableCreditNote(order_id="1", reason_code=CreditNoteReason.WAIVER, total=total)


def notes(document: dict[str, Any]) -> list[tuple[str, str]]:
    return [(note["id"], note["status"]) for note in document["linked_credit_notes"]]


def test_a_reopened_order_and_its_lines_are_queued() -> None:
    ledger = given(invoice(), imported("1", status=OrderStatus.SHIPPED), cancel())
    happened = ledger.when(REOPEN)
    assert happened.events == (
        OrderReopened(
            originator_id="order-1",
            originator_version=3,
            timestamp=NOW_MS,
            changes=OrderChanges(
                status=OrderStatus.QUEUED, status_update_at=NOW, cancellation_reason=None, cancelled_at=None
            ),
            order_line_items=tuple(LineChange(id=line, status=LineItemStatus.QUEUED) for line in ledger.lines("1")),
        ),
    )
    assert (happened.document["status"], happened.document["status_update_at"]) == ("queued", NOW)
    assert [line["status"] for line in happened.document["order_line_items"]] == ["queued", "queued"]
    assert not {"cancelled_at", "cancellation_reason"} & happened.document.keys()


def test_a_reopened_manual_order_is_new() -> None:
    happened = given(invoice(), manual("1", status=OrderStatus.CANCELLED)).when(REOPEN)
    assert happened.types == [("order-1", "order.reopened")]
    assert happened.document["status"] == "new"


def test_an_order_that_was_imported_or_updated_to_cancelled_is_reopened() -> None:
    updated = UpdateOrder(order_id="1", changes=OrderChanges(status=OrderStatus.CANCELLED))
    for history in ([imported("1", status=OrderStatus.CANCELLED)], [imported("1"), updated]):
        assert given(invoice(), *history).when(REOPEN).document["status"] == "queued"


def test_a_reopened_order_may_be_cancelled_again() -> None:
    happened = given(invoice(), imported("1"), cancel(), REOPEN).when(cancel())
    assert (happened.document["status"], happened.document["cancelled_at"]) == ("cancelled", NOW)


@pytest.mark.parametrize("status", sorted(set(OrderStatus) - {OrderStatus.CANCELLED, OrderStatus.RETURNED}))
def test_an_order_that_is_not_cancelled_is_refused(status: OrderStatus) -> None:
    history: list[Command] = [manual("1")]
    if status is not OrderStatus.NEW:
        history.append(UpdateOrder(order_id="1", changes=OrderChanges(status=status)))
    assert given(invoice(), *history).refusal(REOPEN) == Refusal(409, "invalid_state_for_request")


@pytest.mark.parametrize("reason", CancellationReason)
def test_the_reason_says_whether_an_order_can_be_reopened(reason: CancellationReason) -> None:
    ledger = given(invoice(), imported("1"), cancel(reason=reason))
    if reason in FINAL:
        assert ledger.refusal(REOPEN) == Refusal(409, "invalid_state_for_request")
    else:
        assert ledger.when(REOPEN).document["status"] == "queued"


def test_an_order_that_was_resent_whole_is_not_reopened() -> None:
    ledger = given(invoice(), imported("1"), ResendOrder(order_id="1"))
    assert ledger.refusal(REOPEN) == Refusal(409, "invalid_state_for_request")


# The credit notes of the cancellation


def test_credit_notes_stay_unless_voiding_is_asked_for() -> None:
    happened = given(invoice(), imported("1"), cancel(1_300)).when(REOPEN)
    assert happened.types == [("order-1", "order.reopened")]
    assert notes(happened.document) == [("TEST-CN-1", "refund_due")]
    assert happened.document["refundable_credits"] == 11_700


def test_voiding_gives_the_credits_back() -> None:
    ledger = given(invoice(), imported("1"), cancel(1_300))
    happened = ledger.when(VOIDING)
    assert happened.events[1:] == (
        CreditNoteVoided(originator_id="credit_note-TEST-CN-1", originator_version=2, timestamp=NOW_MS),
        InvoiceCreditNoteVoided(
            originator_id="invoice-inv_1", originator_version=3, timestamp=NOW_MS, credit_note_id="TEST-CN-1"
        ),
    )
    order = happened.document
    assert notes(order) == [("TEST-CN-1", "voided")]
    assert (order["refundable_credits_issued"], order["refundable_credits"]) == (0, 13_000)
    assert [line["refundable_credits_issued"] for line in order["order_line_items"]] == [0, 0]
    assert ledger.invoice().refundable == 13_000


def test_voiding_without_credit_notes_only_reopens() -> None:
    happened = given(invoice(), imported("1"), cancel()).when(VOIDING)
    assert happened.types == [("order-1", "order.reopened")]


def test_credit_notes_that_the_cancellation_did_not_make_stay() -> None:
    history: list[Command] = [imported("1", refundable_credits_issued=10), credit(20), cancel(30), credit(40)]
    happened = given(invoice(), *history).when(VOIDING)
    assert [stream for stream, _ in happened.types] == ["order-1", "credit_note-TEST-CN-3", "invoice-inv_1"]
    assert [status for _, status in notes(happened.document)] == ["refund_due", "refund_due", "voided", "refund_due"]
    assert happened.document["refundable_credits_issued"] == 70


def test_a_credit_note_that_an_earlier_reopening_left_stays() -> None:
    happened = given(invoice(), imported("1"), cancel(10), REOPEN, cancel(20)).when(VOIDING)
    assert notes(happened.document) == [("TEST-CN-1", "refund_due"), ("TEST-CN-2", "voided")]


def test_a_credit_note_is_voided_only_once() -> None:
    happened = given(invoice(), imported("1"), cancel(10), VOIDING, cancel(20)).when(VOIDING)
    assert [stream for stream, _ in happened.types] == ["order-1", "credit_note-TEST-CN-2", "invoice-inv_1"]
    assert notes(happened.document) == [("TEST-CN-1", "voided"), ("TEST-CN-2", "voided")]


@pytest.mark.parametrize(
    ("status", "used"), [(CreditNoteStatus.REFUND_DUE, 1), (CreditNoteStatus.REFUNDED, 0), (CreditNoteStatus.VOIDED, 0)]
)
def test_a_credit_note_that_was_used_stays_without_an_error(status: CreditNoteStatus, used: int) -> None:
    note = LinkedCreditNote(
        id="CN-9", type=CreditNoteType.REFUNDABLE, status=status, amount=5, from_cancellation=True, used=used
    )
    facts = OrderFacts(
        invoice_id="inv_1",
        status=OrderStatus.CANCELLED,
        order_type=OrderType.SYSTEM_GENERATED,
        price_type=PriceType.TAX_EXCLUSIVE,
        created_at=CREATED,
        linked_credit_notes=(note,),
    )
    order = OrderImported(originator_id="order-1", originator_version=1, timestamp=CREATED * 1000, order=facts)
    happened = given(invoice(), order).when(VOIDING)
    assert happened.types == [("order-1", "order.reopened")]
    assert notes(happened.document) == [("CN-9", status.value)]


def test_several_credit_notes_of_one_cancellation_are_voided_in_their_order() -> None:
    first, second = (
        LinkedCreditNote(
            id=f"TEST-CN-{number}",
            type=CreditNoteType.REFUNDABLE,
            status=CreditNoteStatus.REFUND_DUE,
            amount=number,
            from_cancellation=True,
        )
        for number in (1, 2)
    )
    facts = OrderFacts(
        invoice_id="inv_1",
        status=OrderStatus.CANCELLED,
        order_type=OrderType.SYSTEM_GENERATED,
        price_type=PriceType.TAX_EXCLUSIVE,
        created_at=CREATED,
        linked_credit_notes=(first, second),
    )
    order = OrderImported(originator_id="order-1", originator_version=1, timestamp=CREATED * 1000, order=facts)
    happened = given(invoice(), order).when(VOIDING)
    assert happened.types == [
        ("order-1", "order.reopened"),
        ("credit_note-TEST-CN-1", "credit_note.voided"),
        ("invoice-inv_1", "invoice.credit_note_voided"),
        ("credit_note-TEST-CN-2", "credit_note.voided"),
        ("invoice-inv_1", "invoice.credit_note_voided"),
    ]
    assert [event.timestamp for event in happened.events if event.originator_id == "invoice-inv_1"] == [
        NOW_MS,
        NOW_MS + 1,
    ]
