"""An invoice, its orders, and what happens to the invoice later: a world in memory, without the ledger around it.

world = World(invoice(status="payment_due"), three_orders())
world.invoice(status="paid", amount_paid=30_000, paid_at=PAID)
assert world.reconcile() == {"1": "order.invoice_updated", ...}
"""

from collections.abc import Iterable, Sequence
from typing import Any

from msgspec.structs import replace

from ledger.billing import CreditNoteFacts, SubscriptionFacts, read_credit_note_facts, read_subscription_facts
from ledger.decision import Recording, Stream
from ledger.events import OrderFacts, OrderGenerated
from ledger.ids import order_stream
from ledger.invoice import Invoice, InvoiceFacts, read_facts
from ledger.invoice_changes import OrderChange, changes_of_orders
from ledger.invoice_shares import shares_of_lines, shares_of_orders
from ledger.order import Order, evolve
from ledger.parts import GeneratedOrder, LinkedCreditNote, OrderLine
from ledger.vocabulary import (
    EntityType,
    InvoiceStatus,
    LineItemStatus,
    OrderStatus,
    OrderType,
    PaymentStatus,
    PriceType,
)

BORN = 1_700_000_000
NOW = BORN + 3_600
PAID = BORN - 60
DAY = 86_400
PLAN = {"id": "li_1", "entity_type": "plan_item_price", "amount": 30_000, "unit_amount": 30_000}


def invoice(**members: Any) -> dict[str, Any]:
    """A paid invoice over 300.00 for one line of a plan."""
    described: dict[str, Any] = {
        "id": "inv_1",
        "status": "paid",
        "currency_code": "USD",
        "subscription_id": "sub_1",
        "line_items": [PLAN],
    } | members
    described.setdefault("total", sum(line["amount"] for line in described["line_items"]))
    is_paid = described["status"] == "paid" and not described.get("write_off_amount")
    described.setdefault("amount_paid", described["total"] if is_paid else 0)
    return described | ({"paid_at": PAID} if is_paid else {})


def credit_note(note_id: str = "CN-1", total: int = 5_000, **members: Any) -> CreditNoteFacts:
    """A refundable credit note of 50.00 for the invoice, of which nothing is used."""
    described = {"id": note_id, "type": "refundable", "status": "refund_due", "total": total}
    return read_credit_note_facts(described | {"reference_invoice_id": "inv_1"} | members)


def subscription(subscription_id: str = "sub_1", **members: Any) -> SubscriptionFacts:
    """A subscription that was cancelled when its orders were born."""
    return read_subscription_facts(
        {"id": subscription_id, "status": "cancelled", "cancelled_at": BORN} | members,
    )


class World:
    """An invoice and its generated orders, one for each set of line ids, a day apart."""

    def __init__(
        self,
        described: dict[str, Any] | None = None,
        orders: Sequence[Iterable[str]] = (("li_1",),) * 3,
        **facts: Any,
    ) -> None:
        self._description = described or invoice()
        self.issued: dict[str, int] = {}
        self.notes: dict[str, CreditNoteFacts] = {}
        self.subscriptions: dict[str, SubscriptionFacts] = {}
        self.plan = [(str(place + 1), tuple(lines)) for place, lines in enumerate(orders)]
        self.generated = tuple(GeneratedOrder(order_id=each, invoice_line_item_ids=lines) for each, lines in self.plan)
        self.orders = {each: born(each, _facts(self.facts, each, self.plan, facts)) for each, _ in self.plan}
        self._clock = NOW

    @property
    def facts(self) -> InvoiceFacts:
        return read_facts(self._description)

    def add(self, *orders: Order) -> None:
        """Orders that were not generated."""
        self.orders |= {order.id: order for order in orders}

    def change(self, order_id: str, **members: Any) -> None:
        """Somebody changes an order."""
        self.orders[order_id] = replace(self.orders[order_id], **members)

    def move(self, order_id: str, status: OrderStatus) -> None:
        """Somebody sets the status of an order and of its lines."""
        lines = self.orders[order_id].order_line_items
        moved = tuple(replace(line, status=LineItemStatus(status)) for line in lines)
        self.change(order_id, status=status, order_line_items=moved)

    def invoice(self, **members: Any) -> None:
        """News of the invoice."""
        self._description = self._description | members

    def note(self, *notes: CreditNoteFacts) -> None:
        """News of credit notes."""
        self.notes |= {note.id: note for note in notes}

    def subscription(self, found: SubscriptionFacts) -> None:
        """News of a subscription."""
        self.subscriptions[found.id] = found

    def changes(self, *, generation_enabled: bool = True) -> Sequence[OrderChange]:
        """What would change now."""
        known = Invoice(facts=self.facts, description=self._description, issued=self.issued, generated=self.generated)
        return changes_of_orders(
            tuple(self.orders.values()),
            known,
            tuple(self.notes.values()),
            self.subscriptions,
            generation_enabled=generation_enabled,
            now=self._clock,
        )

    def reconcile(self, *, generation_enabled: bool = True) -> dict[str, str]:
        """Let it change; the type of the one event of each order that changed. Asking again finds nothing."""
        changes = self.changes(generation_enabled=generation_enabled)
        assert len({change.order.id for change in changes}) == len(changes), "one event of each order"
        for change in changes:
            self._apply(change)
        assert not self.changes(generation_enabled=generation_enabled), "asking again finds nothing"
        self._clock += 60
        return {change.order.id: change.event_type.TOPIC for change in changes}

    def of_orders(self, member: str) -> list[Any]:
        """What each order has of a member, by birth."""
        return [getattr(order, member) for order in self.orders.values()]

    def of_lines(self, member: str) -> list[int]:
        """The sum of an amount over the lines of each order, by birth."""
        return [sum(getattr(line, member) for line in order.order_line_items) for order in self.orders.values()]

    def linked(self, note_id: str = "CN-1") -> list[LinkedCreditNote | None]:
        """The credit note as each order has it."""
        notes = ({note.id: note for note in order.linked_credit_notes} for order in self.orders.values())
        return [each.get(note_id) for each in notes]

    def spread(self, note_id: str = "CN-1") -> list[int]:
        """What each order has of a credit note."""
        return [note.amount if note else 0 for note in self.linked(note_id)]

    def _apply(self, change: OrderChange) -> None:
        order = change.order
        recording = Recording(self._clock * 1000)
        stream = Stream(order_stream(order.id), order, order.version, order.resource_version)
        self.orders[order.id] = evolve(order, recording.add(stream, change.event_type, **change.data))


def born(order_id: str, facts: OrderFacts) -> Order:
    """An order right after its birth."""
    event = OrderGenerated(
        originator_id=order_stream(order_id), originator_version=1, timestamp=BORN * 1000, order=facts
    )
    return evolve(None, event)


def other_order(order_id: str, described: dict[str, Any], **members: Any) -> Order:
    """An order that was not generated, with the whole invoice on it: imported, unless members say otherwise."""
    facts = _facts(read_facts(described), order_id, [(order_id, tuple(line["id"] for line in described["line_items"]))])
    return born(order_id, replace(facts, **{"is_imported": True} | members))


def _facts(
    known: InvoiceFacts,
    order_id: str,
    plan: Sequence[tuple[str, tuple[str, ...]]],
    members: dict[str, Any] | None = None,
) -> OrderFacts:
    place = next(place for place, (each, _) in enumerate(plan) if each == order_id)
    is_paid = known.status is InvoiceStatus.PAID
    return replace(
        OrderFacts(
            invoice_id=known.id,
            subscription_id=known.subscription_id,
            status=OrderStatus.QUEUED,
            order_type=OrderType.SYSTEM_GENERATED,
            price_type=PriceType.TAX_EXCLUSIVE,
            created_at=BORN,
            payment_status=PaymentStatus.PAID if is_paid else PaymentStatus.NOT_PAID,
            paid_on=known.paid_at if is_paid else None,
            order_date=BORN + place * DAY,
            shipping_date=BORN + place * DAY,
            order_line_items=tuple(_line(known, plan, place, line_id) for line_id in plan[place][1]),
        ),
        **members or {},
    )


def _line(known: InvoiceFacts, plan: Sequence[tuple[str, tuple[str, ...]]], place: int, line_id: str) -> OrderLine:
    holders = [each for each, (_, lines) in enumerate(plan) if line_id in lines]

    def share(amount: int) -> int:
        return shares_of_orders(amount, len(holders))[holders.index(place)]

    line = next(line for line in known.line_items if line.id == line_id)
    return OrderLine(
        id=f"o_li_{plan[place][0]}_{line_id}",
        invoice_id=known.id,
        invoice_line_item_id=line_id,
        entity_type=EntityType.PLAN_ITEM_PRICE,
        is_shippable=True,
        status=LineItemStatus.QUEUED,
        unit_price=line.unit_amount,
        fulfillment_quantity=line.quantity,
        amount=share(line.amount),
        fulfillment_amount=share(line.amount),
        amount_paid=share(shares_of_lines(known, known.paid)[line_id]),
        amount_adjusted=share(shares_of_lines(known, known.adjusted)[line_id]),
    )
