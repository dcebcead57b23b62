"""Cancel: with a refundable credit note or without (chargebee/orders.md, section 6)."""

from typing import Any

import pytest
from hypothesis import strategies as st

from ledger.commands import CancelOrder, Command, CreateRefundableCreditNote, LineUpdate, UpdateOrder
from ledger.events import (
    CreditNoteCreated,
    InvoiceCreditNoteIssued,
    OrderCancelled,
    OrderChanges,
)
from ledger.parts import IssuedCreditNote, LineChange, LineCredit
from ledger.vocabulary import (
    CURRENT_STATUSES,
    LEGACY_STATUSES,
    CancellationReason,
    CreditNoteReason,
    LineItemStatus,
    OrderStatus,
)
from tests.ledger.given import (
    BEFORE,
    COFFEE,
    NOW,
    NOW_MS,
    Refusal,
    given,
    imported,
    invoice,
    invoice_line,
    manual,
    settings,
    unpaid_invoice,
)
from tests.ledger.laws import for_all


def cancel(order_id: str = "1", /, **members: Any) -> CancelOrder:
    return CancelOrder(**{"order_id": order_id, "cancellation_reason": CancellationReason.OTHERS, **members})


def test_cancelling_sets_status_lines_reason_and_times() -> None:
    happened = given(invoice(), imported("1")).when(cancel())
    assert happened.types == [("order-1", "order.cancelled")]
    names = ("status", "cancellation_reason", "cancelled_at", "status_update_at", "updated_at", "resource_version")
    assert [happened.document[name] for name in names] == ["cancelled", "others", NOW, NOW, NOW, NOW_MS]
    assert [line["status"] for line in happened.document["order_line_items"]] == ["cancelled", "cancelled"]


def test_cancelling_without_a_total_makes_no_credit_note() -> None:
    happened = given(invoice(), imported("1")).when(cancel(customer_notes="sorry", comment="broken"))
    assert happened.types == [("order-1", "order.cancelled")]
    assert "linked_credit_notes" not in happened.document
    assert happened.document["refundable_credits"] == 13_000


def test_what_was_said_about_a_cancellation_is_kept_without_a_credit_note() -> None:
    (event,) = given(invoice(), imported("1")).when(cancel(customer_notes="sorry", comment="broken")).events
    assert isinstance(event, OrderCancelled)
    assert (event.customer_notes, event.comment, event.credit_note) == ("sorry", "broken", None)


@pytest.mark.parametrize("cancelled_at", [BEFORE - 60, 0])
def test_the_time_of_a_cancellation_may_be_given(cancelled_at: int) -> None:
    happened = given(invoice(), imported("1")).when(cancel(cancelled_at=cancelled_at))
    assert (happened.document["cancelled_at"], happened.document["status_update_at"]) == (cancelled_at, NOW)


@pytest.mark.parametrize("reason", CancellationReason)
def test_every_reason_is_accepted(reason: CancellationReason) -> None:
    happened = given(invoice(), imported("1")).when(cancel(cancellation_reason=reason))
    assert happened.document["cancellation_reason"] == reason


@pytest.mark.parametrize("status", sorted(CURRENT_STATUSES - {OrderStatus.CANCELLED}))
def test_an_order_is_cancelled_in_any_status(status: OrderStatus) -> None:
    happened = given(invoice(), imported("1", status=status)).when(cancel())
    assert happened.types == [("order-1", "order.cancelled")]
    assert happened.document["status"] == "cancelled"


@pytest.mark.parametrize("status", sorted(LEGACY_STATUSES - {OrderStatus.CANCELLED, OrderStatus.VOIDED}))
def test_a_manual_order_is_cancelled_in_any_status(status: OrderStatus) -> None:
    happened = given(invoice(), manual("1", status=status)).when(cancel())
    assert happened.document["status"] == "cancelled"


@pytest.mark.parametrize(
    "order",
    [
        imported("1", status=OrderStatus.CANCELLED),
        manual("1", status=OrderStatus.CANCELLED),
        manual("1", status=OrderStatus.VOIDED),
    ],
    ids=["cancelled", "manual cancelled", "voided"],
)
def test_a_cancelled_or_voided_order_is_not_cancelled_again(order: Command) -> None:
    assert given(invoice(), order).refusal(cancel()) == Refusal(409, "invalid_state_for_request")


def test_lines_that_are_not_shipped_are_cancelled_too() -> None:
    adhoc = invoice_line("li_3", 500, entity_type="adhoc")
    ledger = given(invoice(line_items=[COFFEE, adhoc]), settings(include_non_shippable=True), imported("1"))
    happened = ledger.when(cancel())
    assert [line["status"] for line in happened.document["order_line_items"]] == ["cancelled", "cancelled"]


def test_the_event_names_only_the_lines_that_move() -> None:
    ledger = given(invoice(), imported("1"))
    first, second = ledger.lines("1")
    ledger.when(
        UpdateOrder(order_id="1", order_line_items=(LineUpdate(index=0, id=first, status=LineItemStatus.CANCELLED),))
    )
    (event,) = ledger.when(cancel()).events
    assert isinstance(event, OrderCancelled)
    assert event.order_line_items == (LineChange(id=second, status=LineItemStatus.CANCELLED),)


# With a credit note


def test_a_total_makes_a_credit_note_against_the_invoice() -> None:
    ledger = given(invoice(business_entity_id="be_1"), imported("1"))
    first, second = ledger.lines("1")
    happened = ledger.when(cancel(credit_note_total=1_300, customer_notes="sorry", comment="broken"))
    assert happened.events == (
        OrderCancelled(
            originator_id="order-1",
            originator_version=2,
            timestamp=NOW_MS,
            changes=OrderChanges(
                status=OrderStatus.CANCELLED,
                status_update_at=NOW,
                cancellation_reason=CancellationReason.OTHERS,
                cancelled_at=NOW,
            ),
            order_line_items=tuple(LineChange(id=line, status=LineItemStatus.CANCELLED) for line in (first, second)),
            credit_note=IssuedCreditNote(
                id="TEST-CN-1",
                total=1_300,
                reason_code=CreditNoteReason.ORDER_CANCELLATION,
                lines=(LineCredit(line_id=first, amount=1_000), LineCredit(line_id=second, amount=300)),
                customer_notes="sorry",
                comment="broken",
            ),
            customer_notes="sorry",
            comment="broken",
        ),
        CreditNoteCreated(
            originator_id="credit_note-TEST-CN-1",
            originator_version=1,
            timestamp=NOW_MS,
            order_id="1",
            invoice_id="inv_1",
            total=1_300,
            reason_code=CreditNoteReason.ORDER_CANCELLATION,
            currency_code="USD",
            customer_id="cust_1",
            subscription_id="sub_1",
            business_entity_id="be_1",
            customer_notes="sorry",
            comment="broken",
        ),
        InvoiceCreditNoteIssued(
            originator_id="invoice-inv_1",
            originator_version=2,
            timestamp=NOW_MS,
            credit_note_id="TEST-CN-1",
            order_id="1",
            total=1_300,
        ),
    )


def test_a_credit_note_moves_credits_from_those_left_to_those_issued() -> None:
    happened = given(invoice(), imported("1")).when(cancel(credit_note_total=1_300))
    order = happened.document
    assert (order["refundable_credits_issued"], order["refundable_credits"]) == (1_300, 11_700)
    assert [line["refundable_credits_issued"] for line in order["order_line_items"]] == [1_000, 300]
    assert [line["refundable_credits"] for line in order["order_line_items"]] == [9_000, 2_700]
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


def test_all_that_was_paid_may_be_credited() -> None:
    happened = given(invoice(), imported("1")).when(cancel(credit_note_total=13_000))
    assert happened.document["refundable_credits"] == 0


def test_what_was_paid_of_an_unpaid_invoice_may_be_credited() -> None:
    ledger = given(unpaid_invoice(amount_paid=1_300), imported("1"))
    assert ledger.when(cancel(credit_note_total=1_300)).document["refundable_credits_issued"] == 1_300


@pytest.mark.parametrize(
    "history",
    [
        [invoice(amount_paid=999), imported("1")],
        [unpaid_invoice(), imported("1")],
        [invoice(), manual("1")],
        [invoice(), imported("1", refundable_credits_issued=12_001)],
        [invoice(), imported("1"), imported("2", refundable_credits_issued=12_001)],
    ],
    ids=["partly paid", "unpaid", "manual", "credited", "credited for another order"],
)
def test_a_total_above_the_refundable_credits_is_refused(history: list[Command]) -> None:
    refusal = given(*history).refusal(cancel(credit_note_total=1_000))
    assert refusal == Refusal(400, "param_wrong_value", "credit_note[total]")


def test_the_state_is_checked_before_the_limit_of_the_total() -> None:
    ledger = given(invoice(), imported("1", status=OrderStatus.CANCELLED))
    assert ledger.refusal(cancel(credit_note_total=99_999)) == Refusal(409, "invalid_state_for_request")


@pytest.mark.parametrize(("live", "ids"), [(False, ["TEST-CN-1", "TEST-CN-2"]), (True, ["CN-1", "CN-2"])])
def test_credit_notes_are_numbered_through(live: bool, ids: list[str]) -> None:
    ledger = given(invoice(), imported("1"), imported("2"), cancel("1", credit_note_total=1), live=live)
    ledger.when(cancel("2", credit_note_total=1))
    found = [note.id for order in ("1", "2") for note in ledger.order(order).linked_credit_notes]
    assert found == ids


@for_all(
    paid=st.integers(0, 13_000),
    totals=st.lists(st.tuples(st.sampled_from(["1", "2", "3"]), st.integers(1, 13_000)), max_size=6),
)
def test_credits_over_all_orders_of_an_invoice_never_exceed_what_was_paid(
    paid: int, totals: list[tuple[str, int]]
) -> None:
    ledger = given(invoice(amount_paid=paid), imported("1"), imported("2"), imported("3"))
    issued = {"1": 0, "2": 0, "3": 0}
    for order_id, total in totals:
        command = CreateRefundableCreditNote(order_id=order_id, reason_code=CreditNoteReason.WAIVER, total=total)
        if sum(issued.values()) + total > paid:
            assert ledger.refusal(command) == Refusal(400, "param_wrong_value", "credit_note[total]")
        else:
            ledger.when(command)
            issued[order_id] += total
    for order_id, credited in issued.items():
        order = ledger.order(order_id)
        assert sum(line.refundable_credits_issued for line in order.order_line_items) == credited
        assert order.refundable_credits == paid - credited
        assert all(0 <= line.refundable_credits_issued <= line.amount_paid for line in order.order_line_items)
    assert ledger.invoice().refundable == paid - sum(issued.values())


def test_cancelling_after_an_update_cancels_what_it_left() -> None:
    shipped = UpdateOrder(order_id="1", changes=OrderChanges(status=OrderStatus.SHIPPED))
    happened = given(invoice(), imported("1"), shipped).when(cancel())
    assert (happened.document["shipped_at"], happened.document["cancelled_at"]) == (BEFORE, NOW)
