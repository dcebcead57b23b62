"""Credit notes on orders: linked ones follow their state, and those of the invoice are linked to its orders."""

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from ledger.invoice import Invoice
from ledger.invoice_changes.amounts import shares_of_order_lines
from ledger.invoice_changes.credit_notes import KnownCreditNote
from ledger.invoice_changes.schedule import follows_invoice
from ledger.invoice_changes.spreading import with_less_of_note, with_more_of_note
from ledger.order import Order, with_linked_notes
from ledger.parts import LinkedCreditNote
from ledger.vocabulary import CreditNoteStatus, CreditNoteType


def with_states(order: Order, notes: Mapping[str, KnownCreditNote]) -> Order:
    """The order with its linked credit notes in the state that they have come to.

    What a voided one was spread over can be credited again. Voided is final.
    """
    if order.deleted:
        return order
    changed = [_in_state(linked, notes[linked.id]) for linked in order.linked_credit_notes if linked.id in notes]
    return with_linked_notes(order, changed)


def with_links(orders: Sequence[Order], invoice: Invoice, notes: Mapping[str, KnownCreditNote]) -> list[Order]:
    """The orders with the invoice's credit notes, those that a command on one order made left where they are.

    What refunds give back comes before what others take: else those would find the room only when asked again.
    """
    after = list(orders)
    linked = [note for note in notes.values() if not note.is_ours]
    refunds = [note for note in linked if note.type is not CreditNoteType.ADJUSTMENT]
    for note in linked:
        if note.type is CreditNoteType.ADJUSTMENT:
            after = _with_adjustment(after, invoice, note)
    for note in refunds:
        after = with_less_of_note(after, note)
    for note in refunds:
        after = with_more_of_note(after, invoice.facts, note)
    return after


def _in_state(linked: LinkedCreditNote, note: KnownCreditNote) -> LinkedCreditNote:
    is_voided = linked.status is CreditNoteStatus.VOIDED
    return replace(
        linked,
        status=CreditNoteStatus.VOIDED if is_voided else note.status,
        used=linked.used if note.used is None else note.used,
        is_deleted=linked.is_deleted or note.is_deleted,
    )


def _with_adjustment(orders: Sequence[Order], invoice: Invoice, note: KnownCreditNote) -> list[Order]:
    """Each order with its share of an adjustment, which is split as the amounts are."""
    shares = shares_of_order_lines(orders, invoice, note.total)
    return [_with_share(order, note, shares) if follows_invoice(order) else order for order in orders]


def _with_share(order: Order, note: KnownCreditNote, shares: Mapping[str, int]) -> Order:
    amount = sum(shares.get(line.id, 0) for line in order.order_line_items)
    linked = next((each for each in order.linked_credit_notes if each.id == note.id), None)
    if linked is None and amount == 0:
        return order
    linked = linked or LinkedCreditNote(id=note.id, type=note.type, status=note.status, amount=0, used=note.used or 0)
    # What was taken for a refund by the invoice's list alone is on no line any more.
    known = replace(linked, type=note.type, amount=amount, amount_adjusted=amount, amount_refunded=None, lines=())
    return with_linked_notes(order, [replace(known, is_deleted=linked.is_deleted or note.is_deleted)])
