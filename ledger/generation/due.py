"""Whether an invoice generates orders, and which moment counts for them (chargebee/order-generation.md, section 2)."""

from ledger.billing import GiftFacts
from ledger.invoice import InvoiceFacts
from ledger.settings import SiteSettings
from ledger.vocabulary import InvoiceStatus

_NEVER = frozenset({InvoiceStatus.PENDING, InvoiceStatus.VOIDED})
_FIRST_UNPAID = frozenset({InvoiceStatus.POSTED, InvoiceStatus.PAYMENT_DUE})


def is_due(invoice: InvoiceFacts, settings: SiteSettings, gift: GiftFacts | None) -> bool:
    """Whether its orders are to be there by now.

    They are once it is paid, is in one of the unpaid statuses that the site chose, or was written off whole, which
    generates cancelled orders. A gift generates nothing until it is claimed; a deleted invoice nothing any more.

    Args:
        settings: those in force when the invoice was first recorded.
        gift: the gift that it pays for, if any is known.
    """
    if not settings.order_generation_enabled or invoice.deleted or invoice.status in _NEVER:
        return False
    if invoice.is_gifted and not (gift and gift.is_claimed):
        return False
    generates = {InvoiceStatus.PAID, *settings.unpaid_statuses}
    return invoice.status in generates or invoice.is_written_off


def counting_moment(invoice: InvoiceFacts, settings: SiteSettings) -> int | None:
    """The moment that orders could be made at, in seconds, which may be late for their dates; None if it is not told.

    It is the payment, so that all orders of the deliveries of an invoice come to the same. Where the site waits for
    no payment, it is when the invoice was issued, paid meanwhile or not.
    """
    waits_for_payment = not _FIRST_UNPAID.issubset(settings.unpaid_statuses)
    if invoice.status is InvoiceStatus.PAID and waits_for_payment:
        return invoice.paid_at if invoice.paid_at is not None else invoice.date
    return invoice.generated_at if invoice.generated_at is not None else invoice.date
