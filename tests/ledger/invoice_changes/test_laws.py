"""What holds whatever happens to an invoice, in whatever order it becomes known."""

import copy
from typing import Any

from hypothesis import strategies as st

from ledger.billing import CreditNoteFacts, SubscriptionFacts
from ledger.invoice_shares import shares_of_lines
from ledger.vocabulary import CreditNoteStatus, OrderStatus
from tests.ledger.invoice_changes.given import BORN, DAY, World, credit_note, invoice, other_order, subscription
from tests.ledger.laws import for_all

News = dict[str, Any] | CreditNoteFacts | SubscriptionFacts | tuple[str, OrderStatus]

LINES = ("a", "b", "c")
NOTES = ("CN-1", "CN-2", "CN-3")
CLOSED = frozenset({OrderStatus.SHIPPED, OrderStatus.PARTIALLY_DELIVERED, OrderStatus.DELIVERED, OrderStatus.RETURNED})
ORDER_IDS = ("1", "2", "3", "4", "7")
TOTAL = 3_000


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """An unpaid invoice of up to three lines, over up to four generated orders and perhaps an imported one."""
    amounts = draw(st.lists(st.integers(0, 1_000), min_size=1, max_size=3))
    lines = [
        {"id": line_id, "entity_type": "plan_item_price", "amount": amount}
        for line_id, amount in zip(LINES, amounts, strict=False)
    ]
    some = st.sets(st.sampled_from(LINES[: len(lines)]), min_size=1).map(sorted)
    described = invoice(status="payment_due", line_items=lines, total=TOTAL)
    if draw(st.booleans()):
        described["total"] = sum(amounts)
    world = World(described, draw(st.lists(some, max_size=4)))
    if draw(st.booleans()):
        world.add(other_order("7", described))
    return world


@st.composite
def invoice_news(draw: st.DrawFn) -> News:
    paid = draw(st.integers(0, TOTAL))
    adjusted = draw(st.integers(0, TOTAL - paid))
    written_off = draw(st.sampled_from([0, 0, TOTAL - paid - adjusted]))
    listed = draw(st.sets(st.sampled_from(NOTES)))
    return {
        "status": draw(st.sampled_from(["paid", "not_paid", "payment_due", "voided"])),
        "amount_paid": paid,
        "amount_adjusted": adjusted,
        "write_off_amount": written_off,
        "paid_at": draw(st.integers(BORN, BORN + DAY)),
        "issued_credit_notes": [{"cn_id": each, "cn_total": 70, "cn_status": "refund_due"} for each in sorted(listed)],
    }


note_news = st.builds(
    credit_note,
    st.sampled_from(NOTES),
    st.integers(0, TOTAL),
    type=st.sampled_from(["refundable", "refundable", "adjustment"]),
    status=st.sampled_from(["refund_due", "refunded", "voided"]),
    deleted=st.sampled_from([False, False, True]),
    reason_code=st.sampled_from(["other", "order_cancellation"]),
    amount_refunded=st.integers(0, 5),
)
subscription_news = st.builds(
    subscription,
    status=st.sampled_from(["active", "cancelled"]),
    cancelled_at=st.none() | st.integers(BORN, BORN + 3 * DAY),
)
moves = st.tuples(st.sampled_from(ORDER_IDS), st.sampled_from([*CLOSED, OrderStatus.QUEUED, OrderStatus.CANCELLED]))
news: st.SearchStrategy[News] = invoice_news() | note_news | subscription_news | moves
stories = st.lists(news, max_size=8)


def hear(world: World, each: News) -> None:
    if isinstance(each, CreditNoteFacts):
        world.note(each)
    elif isinstance(each, SubscriptionFacts):
        world.subscription(each)
    elif isinstance(each, dict):
        world.invoice(**each)
    elif each[0] in world.orders:
        world.move(*each)


def sums_by_line(world: World, member: str, *, imported: bool) -> dict[str, int]:
    sums: dict[str, int] = {}
    for order in world.orders.values():
        for line in order.order_line_items if order.is_imported is imported else ():
            sums[line.invoice_line_item_id] = sums.get(line.invoice_line_item_id, 0) + getattr(line, member)
    return sums


@for_all(world=worlds(), story=stories)
def test_the_orders_of_a_line_sum_to_its_share_of_the_invoice(world: World, story: list[News]) -> None:
    """Whatever became of the orders; and asking again finds nothing, which ``reconcile`` asserts."""
    for each in story:
        hear(world, each)
        world.reconcile()
        paid = shares_of_lines(world.facts, world.facts.paid)
        adjusted = shares_of_lines(world.facts, world.facts.adjusted)
        for imported in (False, True):
            found = sums_by_line(world, "amount_paid", imported=imported)
            assert found == {line: paid[line] for line in found}
            found = sums_by_line(world, "amount_adjusted", imported=imported)
            assert found == {line: adjusted[line] for line in found}


@for_all(world=worlds(), story=stories)
def test_orders_that_are_on_their_way_or_over_never_change_their_status(world: World, story: list[News]) -> None:
    for each in story:
        hear(world, each)
        before = {order.id: order.status for order in world.orders.values()}
        world.reconcile()
        for order in world.orders.values():
            assert order.status in {before[order.id], OrderStatus.CANCELLED}
            if before[order.id] in CLOSED:
                assert order.status is before[order.id]


@for_all(world=worlds(), story=stories)
def test_what_is_issued_on_lines_is_what_their_notes_in_force_say(world: World, story: list[News]) -> None:
    """And no note is spread beyond its total while it is in force."""
    for each in story:
        hear(world, each)
        world.reconcile()
        for order in world.orders.values():
            on_lines: dict[str, int] = {}
            for linked in order.linked_credit_notes:
                for credit in linked.lines if linked.status is not CreditNoteStatus.VOIDED else ():
                    assert credit.amount > 0
                    on_lines[credit.line_id] = on_lines.get(credit.line_id, 0) + credit.amount
            assert {
                line.id: line.refundable_credits_issued
                for line in order.order_line_items
                if line.refundable_credits_issued
            } == on_lines
    for note_id, note in world.notes.items():
        if note.is_in_force:
            spread = [each for each in world.linked(note_id) if each and each.status is not CreditNoteStatus.VOIDED]
            assert sum(credit.amount for each in spread for credit in each.lines) <= note.total


@for_all(world=worlds(), story=stories)
def test_news_that_bring_more_refunds_than_were_paid_issue_no_more_than_that(world: World, story: list[News]) -> None:
    for each in story:
        before = sum(world.of_lines("refundable_credits_issued"))
        hear(world, each)
        world.reconcile()
        issued = sum(world.of_lines("refundable_credits_issued"))
        assert issued <= max(before, world.facts.paid)


@for_all(data=st.data(), story=stories)
def test_news_told_one_by_one_or_all_at_once_come_to_the_same_money(data: st.DataObject, story: list[News]) -> None:
    one_by_one = data.draw(worlds())
    at_once = copy.copy(one_by_one)
    at_once.orders, at_once.notes, at_once.subscriptions = dict(one_by_one.orders), {}, {}
    for each in story:
        hear(one_by_one, each)
        one_by_one.reconcile()
    for each in story:
        hear(at_once, each)
    at_once.reconcile()
    for member in ("amount_paid", "amount_adjusted"):
        assert one_by_one.of_lines(member) == at_once.of_lines(member)


@for_all(world=worlds(), story=stories)
def test_without_generation_only_credit_notes_that_are_linked_already_follow(world: World, story: list[News]) -> None:
    for each in story:
        hear(world, each)
        assert world.reconcile(generation_enabled=False) == {}
