"""Taking in credit notes, subscriptions and gifts (order-generation.md, sections 6 and 7)."""

from collections.abc import Callable
from typing import Any

import pytest

from ledger.billing import CreditNote, fold_credit_note, fold_gift, fold_subscription
from ledger.commands import (
    CancelOrder,
    RecordCreditNote,
    RecordGift,
    RecordSubscription,
    ReopenOrder,
)
from ledger.events import CreditNoteCreated, CreditNoteRecorded, CreditNoteVoided, DomainEvent, SubscriptionRecorded
from ledger.ids import StreamId
from ledger.vocabulary import CancellationReason, CreditNoteReason, CreditNoteStatus
from tests.ledger.given import BEFORE, given, imported, invoice

INVALID = (400, "invalid_request", None)
RECORDS = pytest.mark.parametrize("kind", ["credit_note", "subscription", "gift"])


def credit_note(note_id: str = "CN-9", **members: Any) -> RecordCreditNote:
    description: dict[str, Any] = {
        "id": note_id,
        "type": "refundable",
        "status": "refund_due",
        "reference_invoice_id": "inv_1",
        "total": 500,
    } | members
    return RecordCreditNote(
        credit_note_id=note_id, invoice_id=description["reference_invoice_id"], description=description
    )


def subscription(**members: Any) -> RecordSubscription:
    return RecordSubscription(
        subscription_id="sub_1", description={"id": "sub_1", "status": "cancelled", "cancelled_at": BEFORE} | members
    )


def gift(**members: Any) -> RecordGift:
    description = {"id": "gift_1", "status": "claimed", "gifter": {"invoice_id": "inv_1", "note": "Enjoy!"}} | members
    return RecordGift(invoice_id="inv_1", description=description)


COMMANDS: dict[str, Callable[..., Any]] = {"credit_note": credit_note, "subscription": subscription, "gift": gift}
STREAMS = {"credit_note": "credit_note-CN-9", "subscription": "subscription-sub_1", "gift": "gift-inv_1"}


@RECORDS
def test_what_becomes_known_is_recorded_as_it_was_described(kind: str) -> None:
    command = COMMANDS[kind](resource_version=7, custom={"kept": ["as", "it", "is"]})
    happened = given().when(command)
    assert happened.types == [(STREAMS[kind], f"{kind}.recorded")]
    assert getattr(happened.events[0], kind) == command.description


@RECORDS
def test_a_newer_state_is_recorded_behind_the_older_one(kind: str) -> None:
    record = COMMANDS[kind]
    ledger = given(record(resource_version=7))
    happened = ledger.when(record(resource_version=8))
    assert [event.originator_version for event in happened.events] == [2]


@RECORDS
@pytest.mark.parametrize("version", [{"resource_version": 6}, {"resource_version": 7}, {}])
def test_an_older_or_equal_state_changes_nothing(kind: str, version: dict[str, int]) -> None:
    record = COMMANDS[kind]
    assert given(record(resource_version=7)).when(record(**version)).events == ()


@RECORDS
@pytest.mark.parametrize(
    "members",
    [
        {"status": 5},
        {"resource_version": "7"},
        {"id": "another"},
        {"rate": 1.5},
        {"unknown": 2**53},
        {"näme": 1},
    ],
)
def test_what_could_not_be_read_later_is_refused(kind: str, members: dict[str, Any]) -> None:
    ledger = given()
    if members.get("id") and kind == "gift":
        # A gift is filed under the invoice that pays for it, which pays for one gift alone.
        ledger = given(gift())
    description = COMMANDS[kind]().description | members
    assert ledger.refusal(_described(kind, description)) == INVALID


def _described(kind: str, description: dict[str, Any]) -> RecordCreditNote | RecordSubscription | RecordGift:
    if kind == "credit_note":
        return RecordCreditNote(credit_note_id="CN-9", invoice_id="inv_1", description=description)
    if kind == "subscription":
        return RecordSubscription(subscription_id="sub_1", description=description)
    return RecordGift(invoice_id="inv_1", description=description)


@pytest.mark.parametrize(
    "command",
    [
        RecordCreditNote(credit_note_id="CN-9", invoice_id="inv_2", description=credit_note().description),
        RecordGift(invoice_id="inv_2", description=gift().description),
    ],
)
def test_what_names_another_invoice_than_its_command_is_refused(command: RecordCreditNote | RecordGift) -> None:
    assert given().refusal(command) == INVALID


# Credit notes that orders issued here.


def cancelled(**members: Any) -> CancelOrder:
    return CancelOrder(order_id="1", cancellation_reason=CancellationReason.OTHERS, credit_note_total=500, **members)


def test_the_state_of_a_note_of_ours_is_recorded_in_its_stream() -> None:
    ledger = given(invoice(), imported(), cancelled())
    happened = ledger.when(credit_note("TEST-CN-1", status="refunded", amount_refunded=500))
    assert happened.types == [("credit_note-TEST-CN-1", "credit_note.recorded")]
    assert happened.events[0].originator_version == 2
    assert ledger.invoice().issued == {"TEST-CN-1": 500}


@pytest.mark.parametrize("members", [{"status": "voided"}, {"deleted": True}])
def test_a_note_of_ours_that_is_voided_elsewhere_can_be_issued_again_of_the_invoice(members: dict[str, Any]) -> None:
    ledger = given(invoice(), imported(), cancelled())
    happened = ledger.when(credit_note("TEST-CN-1", **members))
    assert happened.types == [
        ("credit_note-TEST-CN-1", "credit_note.recorded"),
        ("invoice-inv_1", "invoice.credit_note_voided"),
    ]
    assert ledger.invoice().refundable == 13_000
    assert ledger.when(credit_note("TEST-CN-1", **members, resource_version=8)).types == [
        ("credit_note-TEST-CN-1", "credit_note.recorded")
    ]


@pytest.mark.parametrize("members", [{"amount_allocated": 1}, {"amount_refunded": 500}, {"status": "voided"}])
def test_reopening_voids_no_note_that_is_known_to_be_used_or_voided(members: dict[str, Any]) -> None:
    ledger = given(invoice(), imported(), cancelled(), credit_note("TEST-CN-1", **members))
    happened = ledger.when(ReopenOrder(order_id="1", void_cancellation_credit_notes=True))
    assert happened.types == [("order-1", "order.reopened")]


def test_reopening_voids_a_note_that_is_known_to_be_unused() -> None:
    ledger = given(invoice(), imported(), cancelled(), credit_note("TEST-CN-1"))
    happened = ledger.when(ReopenOrder(order_id="1", void_cancellation_credit_notes=True))
    assert ("credit_note-TEST-CN-1", "credit_note.voided") in happened.types


# Folding.


def _created() -> CreditNoteCreated:
    return CreditNoteCreated(
        originator_id=StreamId("credit_note-CN-1"),
        originator_version=1,
        timestamp=BEFORE * 1000,
        order_id="1",
        invoice_id="inv_1",
        total=500,
        reason_code=CreditNoteReason.ORDER_CANCELLATION,
    )


def _recorded(version: int, **members: Any) -> CreditNoteRecorded:
    description = credit_note("CN-1", **members).description
    return CreditNoteRecorded(
        originator_id=StreamId("credit_note-CN-1"),
        originator_version=version,
        timestamp=BEFORE * 1000 + version,
        credit_note=description,
    )


def _voided(version: int) -> CreditNoteVoided:
    return CreditNoteVoided(
        originator_id=StreamId("credit_note-CN-1"), originator_version=version, timestamp=BEFORE * 1000 + version
    )


def _folded(*events: DomainEvent) -> CreditNote:
    note = fold_credit_note(events)
    assert note is not None
    return note


def test_a_note_of_ours_is_known_before_anybody_describes_it() -> None:
    note = _folded(_created())
    assert (note.order_id, note.description) == ("1", None)
    assert (note.facts.id, note.facts.reference_invoice_id, note.facts.total) == ("CN-1", "inv_1", 500)
    assert note.facts.is_for_cancelled_orders


def test_what_is_described_last_counts_but_not_whose_note_it_is() -> None:
    note = _folded(_created(), _recorded(2, status="refunded", reference_invoice_id=None, amount_refunded=500))
    assert (note.facts.status, note.facts.used) == (CreditNoteStatus.REFUNDED, 500)
    assert (note.order_id, note.facts.reference_invoice_id) == ("1", "inv_1")


def test_a_note_that_was_voided_here_stays_so() -> None:
    assert _folded(_created(), _voided(2), _recorded(3)).facts.status is CreditNoteStatus.VOIDED
    assert _folded(_created(), _recorded(2), _voided(3)).facts.status is CreditNoteStatus.VOIDED


@pytest.mark.parametrize("fold", [fold_credit_note, fold_subscription, fold_gift])
def test_events_that_cannot_follow_are_refused(fold: Any) -> None:
    with pytest.raises(ValueError, match="cannot follow"):
        fold([_voided(1)])
    assert fold([]) is None


def test_a_subscription_is_as_it_was_described_last() -> None:
    events = [
        SubscriptionRecorded(
            originator_id="subscription-s",
            originator_version=version,
            timestamp=version,
            subscription={"id": "s", "status": status},
        )
        for version, status in ((1, "cancelled"), (2, "active"))
    ]
    known = fold_subscription(events)
    assert known is not None
    assert not known.facts.is_cancelled


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"gift_timelines": [{"status": "unclaimed", "occurred_at": 5}, {"status": "claimed", "occurred_at": 9}]}, 9),
        ({"gift_timelines": [{"status": "scheduled"}], "updated_at": 11}, 11),
        ({"gift_timelines": [{"status": "claimed", "occurred_at": 9}], "status": "expired"}, None),
        ({}, None),
    ],
)
def test_a_gift_is_claimed_when_its_timeline_says_so(members: dict[str, Any], expected: int | None) -> None:
    known = fold_gift(given().when(gift(**members)).events)
    assert known is not None
    assert known.facts.claimed_at == expected
    assert known.facts.gifter.note == "Enjoy!"
