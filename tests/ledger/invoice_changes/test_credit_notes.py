"""What credit notes of an invoice do to its orders (order-generation.md, section 6)."""

from typing import Any

import pytest
from msgspec.structs import replace

from ledger.order import with_credit_note
from ledger.parts import IssuedCreditNote, LineCredit, LinkedCreditNote
from ledger.vocabulary import CreditNoteReason, CreditNoteStatus, CreditNoteType, OrderStatus
from tests.ledger.invoice_changes.given import PAID, World, credit_note, invoice, other_order

UPDATED = "order.invoice_updated"


def statuses(notes: list[LinkedCreditNote | None]) -> list[str | None]:
    return [note.status.value if note else None for note in notes]


# Refundable notes: what is refunded, and where it goes.


def test_a_refund_goes_onto_the_latest_order_first() -> None:
    world = World()
    world.note(credit_note(total=13_000))
    assert world.reconcile() == {"2": UPDATED, "3": UPDATED}
    assert world.spread() == [0, 3_000, 10_000]
    assert world.of_lines("refundable_credits_issued") == [0, 3_000, 10_000]
    assert world.of_lines("refundable_credits") == [10_000, 7_000, 0]
    (_, second, third) = world.linked()
    assert second is not None
    assert third is not None
    assert (third.type, third.status) == (CreditNoteType.REFUNDABLE, CreditNoteStatus.REFUND_DUE)
    assert (third.amount_refunded, third.from_cancellation) == (10_000, False)
    assert second.lines == (LineCredit(line_id="o_li_2_li_1", amount=3_000),)


def test_a_refund_that_only_the_invoice_tells_of_is_spread_too() -> None:
    world = World()
    world.invoice(issued_credit_notes=[{"cn_id": "CN-1", "cn_total": 4_000, "cn_status": "refunded"}])
    world.reconcile()
    assert world.spread() == [0, 0, 4_000]
    assert statuses(world.linked()) == [None, None, "refunded"]


def test_no_more_is_spread_than_the_orders_have_room_for() -> None:
    """An invoice may hold lines that no order ships."""
    lines = [
        {"id": "li_1", "entity_type": "plan_item_price", "amount": 9_000},
        {"id": "li_2", "entity_type": "adhoc", "amount": 21_000},
    ]
    world = World(invoice(line_items=lines))
    world.note(credit_note(total=20_000))
    world.reconcile()
    assert world.spread() == [3_000, 3_000, 3_000]


def test_what_one_refund_gives_back_another_finds_at_once() -> None:
    """Whichever of the two comes first by its id: asking again must find nothing, which ``reconcile`` asserts."""
    world = World()
    world.note(credit_note("CN-1", 30_000))
    world.reconcile()
    world.note(credit_note("CN-0", 1_000))
    world.reconcile()
    assert world.spread("CN-0") == [0, 0, 0]
    world.note(credit_note("CN-1", 0))
    world.reconcile()
    assert world.spread("CN-0") == [0, 0, 1_000]


def test_what_had_no_room_finds_some_when_the_payment_becomes_known() -> None:
    """The note may come in before the invoice that was paid."""
    world = World(invoice(status="payment_due"))
    world.note(credit_note(total=5_000))
    assert world.reconcile() == {}
    world.invoice(status="paid", amount_paid=30_000, paid_at=PAID)
    world.reconcile()
    assert world.spread() == [0, 0, 5_000]


def test_a_note_for_cancelled_orders_goes_onto_these_alone() -> None:
    world = World()
    world.move("1", OrderStatus.CANCELLED)
    world.note(credit_note(total=12_000, reason_code="order_cancellation"))
    world.reconcile()
    assert world.spread() == [10_000, 0, 0]
    world.move("2", OrderStatus.CANCELLED)
    world.reconcile()
    assert world.spread() == [10_000, 2_000, 0]


@pytest.mark.parametrize(
    "members",
    [{"reason_code": "order_cancellation"}, {"reason_code": "other", "create_reason_code": "Order Cancellation"}],
)
def test_the_reason_may_be_told_by_the_newer_member(members: dict[str, Any]) -> None:
    world = World()
    world.note(credit_note(**members))
    assert world.reconcile() == {}


def test_what_a_note_was_spread_over_stays_where_it_is() -> None:
    world = World()
    world.note(credit_note("CN-1", total=5_000))
    world.reconcile()
    world.note(credit_note("CN-0", total=8_000))
    world.reconcile()
    assert world.spread("CN-1") == [0, 0, 5_000]
    assert world.spread("CN-0") == [0, 3_000, 5_000]


@pytest.mark.parametrize("totals", [(5_000, 13_000), (24_000, 13_000), (24_000, 0, 13_000)])
def test_a_note_lies_where_its_last_total_would_have_been_put_at_once(totals: tuple[int, ...]) -> None:
    world = World()
    for total in totals:
        world.note(credit_note(total=total))
        world.reconcile()
    assert world.spread() == [0, 3_000, 10_000]
    assert world.of_lines("refundable_credits_issued") == [0, 3_000, 10_000]


def test_a_note_is_spread_over_the_lines_of_an_order_by_what_each_can_give() -> None:
    lines = [
        {"id": "a", "entity_type": "plan_item_price", "amount": 300},
        {"id": "b", "entity_type": "addon_item_price", "amount": 100},
    ]
    world = World(invoice(line_items=lines), [("a", "b")])
    world.note(credit_note(total=101))
    world.reconcile()
    (note,) = world.linked()
    assert note is not None
    assert [line.amount for line in note.lines] == [75, 26]


def test_a_refund_status_follows() -> None:
    world = World()
    world.note(credit_note(total=13_000))
    world.reconcile()
    world.note(credit_note(total=13_000, status="refunded", amount_refunded=13_000))
    assert world.reconcile() == {"2": UPDATED, "3": UPDATED}
    assert statuses(world.linked()) == [None, "refunded", "refunded"]
    assert [note and note.used for note in world.linked()] == [None, 13_000, 13_000]
    assert world.spread() == [0, 3_000, 10_000]


def test_a_voided_note_gives_its_credits_back() -> None:
    world = World()
    world.note(credit_note(total=13_000))
    world.reconcile()
    world.note(credit_note(total=13_000, status="voided"))
    world.reconcile()
    assert statuses(world.linked()) == [None, "voided", "voided"]
    assert world.spread() == [0, 3_000, 10_000]
    assert world.of_lines("refundable_credits") == [10_000] * 3
    world.note(credit_note(total=13_000))
    assert world.reconcile() == {}, "voided is final"


def test_the_invoice_may_be_the_first_to_tell_that_a_note_is_voided() -> None:
    world = World()
    world.note(credit_note())
    world.reconcile()
    world.invoice(issued_credit_notes=[{"cn_id": "CN-1", "cn_total": 5_000, "cn_status": "voided"}])
    world.reconcile()
    assert statuses(world.linked()) == [None, None, "voided"]


def test_a_deleted_note_is_voided_and_marked() -> None:
    world = World()
    world.note(credit_note())
    world.reconcile()
    world.note(credit_note(deleted=True))
    world.reconcile()
    (*_, note) = world.linked()
    assert note is not None
    assert (note.status, note.is_deleted) == (CreditNoteStatus.VOIDED, True)
    assert world.of_lines("refundable_credits") == [10_000] * 3


def test_a_note_that_is_voided_when_it_becomes_known_is_not_linked() -> None:
    world = World()
    world.note(credit_note(status="voided"))
    assert world.reconcile() == {}


def test_notes_of_other_invoices_are_left_out() -> None:
    world = World()
    world.note(credit_note(reference_invoice_id="inv_2"), credit_note("CN-2", reference_invoice_id=None, type="store"))
    assert world.reconcile() == {}


def test_a_refund_goes_onto_one_of_several_imported_orders_and_never_onto_a_deleted_one() -> None:
    described = invoice()
    world = World(described, [])
    world.add(other_order("7", described), other_order("8", described))
    world.change("8", deleted=True)
    world.note(credit_note())
    assert world.reconcile() == {"7": UPDATED}
    assert world.spread() == [5_000, 0]


def test_credits_never_exceed_what_was_paid_for_the_invoice() -> None:
    """Two imported orders hold the whole invoice each."""
    described = invoice()
    world = World(described, [])
    world.add(other_order("7", described), other_order("8", described))
    world.note(credit_note("CN-1", total=20_000), credit_note("CN-2", total=20_000))
    world.reconcile()
    assert sum(world.of_lines("refundable_credits_issued")) == 30_000


# Notes that orders issued themselves: each is on its order, and stays there.


def issued(world: World, order_id: str = "1") -> None:
    """A cancellation issued CN-1 for 50.00 on one order."""
    order = world.orders[order_id]
    note = IssuedCreditNote(
        id="CN-1",
        total=5_000,
        reason_code=CreditNoteReason.ORDER_CANCELLATION,
        lines=(LineCredit(line_id=order.order_line_items[0].id, amount=5_000),),
    )
    world.orders[order_id] = with_credit_note(order, note, from_cancellation=True)
    world.issued["CN-1"] = 5_000


def test_a_note_of_ours_is_on_its_order_alone() -> None:
    world = World()
    issued(world)
    world.note(credit_note(total=7_000))
    world.invoice(issued_credit_notes=[{"cn_id": "CN-1", "cn_total": 7_000, "cn_status": "refund_due"}])
    assert world.reconcile() == {}


@pytest.mark.parametrize("generation_enabled", [True, False])
def test_a_note_of_ours_follows_its_status_and_what_was_used_of_it(generation_enabled: bool) -> None:
    world = World()
    issued(world)
    world.note(credit_note(amount_allocated=2_000))
    assert world.reconcile(generation_enabled=generation_enabled) == {"1": UPDATED}
    world.note(credit_note(status="refunded", amount_allocated=2_000, amount_refunded=3_000))
    assert world.reconcile(generation_enabled=generation_enabled) == {"1": UPDATED}
    (note, *_) = world.linked()
    assert note is not None
    assert (note.status, note.used, note.amount, note.from_cancellation) == ("refunded", 5_000, 5_000, True)


def test_a_note_of_ours_that_is_voided_elsewhere_gives_its_credits_back() -> None:
    world = World()
    issued(world)
    world.issued["CN-1"] = 0
    world.note(credit_note(status="voided"))
    world.reconcile()
    assert world.of_lines("refundable_credits") == [10_000] * 3


# Adjustments: split as the amounts are.


def test_an_adjustment_that_is_removed_is_voided_and_what_it_took_comes_back() -> None:
    world = World(invoice(status="payment_due"))
    listed = {"cn_id": "CN-1", "cn_total": 10_000, "cn_status": "adjusted"}
    world.invoice(amount_adjusted=10_000, adjustment_credit_notes=[listed])
    world.reconcile()
    assert world.of_lines("amount_adjusted") == world.spread() == [3_333, 3_333, 3_334]
    world.invoice(amount_adjusted=0, adjustment_credit_notes=[])
    world.note(credit_note(total=10_000, type="adjustment", status="voided"))
    world.reconcile()
    assert world.of_lines("amount_adjusted") == [0, 0, 0]
    assert statuses(world.linked()) == ["voided"] * 3


def test_an_adjustment_takes_no_refundable_credits() -> None:
    world = World()
    world.note(credit_note(total=3_000, type="adjustment", status="adjusted"))
    world.reconcile()
    assert world.spread() == [1_000] * 3
    assert world.of_lines("refundable_credits") == [10_000] * 3


def test_an_adjustment_that_an_order_was_born_with_is_known_again() -> None:
    note = LinkedCreditNote(
        id="CN-1",
        type=CreditNoteType.ADJUSTMENT,
        status=CreditNoteStatus.ADJUSTED,
        amount=1_000,
        amount_adjusted=1_000,
    )
    listed = {"cn_id": "CN-1", "cn_total": 3_000, "cn_status": "adjusted"}
    world = World(invoice(adjustment_credit_notes=[listed]), linked_credit_notes=(note,))
    assert world.reconcile() == {}


# Where the site does not generate orders.


def test_without_generation_linked_notes_follow_and_others_are_not_linked() -> None:
    described = invoice()
    world = World(described, [])
    linked = LinkedCreditNote(
        id="CN-1",
        type=CreditNoteType.REFUNDABLE,
        status=CreditNoteStatus.REFUND_DUE,
        amount=500,
        amount_refunded=500,
        lines=(LineCredit(line_id="o_li_7_li_1", amount=500),),
    )
    order = other_order("7", described, linked_credit_notes=(linked,))
    (line,) = order.order_line_items
    world.add(replace(order, order_line_items=(replace(line, refundable_credits_issued=500),)))
    world.note(credit_note(total=500, deleted=True), credit_note("CN-2"))
    assert world.reconcile(generation_enabled=False) == {"7": UPDATED}
    assert world.spread("CN-2") == [0]
    assert world.of_lines("refundable_credits_issued") == [0]
    (note,) = world.linked()
    assert note is not None
    assert note.is_deleted
