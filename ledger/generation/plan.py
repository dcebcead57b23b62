"""Which orders an invoice gets, with which lines (chargebee/order-generation.md, sections 1 to 4)."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from ledger.billing import GiftFacts
from ledger.generation.due import counting_moment
from ledger.generation.grouping import PlannedOrder, joined_orders, orders_of_subscription
from ledger.generation.schedule import Circumstances, Delivery, schedule
from ledger.generation.terms import term_of
from ledger.invoice import InvoiceFacts, InvoiceLine
from ledger.limits import GENERATED_LINES_MAX
from ledger.order_contents import is_shippable
from ledger.parts import LeftOutLine
from ledger.settings import SiteSettings
from ledger.vocabulary import EntityType, LeftOutReason


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """Orders in the order of their dates, and the lines for which it is settled that they get none.

    A line that is in neither is not settled: its item is missing from the catalog of a site that ships known ones
    alone, and may still be added.
    """

    orders: tuple[PlannedOrder, ...] = ()
    left_out: tuple[LeftOutLine, ...] = ()


def plan_orders(
    invoice: InvoiceFacts,
    settings: SiteSettings,
    gift: GiftFacts | None,
    *,
    now: int,
    settled: frozenset[str] = frozenset(),
) -> Plan:
    """The orders of an invoice that is due, for all of its lines but those that are settled already.

    Lines of one subscription that are due on the same day share an order. Lines of several subscriptions do where the
    site wants so and they also ship on the same day; there is one shipping address for an invoice. Lines that are not
    shipped ride along on the first order of their subscription where the site includes them.

    Args:
        settings: those in force when the invoice was first recorded, with the catalog of today.
        now: seconds, for lines without any date.
    """
    around = Circumstances(
        zone=ZoneInfo(settings.time_zone),
        rule=settings.shipping_rule,
        moment=counting_moment(invoice, settings),
        is_written_off=invoice.is_written_off,
    )

    def deliveries(line: InvoiceLine) -> tuple[Delivery, ...] | LeftOutReason:
        term = term_of(line, invoice, gift, around.zone, otherwise=now)
        return schedule(line, term, settings.catalog.get(line.entity_id or ""), around)

    lines = [line for line in invoice.line_items if line.id not in settled]
    riding = [line for line in lines if not is_shippable(line, settings)]
    schedules, left_out = _schedules((line for line in lines if is_shippable(line, settings)), deliveries)
    orders = _orders(invoice, schedules, riding if settings.include_non_shippable else [], around)
    if settings.single_order_with_multiple_items:
        orders = joined_orders(orders, around.zone)
    return Plan(
        orders=tuple(_in_order(orders, invoice)),
        left_out=(*left_out, *_not_shipped(riding, orders, settings)),
    )


def _schedules(
    lines: Iterable[InvoiceLine], deliveries: Callable[[InvoiceLine], tuple[Delivery, ...] | LeftOutReason]
) -> tuple[list[tuple[Delivery, ...]], list[LeftOutLine]]:
    """The deliveries of each line, as far as one append can hold them; and the lines that get none."""
    schedules: list[tuple[Delivery, ...]] = []
    left_out: list[LeftOutLine] = []
    room = GENERATED_LINES_MAX
    for line in lines:
        found = deliveries(line)
        if not isinstance(found, LeftOutReason) and len(found) > room:
            found = LeftOutReason.TOO_MANY_ORDERS
        if isinstance(found, LeftOutReason):
            left_out.append(LeftOutLine(invoice_line_item_id=line.id, reason=found))
        else:
            schedules.append(found)
            room -= len(found)
    return schedules, left_out


def _orders(
    invoice: InvoiceFacts,
    schedules: Iterable[tuple[Delivery, ...]],
    riding: Sequence[InvoiceLine],
    around: Circumstances,
) -> list[PlannedOrder]:
    by_subscription: defaultdict[str | None, list[tuple[Delivery, ...]]] = defaultdict(list)
    for deliveries in schedules:
        by_subscription[invoice.subscription_of(deliveries[0].line)].append(deliveries)
    orders: list[PlannedOrder] = []
    for subscription_id, together in by_subscription.items():
        first, *others = orders_of_subscription(subscription_id, together, around)
        passengers = (line.id for line in riding if invoice.subscription_of(line) == subscription_id)
        orders += [replace(first, line_ids=(*first.line_ids, *passengers)), *others]
    return orders


def _in_order(orders: Iterable[PlannedOrder], invoice: InvoiceFacts) -> list[PlannedOrder]:
    places = {line.id: place for place, line in enumerate(invoice.line_items)}
    arranged = [replace(order, line_ids=tuple(sorted(order.line_ids, key=places.__getitem__))) for order in orders]
    return sorted(arranged, key=lambda order: (order.order_date, places[order.line_ids[0]]))


def _not_shipped(
    riding: Iterable[InvoiceLine], orders: Iterable[PlannedOrder], settings: SiteSettings
) -> list[LeftOutLine]:
    aboard = {line_id for order in orders for line_id in order.line_ids}
    return [
        LeftOutLine(invoice_line_item_id=line.id, reason=LeftOutReason.NOT_SHIPPABLE)
        for line in riding
        if line.id not in aboard and _is_known(line, settings)
    ]


def _is_known(line: InvoiceLine, settings: SiteSettings) -> bool:
    return line.entity_type is EntityType.ADHOC or (line.entity_id or "") in settings.catalog
