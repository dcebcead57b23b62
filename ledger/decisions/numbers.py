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
    if order_id is None or not _is_number(order_id) or len(order_id) > NUMBER_DIGITS_MAX or int(order_id) == 0:
        return ()
    return (NumberGiven(ORDER_NUMBERS, int(order_id)),)


def refuse_number_of_series(number: str, settings: SiteSettings) -> None:
    """An imported document number must stay below the configured series: with ORDER and 1000, up to ORDER999."""
    start = settings.order_number_start
    digits = number.removeprefix(settings.order_number_prefix)
    if start is None or not number.startswith(settings.order_number_prefix) or not _is_number(digits):
        return
    if int(digits) >= start:
        raise ParamWrongValue("belongs to the number series of the site", param="document_number")


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()
