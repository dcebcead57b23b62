"""Numbers that orders carry: their own, and the document number of the site's series (chargebee/orders.md)."""

from ledger.batch import NumberGiven
from ledger.commands import AssignOrderNumber
from ledger.decision import DOCUMENT_NUMBERS, ORDER_NUMBERS, Context, Decision, Recording, Stream
from ledger.errors import ParamWrongValue
from ledger.events import OrderNumberAssigned
from ledger.limits import NUMBER_DIGITS_MAX
from ledger.order import Order
from ledger.settings import SiteSettings


def assign_order_number(command: AssignOrderNumber, order: Stream[Order], context: Context) -> Decision:
    """Give the order the next number of the series, once."""
    if order.state.document_number is not None:
        return Decision(order_id=command.order_id)
    settings = context.settings
    number = context.number(DOCUMENT_NUMBERS, settings.order_number_start or 1)
    recording = Recording(context.now_ms)
    recording.add(order, OrderNumberAssigned, document_number=f"{settings.order_number_prefix}{number}")
    return Decision(events=recording.events, order_id=command.order_id)


def given_number(order_id: str | None) -> tuple[NumberGiven, ...]:
    """A numeric id that a caller gave moves the sequence of order numbers past it."""
    return _given(ORDER_NUMBERS, order_id or "")


def given_document_number(number: str | None, settings: SiteSettings) -> tuple[NumberGiven, ...]:
    """An imported document number moves the series past it, where no configured start keeps the two apart."""
    if number is None or not number.startswith(settings.order_number_prefix):
        return ()
    return _given(DOCUMENT_NUMBERS, number.removeprefix(settings.order_number_prefix))


def refuse_number_of_series(number: str, settings: SiteSettings) -> None:
    """An imported document number must stay below the configured series: with ORDER and 1000, up to ORDER999."""
    start = settings.order_number_start
    digits = number.removeprefix(settings.order_number_prefix)
    if start is None or not number.startswith(settings.order_number_prefix) or not _is_number(digits):
        return
    if int(digits) >= start:
        raise ParamWrongValue("belongs to the number series of the site", param="document_number")


def _given(series: str, digits: str) -> tuple[NumberGiven, ...]:
    if not _is_number(digits) or len(digits) > NUMBER_DIGITS_MAX or int(digits) == 0:
        return ()
    return (NumberGiven(series, int(digits)),)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()
