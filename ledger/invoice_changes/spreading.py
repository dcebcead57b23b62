"""Refunds: refundable credit notes of an invoice, spread over its orders (chargebee/order-generation.md, section 6)."""

from collections.abc import Iterable, Mapping, Sequence

from msgspec.structs import replace

from ledger.invoice import InvoiceFacts
from ledger.invoice_changes.credit_notes import KnownCreditNote
from ledger.invoice_changes.schedule import follows_invoice, latest_first
from ledger.money import spread_within
from ledger.order import Order, with_linked_notes
from ledger.order_contents import spread_credit
from ledger.parts import LineCredit, LinkedCreditNote
from ledger.vocabulary import CreditNoteStatus, OrderStatus


def with_less_of_note(orders: Sequence[Order], note: KnownCreditNote) -> list[Order]:
    """The orders with what the note's total has lost taken back, from where it came last.

    So in the end a note lies where its last total would have been put at once.
    """
    less = sum(_spread(order, note.id) for order in orders) - note.total
    if note.status is CreditNoteStatus.VOIDED or less <= 0:
        return list(orders)
    return _moved(orders, _taken_back(reversed(_places(orders, note)), note, less))


def with_more_of_note(orders: Sequence[Order], invoice: InvoiceFacts, note: KnownCreditNote) -> list[Order]:
    """The orders with what is not on them of the note yet, up to what can still be credited of each, the latest first.

    A note for cancelled orders goes onto cancelled ones alone. What a note was spread over stays where it is; what had
    no room before finds some.
    """
    more = note.total - sum(_spread(order, note.id) for order in orders)
    if note.status is CreditNoteStatus.VOIDED or more <= 0:
        return list(orders)
    room = invoice.paid - sum(_issued(order) for order in orders)
    takers = [order for order in _places(orders, note) if _takes(order, note)]
    return _moved(orders, _placed(takers, note, min(more, room)))


def _places(orders: Sequence[Order], note: KnownCreditNote) -> list[Order]:
    return [order for order in latest_first(orders) if follows_invoice(order) and not _is_over(order, note.id)]


def _moved(orders: Iterable[Order], moved: Mapping[str, Order]) -> list[Order]:
    return [moved.get(order.id, order) for order in orders]


def _placed(places: Iterable[Order], note: KnownCreditNote, more: int) -> dict[str, Order]:
    moved = {}
    for order in places:
        part = min(more, order.refundable_credits)
        if part > 0:
            moved[order.id] = _with_lines(order, note, spread_credit(order.order_line_items, part))
            more -= part
    return moved


def _taken_back(places: Iterable[Order], note: KnownCreditNote, less: int) -> dict[str, Order]:
    moved = {}
    for order in places:
        lines = _lines(order, note.id)
        part = min(less, _spread(order, note.id))
        if part > 0:
            taken = spread_within(part, [line.amount for line in lines])
            back = [LineCredit(line_id=line.line_id, amount=-each) for line, each in zip(lines, taken, strict=True)]
            moved[order.id] = _with_lines(order, note, back)
            less -= part
    return moved


def _with_lines(order: Order, note: KnownCreditNote, changes: Iterable[LineCredit]) -> Order:
    """The order with the note on it, more or less of it on some lines."""
    amounts = {line.line_id: line.amount for line in _lines(order, note.id)}
    for change in changes:
        amounts[change.line_id] = amounts.get(change.line_id, 0) + change.amount
    amount = sum(amounts.values())
    linked = _linked(order, note.id) or LinkedCreditNote(
        id=note.id, type=note.type, status=note.status, amount=0, used=note.used or 0, is_deleted=note.is_deleted
    )
    lines = tuple(LineCredit(line_id=line_id, amount=each) for line_id, each in amounts.items() if each)
    return with_linked_notes(
        order, [replace(linked, type=note.type, amount=amount, amount_refunded=amount, lines=lines)]
    )


def _takes(order: Order, note: KnownCreditNote) -> bool:
    return order.status is OrderStatus.CANCELLED or not note.is_for_cancelled_orders


def _issued(order: Order) -> int:
    return sum(line.refundable_credits_issued for line in order.order_line_items)


def _is_over(order: Order, note_id: str) -> bool:
    linked = _linked(order, note_id)
    return linked is not None and linked.status is CreditNoteStatus.VOIDED


def _spread(order: Order, note_id: str) -> int:
    return sum(line.amount for line in _lines(order, note_id))


def _lines(order: Order, note_id: str) -> tuple[LineCredit, ...]:
    linked = _linked(order, note_id)
    return linked.lines if linked else ()


def _linked(order: Order, note_id: str) -> LinkedCreditNote | None:
    return next((each for each in order.linked_credit_notes if each.id == note_id), None)
