"""The table of error conditions in the contract: each that the ledger decides, with status, code and parameter."""

from typing import Any

import pytest

from ledger.commands import (
    CancelOrder,
    Command,
    CreateRefundableCreditNote,
    DeleteOrder,
    LineResend,
    LineUpdate,
    ReopenOrder,
    ResendOrder,
    UpdateOrder,
)
from ledger.events import DomainEvent, OrderChanges, OrderFacts, OrderImported
from ledger.parts import LinkedCreditNote
from ledger.vocabulary import (
    CancellationReason,
    CreditNoteReason,
    CreditNoteStatus,
    CreditNoteType,
    OrderStatus,
    OrderType,
    PriceType,
)
from tests.contract.contract import CONTRACT
from tests.ledger.given import CREATED, Ledger, Refusal, given, imported, invoice, manual, settings

CONDITIONS: list[dict[str, Any]] = CONTRACT["error_conditions"]

# A condition of the contract, what was given, what is tried, and the parameter that is named.
Case = tuple[str, list[Command | DomainEvent], list[Command], str | None]

# What can be seen from the parameters alone, what lists are asked for, and what a race comes to: told elsewhere.
NOT_DECIDED_HERE = {
    "a parameter too long, not a number, outside its enum, negative money",
    "lost a race on the same order after internal retries",
    "required parameter missing or blank",
    "line entry without id",
    "country not an ISO code",
    "cancellation_reason missing",
    "credit_note[reason_code] or credit_note[total] missing",
    "limit outside 1..100, bad offset, bad filter value or operator, bad sort attribute",
}

CANCEL = CancelOrder(order_id="1", cancellation_reason=CancellationReason.OTHERS)
CREDIT = CreateRefundableCreditNote(order_id="1", reason_code=CreditNoteReason.WAIVER, total=1)
REFUNDED = OrderImported(
    originator_id="order-1",
    originator_version=1,
    timestamp=CREATED * 1000,
    order=OrderFacts(
        invoice_id="inv_1",
        status=OrderStatus.QUEUED,
        order_type=OrderType.SYSTEM_GENERATED,
        price_type=PriceType.TAX_EXCLUSIVE,
        created_at=CREATED,
        is_imported=True,
        linked_credit_notes=(
            LinkedCreditNote(id="CN-9", type=CreditNoteType.REFUNDABLE, status=CreditNoteStatus.REFUNDED, amount=1),
        ),
    ),
)


def update(**changes: Any) -> UpdateOrder:
    return UpdateOrder(order_id="1", changes=OrderChanges(**changes))


def final(reason: CancellationReason) -> Case:
    return (
        "cancelled for invoice_voided, invoice_written_off or order_resent",
        [invoice(), imported("1"), CancelOrder(order_id="1", cancellation_reason=reason)],
        [ReopenOrder(order_id="1")],
        None,
    )


def credited(total: int) -> list[Command]:
    return [
        CancelOrder(order_id="1", cancellation_reason=CancellationReason.OTHERS, credit_note_total=total),
        CreateRefundableCreditNote(order_id="1", reason_code=CreditNoteReason.WAIVER, total=total),
    ]


UNKNOWN_UPDATE = UpdateOrder(order_id="1", order_line_items=(LineUpdate(index=0, id="o_li_x"),))
UNKNOWN_RESEND = ResendOrder(order_id="1", order_line_items=(LineResend(index=0, id="o_li_x"),))
OF_ANOTHER_LINE = "order_line_items[id][0]"

CASES: list[Case] = [
    ("order unknown or deleted", [invoice()], [update(), CANCEL, CREDIT, ReopenOrder(order_id="1")], None),
    ("order unknown or deleted", [invoice(), imported("1"), DeleteOrder(order_id="1")], [update()], None),
    ("invoice unknown", [], [manual(), imported()], "invoice_id"),
    ("id taken", [invoice(), manual("1")], [manual("1"), imported("1")], "id"),
    (
        "manual orders switched off on the site",
        [invoice(), settings(manual_orders_enabled=False)],
        [manual()],
        None,
    ),
    (
        "document_number taken",
        [invoice(), imported("1", document_number="7")],
        [imported("2", document_number="7")],
        "document_number",
    ),
    (
        "document_number at or above the configured series",
        [invoice(), settings(order_number_start=7)],
        [imported(document_number="7"), imported(document_number="8")],
        "document_number",
    ),
    (
        "subscription_id or customer_id differs from the invoice",
        [invoice()],
        [imported(subscription_id="x")],
        "subscription_id",
    ),
    (
        "subscription_id or customer_id differs from the invoice",
        [invoice()],
        [imported(customer_id="x")],
        "customer_id",
    ),
    (
        "refundable_credits_issued above the paid amount",
        [invoice()],
        [imported(refundable_credits_issued=13_001)],
        "refundable_credits_issued",
    ),
    (
        "status change not in the transition table, or on a cancelled order",
        [invoice(), imported("1", status=OrderStatus.RETURNED)],
        [update(status=OrderStatus.QUEUED)],
        None,
    ),
    (
        "status change not in the transition table, or on a cancelled order",
        [invoice(), imported("1", status=OrderStatus.CANCELLED)],
        [update(status=OrderStatus.QUEUED)],
        None,
    ),
    (
        "legacy-only status on an order that is not manual",
        [invoice(), imported("1")],
        [update(status=OrderStatus.COMPLETE)],
        "status",
    ),
    (
        "cancellation_reason or cancelled_at while the order is not and does not become cancelled",
        [invoice(), imported("1")],
        [update(cancelled_at=1)],
        "cancelled_at",
    ),
    (
        "cancellation_reason or cancelled_at while the order is not and does not become cancelled",
        [invoice(), imported("1")],
        [update(cancellation_reason=CancellationReason.OTHERS)],
        "cancellation_reason",
    ),
    ("line id not of this order", [invoice(), imported("1")], [UNKNOWN_UPDATE, UNKNOWN_RESEND], OF_ANOTHER_LINE),
    (
        "order cancelled or voided already",
        [invoice(), imported("1", status=OrderStatus.CANCELLED)],
        [CANCEL],
        None,
    ),
    ("order cancelled or voided already", [invoice(), manual("1", status=OrderStatus.VOIDED)], [CANCEL], None),
    ("total above refundable_credits", [invoice(), imported("1")], credited(13_001), "credit_note[total]"),
    ("total is 0", [invoice(), imported("1")], [credited(0)[1]], "credit_note[total]"),
    ("order without amounts or not paid", [invoice(), manual("1")], [CREDIT], None),
    ("order without amounts or not paid", [invoice(status="posted"), imported("1")], [CREDIT], None),
    ("order not cancelled", [invoice(), imported("1")], [ReopenOrder(order_id="1")], None),
    final(CancellationReason.INVOICE_VOIDED),
    final(CancellationReason.INVOICE_WRITTEN_OFF),
    final(CancellationReason.ORDER_RESENT),
    ("order not imported", [invoice(), manual("1")], [DeleteOrder(order_id="1")], None),
    ("a linked refundable credit note is refunded", [invoice(), REFUNDED], [DeleteOrder(order_id="1")], None),
    (
        "order cancelled, voided, fully resent, or without line items",
        [invoice(), imported("1"), ResendOrder(order_id="1")],
        [ResendOrder(order_id="1")],
        None,
    ),
    (
        "order cancelled, voided, fully resent, or without line items",
        [invoice(), manual("1")],
        [ResendOrder(order_id="1")],
        None,
    ),
    (
        "reason not in the site list, or missing when mandatory",
        [invoice(), imported("1"), settings(resend_reasons=["Lost"], resend_reason_mandatory=True)],
        [ResendOrder(order_id="1"), ResendOrder(order_id="1", resend_reason="lost")],
        "resend_reason",
    ),
]
NEEDS_LINES = {
    "five resends made already",
    "quantity above the line quantity, line named twice, nothing to send",
}


def expected(condition: str, param: str | None) -> Refusal:
    """What the contract says, with the parameter that this case is about."""
    (found,) = {
        Refusal(each["http_status"], each["api_error_code"], param)
        for each in CONDITIONS
        if each["condition"] == condition and each["operations"] != ["orders_for_invoice"]
    }
    return found


@pytest.mark.parametrize(("condition", "history", "tried", "param"), CASES, ids=lambda value: str(value)[:40])
def test_a_condition_is_told_as_the_contract_says(
    condition: str, history: list[Command | DomainEvent], tried: list[Command], param: str | None
) -> None:
    for command in tried:
        assert given(*history).refusal(command) == expected(condition, param)


def part_of(ledger: Ledger, *quantities: int | None) -> ResendOrder:
    line = ledger.lines("1")[0]
    return ResendOrder(
        order_id="1",
        order_line_items=tuple(
            LineResend(index=index, id=line, fulfillment_quantity=quantity) for index, quantity in enumerate(quantities)
        ),
    )


def test_the_sixth_resend_is_told_as_the_contract_says() -> None:
    ledger = given(invoice(), imported("1"))
    ledger.given(*[part_of(ledger, 1)] * 5)
    assert ledger.refusal(part_of(ledger, 1)) == expected("five resends made already", None)


@pytest.mark.parametrize(
    ("quantities", "param"),
    [
        ((3,), "order_line_items[fulfillment_quantity][0]"),
        ((0,), "order_line_items[fulfillment_quantity][0]"),
        ((1, 1), "order_line_items[id][1]"),
    ],
)
def test_a_wrong_part_is_told_as_the_contract_says(quantities: tuple[int, ...], param: str) -> None:
    ledger = given(invoice(), imported("1"))
    condition = "quantity above the line quantity, line named twice, nothing to send"
    assert ledger.refusal(part_of(ledger, *quantities)) == expected(condition, param)


def test_every_condition_of_the_contract_is_tried_or_told_elsewhere() -> None:
    assert {case[0] for case in CASES} | NEEDS_LINES | NOT_DECIDED_HERE == {each["condition"] for each in CONDITIONS}
