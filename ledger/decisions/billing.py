"""Taking in credit notes, subscriptions and gifts: what is older or says nothing new changes nothing."""

from ledger.billing import (
    CreditNote,
    Gift,
    GiftFacts,
    Subscription,
    read_credit_note_facts,
    read_gift_facts,
    read_subscription_facts,
)
from ledger.commands import RecordCreditNote, RecordGift, RecordSubscription
from ledger.decision import Context, Decision, Recording, Stream
from ledger.decisions.descriptions import is_news, readable
from ledger.errors import InvalidRequest
from ledger.events import CreditNoteRecorded, GiftRecorded, InvoiceCreditNoteVoided, SubscriptionRecorded
from ledger.invoice import Invoice


def record_credit_note(
    command: RecordCreditNote,
    credit_note: Stream[CreditNote | None],
    invoice: Stream[Invoice | None] | None,
    context: Context,
) -> Decision:
    """Record the state of a credit note.

    ``invoice`` is the invoice of a note that an order issued here. It bounds what all of its orders may issue, so a
    note that was voided or deleted elsewhere is taken back from it at once.
    """
    facts = readable("credit note", command.credit_note_id, command.description, read_credit_note_facts)
    if facts.reference_invoice_id != command.invoice_id:
        raise InvalidRequest(f"The credit note {facts.id} was made for another invoice.")
    recording = Recording(context.now_ms)
    if is_news(credit_note.state, facts, command.description):
        recording.add(credit_note, CreditNoteRecorded, credit_note=command.description)
        if invoice and invoice.state and invoice.state.issued.get(facts.id) and not facts.is_in_force:
            recording.add(invoice, InvoiceCreditNoteVoided, credit_note_id=facts.id)
    return Decision(events=recording.events)


def record_subscription(
    command: RecordSubscription, subscription: Stream[Subscription | None], context: Context
) -> Decision:
    """Record the state of a subscription."""
    facts = readable("subscription", command.subscription_id, command.description, read_subscription_facts)
    recording = Recording(context.now_ms)
    if is_news(subscription.state, facts, command.description):
        recording.add(subscription, SubscriptionRecorded, subscription=command.description)
    return Decision(events=recording.events)


def record_gift(command: RecordGift, gift: Stream[Gift | None], context: Context) -> Decision:
    """Record the state of the gift that an invoice pays for."""
    facts = readable("gift", str(command.description.get("id")), command.description, read_gift_facts)
    if facts.gifter.invoice_id != command.invoice_id:
        raise InvalidRequest(f"The gift {facts.id} is paid for by another invoice.")
    _refuse_second_gift(gift.state, facts)
    recording = Recording(context.now_ms)
    if is_news(gift.state, facts, command.description):
        recording.add(gift, GiftRecorded, gift=command.description)
    return Decision(events=recording.events)


def _refuse_second_gift(known: Gift | None, facts: GiftFacts) -> None:
    if known and known.facts.id != facts.id:
        raise InvalidRequest(f"The invoice {facts.gifter.invoice_id} pays for the gift {known.facts.id}.")
