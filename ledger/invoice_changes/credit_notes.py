"""The credit notes of an invoice, as far as they are known: by themselves, or from the invoice's own lists."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ledger.billing import CreditNoteFacts
from ledger.invoice import Invoice, InvoiceCreditNote
from ledger.vocabulary import CreditNoteReason, CreditNoteStatus, CreditNoteType


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownCreditNote:
    """A credit note as the orders should show it.

    ``is_ours``: a command on an order made it, so it is on that order and on no other. ``used`` is None where only
    the invoice tells of the note.
    """

    id: str
    type: CreditNoteType
    status: CreditNoteStatus
    total: int
    used: int | None
    is_deleted: bool
    is_for_cancelled_orders: bool
    is_ours: bool


def known_credit_notes(invoice: Invoice, described: Iterable[CreditNoteFacts]) -> Mapping[str, KnownCreditNote]:
    """The credit notes by id, in an order that does not depend on when they became known.

    A note's own description is believed before the invoice's lists, but for a note that is voided by either: that is
    final. Notes of other invoices are left out.
    """
    lists = invoice.facts.adjustment_credit_notes + invoice.facts.issued_credit_notes
    voided = {note.cn_id for note in lists if note.cn_status == CreditNoteStatus.VOIDED}
    voided |= {note_id for note_id, total in invoice.issued.items() if total == 0}
    adjustments = {note.cn_id for note in invoice.facts.adjustment_credit_notes}
    known = {
        note.cn_id: _listed(note, is_adjustment=note.cn_id in adjustments, is_ours=note.cn_id in invoice.issued)
        for note in lists
    }
    known |= {
        note.id: _described(note, is_voided=note.id in voided, is_ours=note.id in invoice.issued)
        for note in described
        if note.reference_invoice_id == invoice.facts.id or note.id in known
    }
    return dict(sorted(known.items()))


def _described(note: CreditNoteFacts, *, is_voided: bool, is_ours: bool) -> KnownCreditNote:
    return KnownCreditNote(
        id=note.id,
        type=note.type,
        status=CreditNoteStatus.VOIDED if is_voided or not note.is_in_force else note.status,
        total=note.total,
        used=note.used,
        is_deleted=note.deleted,
        is_for_cancelled_orders=note.is_for_cancelled_orders,
        is_ours=is_ours,
    )


def _listed(note: InvoiceCreditNote, *, is_adjustment: bool, is_ours: bool) -> KnownCreditNote:
    usual = CreditNoteStatus.ADJUSTED if is_adjustment else CreditNoteStatus.REFUND_DUE
    is_known = note.cn_status in set(CreditNoteStatus)
    return KnownCreditNote(
        id=note.cn_id,
        type=CreditNoteType.ADJUSTMENT if is_adjustment else CreditNoteType.REFUNDABLE,
        status=CreditNoteStatus(note.cn_status) if note.cn_status and is_known else usual,
        total=note.cn_total,
        used=None,
        is_deleted=False,
        is_for_cancelled_orders=note.cn_reason_code == CreditNoteReason.ORDER_CANCELLATION,
        is_ours=is_ours,
    )
