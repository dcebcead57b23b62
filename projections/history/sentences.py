"""One sentence for each event of an order: what happened, in the words of the domain.

The full difference stands beside it, so a sentence names what matters first and counts the rest. Text of users is
quoted, cut, and shown harmless.
"""

from collections.abc import Callable, Iterable
from typing import Any

from ledger.events import (
    DomainEvent,
    OrderCancelled,
    OrderChanged,
    OrderCreated,
    OrderCreatedFromResend,
    OrderCreditNoteCreated,
    OrderDeleted,
    OrderDelivered,
    OrderFacts,
    OrderGenerated,
    OrderImported,
    OrderInvoiceUpdated,
    OrderNumberAssigned,
    OrderReadyToProcess,
    OrderReadyToShip,
    OrderReopened,
    OrderResent,
    OrderReturned,
    OrderUpdated,
)
from ledger.order import Order, set_members
from ledger.parts import IssuedCreditNote
from ledger.vocabulary import CreditNoteType, ResentStatus
from projections.money_text import money_text
from projections.order_document import order_document
from projections.visible_text import visible

_TEXT_LENGTH_MAX = 80
# What follows from a change of status and says nothing more.
_CONSEQUENCES = frozenset({"status", "status_update_at"})

Sentence = Callable[[Any, Order | None, Order], str]


def sentence(event: DomainEvent, before: Order | None, after: Order) -> str:
    """What happened, without a full stop.

    Args:
        before: the order before the event, None where there was none.
        after: the order that the event made.
    """
    return _SENTENCES[type(event)](event, before, after)


def _created(event: OrderCreated, _: Order | None, after: Order) -> str:
    return _listed(f"Created by hand for invoice {_name(event.order.invoice_id)}: {_words(after.status)}")


def _imported(event: OrderImported, _: Order | None, after: Order) -> str:
    facts = event.order
    reason = facts.cancellation_reason
    return _listed(
        f"Imported for invoice {_name(facts.invoice_id)}: {_words(after.status)}",
        _words(reason) if reason else None,
        *_contents(facts, after),
        *(
            f"credit note {_money(note.amount, after)}"
            for note in facts.linked_credit_notes
            if note.type is CreditNoteType.REFUNDABLE
        ),
    )


def _created_from_resend(event: OrderCreatedFromResend, _: Order | None, after: Order) -> str:
    return _listed(
        f"Created to resend order {_name(after.original_order_id or '')}: {_words(after.status)}",
        *_contents(event.order, after),
        _quoted("reason", after.resend_reason),
    )


def _generated(event: OrderGenerated, _: Order | None, after: Order) -> str:
    reason = event.order.cancellation_reason
    return _listed(
        f"Generated for invoice {_name(event.order.invoice_id)}: {_words(after.status)}",
        _words(reason) if reason else None,
        *_contents(event.order, after),
    )


def _invoice_updated(event: OrderInvoiceUpdated, _: Order | None, after: Order) -> str:
    return _listed(
        f"Invoice {_name(after.invoice_id)} changed",
        _words(event.changes.payment_status) if event.changes.payment_status else None,
        *(f"credit note {_name(note.id)} {_words(note.status)}" for note in event.linked_credit_notes),
        *_more(event, "payment_status"),
    )


def _ready_to_process(_: OrderReadyToProcess, __: Order | None, ___: Order) -> str:
    return "Ready to process: the order date is reached"


def _ready_to_ship(_: OrderReadyToShip, __: Order | None, ___: Order) -> str:
    return "Ready to ship: the shipping date is reached"


def _updated(event: OrderUpdated, before: Order | None, after: Order) -> str:
    if before is not None and before.status is not after.status:
        return _listed(f"{_words(after.status).capitalize()}, before {_words(before.status)}", *_more(event))
    return "Updated: " + (_listed(*_more(event)) or "nothing")


def _delivered(event: OrderDelivered, _: Order | None, __: Order) -> str:
    return _listed("Delivered", *_more(event, "delivered_at"))


def _returned(event: OrderReturned, _: Order | None, __: Order) -> str:
    return _listed("Returned", *_more(event))


def _cancelled(event: OrderCancelled, before: Order | None, after: Order) -> str:
    reason = after.cancellation_reason
    return _listed(
        f"Cancelled: {_words(reason)}" if reason else "Cancelled",
        f"credit note {_money(event.credit_note.total, after)}" if event.credit_note else None,
        _quoted("notes for the customer", event.customer_notes),
        _quoted("comment", event.comment),
        *_more(event, "cancellation_reason", "cancelled_at"),
    )


def _reopened(event: OrderReopened, _: Order | None, after: Order) -> str:
    voided = [note for note in after.linked_credit_notes if note.id in event.voided_credit_notes]
    return _listed(
        f"Reopened: {_words(after.status)}",
        *(f"credit note {_name(note.id)} over {_money(note.amount, after)} voided" for note in voided),
    )


def _credit_note_created(event: OrderCreditNoteCreated, _: Order | None, after: Order) -> str:
    note: IssuedCreditNote = event.credit_note
    return _listed(
        f"Credit note {_name(note.id)} issued: {_words(note.reason_code)}",
        _money(note.total, after),
        _quoted("notes for the customer", note.customer_notes),
        _quoted("comment", note.comment),
    )


def _number_assigned(event: OrderNumberAssigned, _: Order | None, __: Order) -> str:
    return f"Document number assigned: {_name(event.document_number)}"


def _resent(event: OrderResent, _: Order | None, after: Order) -> str:
    how = "Resent in full" if event.resent_status is ResentStatus.FULLY_RESENT else "Resent in part"
    resent = event.resent_order
    return _listed(
        f"{how} as order {_name(resent.order_id)}",
        f"worth {_money(resent.amount, after)}",
        _quoted("reason", resent.reason),
    )


def _deleted(_: OrderDeleted, __: Order | None, ___: Order) -> str:
    return "Deleted"


def _contents(facts: OrderFacts, order: Order) -> Iterable[str]:
    yield _counted(len(facts.order_line_items), "line")
    total = order_document(order).total
    if total is not None:
        yield f"total {_money(total, order)}"


def _more(event: OrderChanged, *told: str) -> list[str]:
    """What else changed, by its names; lines that follow the status of the order are part of that."""
    members = set_members(event.changes)
    more = [_words(name) for name in members if name not in _CONSEQUENCES and name not in told]
    if event.shipping_address is not None:
        more.append(f"shipping address ({', '.join(map(_words, set_members(event.shipping_address)))})")
    if event.order_line_items and "status" not in members:
        more.append(_counted(len(event.order_line_items), "line"))
    return more


def _listed(*parts: str | None) -> str:
    return ", ".join(part for part in parts if part)


def _quoted(label: str, text: str | None) -> str | None:
    return f'{label} "{visible(text, _TEXT_LENGTH_MAX)}"' if text else None


def _name(text: str) -> str:
    return visible(text, _TEXT_LENGTH_MAX)


def _words(value: str) -> str:
    return str(value).replace("_", " ")


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _money(amount: int, order: Order) -> str:
    return visible(money_text(amount, order.currency_code)) if order.currency_code else str(amount)


_SENTENCES: dict[type[DomainEvent], Sentence] = {
    OrderCreated: _created,
    OrderImported: _imported,
    OrderCreatedFromResend: _created_from_resend,
    OrderGenerated: _generated,
    OrderInvoiceUpdated: _invoice_updated,
    OrderReadyToProcess: _ready_to_process,
    OrderReadyToShip: _ready_to_ship,
    OrderUpdated: _updated,
    OrderDelivered: _delivered,
    OrderReturned: _returned,
    OrderCancelled: _cancelled,
    OrderReopened: _reopened,
    OrderCreditNoteCreated: _credit_note_created,
    OrderNumberAssigned: _number_assigned,
    OrderResent: _resent,
    OrderDeleted: _deleted,
}
