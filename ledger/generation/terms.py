"""From when to when a line runs (chargebee/order-generation.md, sections 1 and 2)."""

from typing import NamedTuple
from zoneinfo import ZoneInfo

from ledger.billing import GiftFacts
from ledger.generation.civil_time import later, months_between
from ledger.invoice import InvoiceFacts, InvoiceLine
from ledger.vocabulary import PeriodUnit


class Term(NamedTuple):
    """Seconds since 1970; ``date_to`` is the first that is not in it, None for a line without an end."""

    date_from: int
    date_to: int | None


def term_of(
    line: InvoiceLine, invoice: InvoiceFacts, gift: GiftFacts | None, zone: ZoneInfo, *, otherwise: int
) -> Term:
    """The term of a line.

    That of a gift starts when it is claimed and is as long as it was bought for, unless Chargebee has said that the
    dates of the invoice are final (``term_finalized``).

    Args:
        otherwise: the start of a line on which neither it nor its invoice has a date.
    """
    start = next((each for each in (line.date_from, invoice.date) if each is not None), otherwise)
    end = line.date_to if line.date_to is not None and line.date_to > start else None
    claimed_at = gift.claimed_at if gift and invoice.is_gifted and not invoice.term_finalized else None
    return Term(start, end) if claimed_at is None else _moved(Term(start, end), claimed_at, zone)


def _moved(term: Term, start: int, zone: ZoneInfo) -> Term:
    if term.date_to is None:
        return Term(start, None)
    months = months_between(term.date_from, term.date_to, zone)
    if months is not None:
        return Term(start, later(start, months, PeriodUnit.MONTH, zone))
    return Term(start, start + term.date_to - term.date_from)
