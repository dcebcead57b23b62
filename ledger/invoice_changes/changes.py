"""The changes of all orders of an invoice: each is brought to where it should be, and the differences are told."""

from collections.abc import Mapping, Sequence

from ledger.billing import CreditNoteFacts, SubscriptionFacts
from ledger.invoice import Invoice
from ledger.invoice_changes.amounts import with_amounts
from ledger.invoice_changes.cancellation import with_cancellation
from ledger.invoice_changes.credit_notes import known_credit_notes
from ledger.invoice_changes.difference import OrderChange, difference
from ledger.invoice_changes.linking import with_links, with_states
from ledger.invoice_changes.payment import with_payment
from ledger.order import Order


def changes_of_orders(
    orders: Sequence[Order],
    invoice: Invoice,
    credit_notes: Sequence[CreditNoteFacts],
    subscriptions: Mapping[str, SubscriptionFacts],
    *,
    generation_enabled: bool,
    now: int,
) -> Sequence[OrderChange]:
    """What has to change, at most one change of each order.

    Args:
        orders: every order of the invoice, whatever its kind; deleted ones too, which stay as they are.
        credit_notes: those that are known by themselves. The invoice's own lists stand in for the others.
        subscriptions: those of the invoice that are known, by id.
        generation_enabled: where the site does not generate orders, and where the invoice was deleted, credit notes
            that are linked already follow their state, and nothing else happens.
        now: seconds since 1970, the time of cancellations.
    """
    notes = known_credit_notes(invoice, credit_notes)
    after = [with_states(order, notes) for order in orders]
    if generation_enabled and not invoice.facts.deleted:
        after = with_amounts([with_payment(order, invoice.facts) for order in after], invoice)
        after = [with_cancellation(order, invoice.facts, subscriptions, now=now) for order in after]
        after = with_links(after, invoice, notes)
    found = (difference(before, order) for before, order in zip(orders, after, strict=True))
    return tuple(change for change in found if change is not None)
