"""Delete: imported orders only (chargebee/orders.md, section 6)."""

import pytest

from ledger.commands import AssignOrderNumber, CancelOrder, Command, DeleteOrder, ResendOrder
from ledger.events import OrderDeleted, OrderFacts, OrderImported
from ledger.parts import LinkedCreditNote
from ledger.vocabulary import (
    CURRENT_STATUSES,
    CancellationReason,
    CreditNoteStatus,
    CreditNoteType,
    OrderStatus,
    OrderType,
    PriceType,
)
from tests.ledger.given import CREATED, NOW, NOW_MS, Refusal, given, imported, invoice, manual

DELETE = DeleteOrder(order_id="1")


def with_note(type_: CreditNoteType, status: CreditNoteStatus) -> OrderImported:
    facts = OrderFacts(
        invoice_id="inv_1",
        status=OrderStatus.QUEUED,
        order_type=OrderType.SYSTEM_GENERATED,
        price_type=PriceType.TAX_EXCLUSIVE,
        created_at=CREATED,
        is_imported=True,
        linked_credit_notes=(LinkedCreditNote(id="CN-9", type=type_, status=status, amount=5),),
    )
    return OrderImported(originator_id="order-1", originator_version=1, timestamp=CREATED * 1000, order=facts)


@pytest.mark.parametrize("status", sorted(CURRENT_STATUSES))
def test_an_imported_order_is_deleted_and_shown_once_more(status: OrderStatus) -> None:
    happened = given(invoice(), imported("1", status=status)).when(DELETE)
    assert happened.events == (OrderDeleted(originator_id="order-1", originator_version=2, timestamp=NOW_MS),)
    names = ("id", "deleted", "status", "status_update_at", "updated_at")
    assert [happened.document[name] for name in names] == ["1", True, status, CREATED, NOW]


@pytest.mark.parametrize(
    ("order_id", "history"),
    [("1", [manual("1")]), ("2", [imported("1"), ResendOrder(order_id="1")])],
    ids=["manual", "resent"],
)
def test_an_order_that_was_not_imported_is_refused(order_id: str, history: list[Command]) -> None:
    refusal = given(invoice(), *history).refusal(DeleteOrder(order_id=order_id))
    assert refusal == Refusal(409, "invalid_state_for_request")


def test_a_refunded_order_is_refused() -> None:
    ledger = given(invoice(), with_note(CreditNoteType.REFUNDABLE, CreditNoteStatus.REFUNDED))
    assert ledger.refusal(DELETE) == Refusal(409, "invalid_state_for_request")


@pytest.mark.parametrize(
    ("type_", "status"),
    [
        (CreditNoteType.REFUNDABLE, CreditNoteStatus.REFUND_DUE),
        (CreditNoteType.REFUNDABLE, CreditNoteStatus.VOIDED),
        (CreditNoteType.ADJUSTMENT, CreditNoteStatus.ADJUSTED),
        (CreditNoteType.STORE, CreditNoteStatus.REFUNDED),
    ],
)
def test_other_credit_notes_let_it_go_through(type_: CreditNoteType, status: CreditNoteStatus) -> None:
    happened = given(invoice(), with_note(type_, status)).when(DELETE)
    assert happened.types == [("order-1", "order.deleted")]


def test_an_order_is_deleted_while_a_refund_is_due() -> None:
    cancelled = CancelOrder(order_id="1", cancellation_reason=CancellationReason.OTHERS, credit_note_total=100)
    happened = given(invoice(), imported("1"), cancelled).when(DELETE)
    assert happened.document["deleted"] is True
    assert happened.document["linked_credit_notes"][0]["status"] == "refund_due"


def test_a_deleted_order_is_unknown() -> None:
    assert given(invoice(), imported("1"), DELETE).refusal(DELETE) == Refusal(404, "resource_not_found")


def test_a_deleted_order_keeps_its_number_from_others() -> None:
    ledger = given(invoice(), imported("1"), imported("2"), AssignOrderNumber(order_id="1"), DELETE)
    assert ledger.when(AssignOrderNumber(order_id="2")).document["document_number"] == "2"
