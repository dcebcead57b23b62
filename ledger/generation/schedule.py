"""When one line of an invoice ships, given when it was paid (chargebee/order-generation.md, sections 2 to 4)."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from ledger.generation.dates import ONE_TIME, TooManyOrders, order_dates
from ledger.generation.shipping import shipment
from ledger.generation.terms import Term
from ledger.invoice import InvoiceLine
from ledger.settings import CatalogItem, ShippingRule
from ledger.vocabulary import CancellationReason, LeftOutReason


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """One time that a line ships: its order date, and why it is cancelled before it comes about, if it is."""

    line: InvoiceLine
    order_date: int
    is_first: bool
    cancelled_for: CancellationReason | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Circumstances:
    """What is the same for all lines of an invoice.

    ``moment`` is when orders could be made at the earliest, in seconds: the payment; None if it is not known.
    """

    zone: ZoneInfo
    rule: ShippingRule | None
    moment: int | None
    is_written_off: bool = False


def schedule(
    line: InvoiceLine, term: Term, item: CatalogItem | None, around: Circumstances
) -> tuple[Delivery, ...] | LeftOutReason:
    """Every delivery of the line in the order of their dates, or why it gets none.

    A line that is part of a term has to be paid before the term ends or, when it ships several times, before its
    second date. Paid late but in time, the first order date becomes the payment date; unless the shipment was cut off
    by then, which cancels the first delivery and leaves it its dates. One-time charges ship whenever they are paid.
    """
    try:
        dates = order_dates(line.entity_type, term.date_from, term.date_to, item, around.zone)
    except TooManyOrders:
        return LeftOutReason.TOO_MANY_ORDERS
    if around.is_written_off:
        reason = CancellationReason.INVOICE_WRITTEN_OFF
        return tuple(_delivery(line, date, place == 0, reason) for place, date in enumerate(dates))
    moment = dates[0] if around.moment is None else around.moment
    is_one_time = line.entity_type in ONE_TIME
    if not is_one_time and _missed(dates, term, moment):
        return LeftOutReason.DEADLINE_MISSED
    if not is_one_time and _is_cut_off(dates[0], moment, around):
        first = _delivery(line, dates[0], True, CancellationReason.SHIPPING_CUT_OFF_PASSED)
    else:
        first = _delivery(line, max(dates[0], moment), True)
    return (first, *(_delivery(line, date, False) for date in dates[1:]))


def _missed(dates: tuple[int, ...], term: Term, moment: int) -> bool:
    deadline = dates[1] if len(dates) > 1 else term.date_to
    return deadline is not None and moment >= deadline


def _is_cut_off(planned: int, moment: int, around: Circumstances) -> bool:
    cut_off = shipment(planned, around.rule, around.zone, is_first=True).cut_off_date
    return cut_off is not None and moment > cut_off


def _delivery(
    line: InvoiceLine, order_date: int, is_first: bool, cancelled_for: CancellationReason | None = None
) -> Delivery:
    return Delivery(line=line, order_date=order_date, is_first=is_first, cancelled_for=cancelled_for)
