"""Every command on an order: one that is unknown, deleted or another entity's is not found (orders.md, section 6)."""

from typing import Any, get_args

import pytest

from ledger.commands import (
    CancelOrder,
    Command,
    CreateRefundableCreditNote,
    DeleteOrder,
    OrderCommand,
)
from ledger.vocabulary import CancellationReason, CreditNoteReason
from tests.ledger.given import Refusal, given, imported, invoice

REQUIRED: dict[type, dict[str, Any]] = {
    CancelOrder: {"cancellation_reason": CancellationReason.OTHERS, "credit_note_total": 99_999},
    CreateRefundableCreditNote: {"reason_code": CreditNoteReason.WAIVER, "total": 0},
}
COMMANDS: list[Command] = [kind(order_id="1", **REQUIRED.get(kind, {})) for kind in get_args(OrderCommand)]
NOT_FOUND = Refusal(404, "resource_not_found", None)

each_command = pytest.mark.parametrize("command", COMMANDS, ids=lambda command: type(command).__name__)


@each_command
def test_an_unknown_order_is_not_found(command: Command) -> None:
    assert given(invoice()).refusal(command) == NOT_FOUND


@each_command
def test_a_deleted_order_is_not_found(command: Command) -> None:
    assert given(invoice(), imported("1"), DeleteOrder(order_id="1")).refusal(command) == NOT_FOUND


@each_command
def test_an_order_of_another_business_entity_is_not_found(command: Command) -> None:
    history = [imported("1", "inv_2"), imported("2")]
    ledger = given(invoice(), invoice("inv_2", business_entity_id="be_2"), *history)
    ledger.restrict("be_1")
    assert ledger.refusal(command) == NOT_FOUND


@each_command
def test_an_order_of_no_business_entity_is_not_found_by_a_call_for_one(command: Command) -> None:
    ledger = given(invoice(), imported("1"))
    ledger.restrict("be_1")
    assert ledger.refusal(command) == NOT_FOUND
