"""Bringing the orders of an invoice to where everything that bears on them has come (chargebee/order-generation.md).

What is there is compared with what should be, and what differs is recorded in one append: orders that are due are
generated, orders that are there follow payments, credit notes and cancellations. So it makes no difference how often,
how late or in what order the news came, and asking again changes nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from ledger.billing import CreditNoteFacts, GiftFacts, SubscriptionFacts
from ledger.decision import DOCUMENT_NUMBERS, ORDER_NUMBERS, Context, Decision, Recording, Stream
from ledger.events import DomainEvent, InvoiceOrdersGenerated, OrderFacts, OrderGenerated
from ledger.generation.due import is_due
from ledger.generation.facts import facts_of_orders
from ledger.generation.plan import Plan, plan_orders
from ledger.ids import order_stream
from ledger.invoice import Invoice, with_orders
from ledger.invoice_changes import OrderChange, changes_of_orders
from ledger.order import Order, evolve
from ledger.parts import GeneratedOrder
from ledger.settings import SiteSettings
from ledger.vocabulary import OrderNumberAssignment


@dataclass(frozen=True, kw_only=True, slots=True)
class Surroundings:
    """All that bears on the orders of an invoice, as it was read.

    Args:
        settings: those in force when the invoice was first recorded; their catalog does not count.
        gift: the gift that the invoice pays for.
        orders: the streams of its orders, of every kind, deleted ones included.
        credit_notes: those that are known by themselves.
        subscriptions: those that the invoice bills and that are known by themselves, by id.
    """

    invoice: Stream[Invoice]
    settings: SiteSettings
    gift: GiftFacts | None = None
    orders: Sequence[Stream[Order]] = ()
    credit_notes: Sequence[CreditNoteFacts] = ()
    subscriptions: Mapping[str, SubscriptionFacts]


def reconcile(known: Surroundings, context: Context) -> Decision:
    """Generate what is due, and change what is there."""
    settings = replace(known.settings, catalog=context.settings.catalog)
    plan = _plan(known, settings, context)
    born = _born(plan, known, settings, context)
    settled = InvoiceOrdersGenerated(
        originator_id=known.invoice.id,
        originator_version=known.invoice.version + 1,
        timestamp=context.now_ms,
        orders=tuple(
            GeneratedOrder(order_id=order.id, invoice_line_item_ids=planned.line_ids)
            for order, planned in zip(born, plan.orders, strict=True)
        ),
        left_out=plan.left_out,
    )
    changes = changes_of_orders(
        [*(order.state for order in known.orders), *born],
        with_orders(known.invoice.state, settled),
        known.credit_notes,
        known.subscriptions,
        generation_enabled=settings.order_generation_enabled,
        now=context.now,
    )
    return Decision(events=_recorded(known, born, settled, changes, context))


def _plan(known: Surroundings, settings: SiteSettings, context: Context) -> Plan:
    invoice = known.invoice.state
    if not is_due(invoice.facts, settings, known.gift):
        return Plan()
    settled = invoice.settled_lines | _imported_lines(order.state for order in known.orders)
    return plan_orders(invoice.facts, settings, known.gift, now=context.now, settled=settled)


def _imported_lines(orders: Iterable[Order]) -> frozenset[str]:
    """The lines that an order of another system ships already: whoever imports orders wants no second ones."""
    imported = (order for order in orders if order.is_imported and not order.deleted)
    return frozenset(line.invoice_line_item_id for order in imported for line in order.order_line_items)


def _recorded(
    known: Surroundings,
    born: Sequence[Order],
    settled: InvoiceOrdersGenerated,
    changes: Sequence[OrderChange],
    context: Context,
) -> tuple[DomainEvent, ...]:
    """Births, what they settle on the invoice, and the changes of the orders that were there."""
    recording = Recording(context.now_ms)
    changed = {change.order.id: change for change in changes}
    for order in born:
        facts = _facts(order, changed.pop(order.id, None))
        recording.add(Stream(order_stream(order.id), None), OrderGenerated, order=facts)
    if settled.orders or settled.left_out:
        recording.add(known.invoice, InvoiceOrdersGenerated, orders=settled.orders, left_out=settled.left_out)
    streams = {order.state.id: order for order in known.orders}
    for change in changed.values():
        recording.add(streams[change.order.id], change.event_type, **change.data)
    return recording.events


def _born(plan: Plan, known: Surroundings, settings: SiteSettings, context: Context) -> list[Order]:
    """The planned orders with their ids, as they are born. Ids ascend with the order dates."""
    if not plan.orders:
        return []
    facts = facts_of_orders(
        plan.orders,
        known.invoice.state.facts,
        settings,
        known.gift,
        now=context.now,
        new_line_id=lambda: context.ids.line_item_id(live=context.live),
    )
    first = context.number(ORDER_NUMBERS, count=len(facts))
    if settings.order_number_assignment is OrderNumberAssignment.AT_GENERATION:
        facts = _numbered(facts, context)
    return [_newborn(str(number), each, context) for number, each in enumerate(facts, start=first)]


def _numbered(facts: Sequence[OrderFacts], context: Context) -> list[OrderFacts]:
    """The facts with document numbers. Prefix and start are those of today: the series goes on with them."""
    settings = context.settings
    first = context.number(DOCUMENT_NUMBERS, settings.order_number_start or 1, len(facts))
    return [
        replace(each, document_number=f"{settings.order_number_prefix}{number}")
        for number, each in enumerate(facts, start=first)
    ]


def _newborn(order_id: str, facts: OrderFacts, context: Context) -> Order:
    birth = OrderGenerated(
        originator_id=order_stream(order_id), originator_version=1, timestamp=context.now_ms, order=facts
    )
    return evolve(None, birth)


def _facts(born: Order, change: OrderChange | None) -> OrderFacts:
    """What an order is born with, where a credit note or a cancellation was known before it: one event tells all."""
    if change is not None:
        event = change.event_type(
            originator_id=order_stream(born.id),
            originator_version=born.version + 1,
            timestamp=born.resource_version + 1,
            **change.data,
        )
        born = evolve(born, event)
    return OrderFacts(**{name: getattr(born, name) for name in OrderFacts.__struct_fields__})
