"""Every event type there is: what happened, in the past tense, with its outcome, never a rule.

An event says what came out of a decision (the new status of every line it moved, the time that was set), so that
folding it needs no rule and an old event means the same under newer code. Fields come from the ``eventsourcing``
vocabulary: ``originator_id`` is the stream, ``originator_version`` the place in it; ``timestamp`` is the recorded
time in milliseconds, strictly increasing within a stream, and for orders it is Chargebee's ``resource_version``.

``TOPIC`` is the stored type name and never changes. A changed shape raises ``class_version`` and adds an
``upcast_vN_vM`` to the class (a static method that edits the stored data in place).
"""

from typing import Any, ClassVar

import msgspec
from eventsourcing.utils import register_topic
from msgspec import UNSET, UnsetType

from ledger.parts import (
    Address,
    AddressChanges,
    Change,
    GeneratedOrder,
    IssuedCreditNote,
    LeftOutLine,
    LineChange,
    LineItemDiscount,
    LineItemTax,
    LinkedCreditNote,
    OrderLine,
    Part,
    ResentOrder,
    Text,
    TimeChange,
    WebhookEndpoint,
)
from ledger.vocabulary import (
    CancellationReason,
    CreditNoteReason,
    OrderStatus,
    OrderType,
    PaymentStatus,
    PriceType,
    ResentStatus,
)


class DomainEvent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What every event has; satisfies the ``DomainEventProtocol`` of eventsourcing."""

    TOPIC: ClassVar[str]
    class_version: ClassVar[int] = 1

    originator_id: str
    originator_version: int
    timestamp: int


class OrderFacts(Part, frozen=True, kw_only=True):
    """What an order is born with. Amounts and lines come from its invoice; a manual order has none."""

    invoice_id: str
    status: OrderStatus
    order_type: OrderType
    price_type: PriceType
    created_at: int
    created_by: Text = None
    document_number: Text = None
    subscription_id: Text = None
    customer_id: Text = None
    business_entity_id: Text = None
    currency_code: Text = None
    payment_status: PaymentStatus | None = None
    cancellation_reason: CancellationReason | None = None
    reference_id: Text = None
    fulfillment_status: Text = None
    tracking_id: Text = None
    tracking_url: Text = None
    batch_id: Text = None
    shipment_carrier: Text = None
    note: Text = None
    order_date: int | None = None
    shipping_date: int | None = None
    shipping_cut_off_date: int | None = None
    paid_on: int | None = None
    shipped_at: int | None = None
    delivered_at: int | None = None
    cancelled_at: int | None = None
    invoice_round_off_amount: int | None = None
    is_imported: bool = False
    is_resent: bool = False
    original_order_id: Text = None
    resend_reason: Text = None
    is_gifted: bool | None = None
    gift_id: Text = None
    gift_note: Text = None
    order_line_items: tuple[OrderLine, ...] = ()
    line_item_taxes: tuple[LineItemTax, ...] = ()
    line_item_discounts: tuple[LineItemDiscount, ...] = ()
    linked_credit_notes: tuple[LinkedCreditNote, ...] = ()
    shipping_address: Address | None = None
    billing_address: Address | None = None


class OrderChanges(Part, frozen=True, kw_only=True):
    """New values of order members; None clears one, an unset member stays."""

    status: OrderStatus | UnsetType = UNSET
    status_update_at: int | UnsetType = UNSET
    cancellation_reason: CancellationReason | UnsetType | None = UNSET
    cancelled_at: TimeChange = UNSET
    shipped_at: TimeChange = UNSET
    delivered_at: TimeChange = UNSET
    order_date: TimeChange = UNSET
    shipping_date: TimeChange = UNSET
    reference_id: Change = UNSET
    batch_id: Change = UNSET
    note: Change = UNSET
    tracking_id: Change = UNSET
    tracking_url: Change = UNSET
    shipment_carrier: Change = UNSET
    fulfillment_status: Change = UNSET
    payment_status: PaymentStatus | UnsetType = UNSET
    paid_on: TimeChange = UNSET


class OrderCreated(DomainEvent, frozen=True, kw_only=True):
    """A manual order was made."""

    TOPIC = "order.created"
    order: OrderFacts


class OrderImported(DomainEvent, frozen=True, kw_only=True):
    """An order that another system made was taken over."""

    TOPIC = "order.imported"
    order: OrderFacts


class OrderCreatedFromResend(DomainEvent, frozen=True, kw_only=True):
    """Resending another order made this one."""

    TOPIC = "order.created_from_resend"
    order: OrderFacts


class OrderGenerated(DomainEvent, frozen=True, kw_only=True):
    """An invoice brought the order about (chargebee/order-generation.md)."""

    TOPIC = "order.generated"
    order: OrderFacts


class OrderChanged(DomainEvent, frozen=True, kw_only=True):
    """Shape of the events that carry new values. Never stored itself.

    ``linked_credit_notes`` are those that became known or changed, each as it is now.
    """

    changes: OrderChanges = OrderChanges()
    shipping_address: AddressChanges | None = None
    order_line_items: tuple[LineChange, ...] = ()
    linked_credit_notes: tuple[LinkedCreditNote, ...] = ()


class OrderUpdated(OrderChanged, frozen=True, kw_only=True):
    """Members changed, and nothing more special happened."""

    TOPIC = "order.updated"


class OrderInvoiceUpdated(OrderChanged, frozen=True, kw_only=True):
    """What happened to its invoice changed the payment, the amounts or the credit notes of the order."""

    TOPIC = "order.invoice_updated"


class OrderReadyToProcess(DomainEvent, frozen=True, kw_only=True):
    """The order date was reached (chargebee/events.md, section 3)."""

    TOPIC = "order.ready_to_process"
    order_date: int


class OrderReadyToShip(DomainEvent, frozen=True, kw_only=True):
    """The shipping date was reached."""

    TOPIC = "order.ready_to_ship"
    shipping_date: int


class OrderDelivered(OrderChanged, frozen=True, kw_only=True):
    """The order was marked as delivered."""

    TOPIC = "order.delivered"


class OrderReturned(OrderChanged, frozen=True, kw_only=True):
    """The order was marked as returned."""

    TOPIC = "order.returned"


class OrderCancelled(OrderChanged, frozen=True, kw_only=True):
    """The order was cancelled, with a refundable credit note or without."""

    TOPIC = "order.cancelled"
    credit_note: IssuedCreditNote | None = None
    customer_notes: Text = None
    comment: Text = None


class OrderReopened(OrderChanged, frozen=True, kw_only=True):
    """A cancelled order was taken up again; unused credit notes of the cancellation may have been voided."""

    TOPIC = "order.reopened"
    voided_credit_notes: tuple[str, ...] = ()


class OrderCreditNoteCreated(DomainEvent, frozen=True, kw_only=True):
    """A refundable credit note was made for the order."""

    TOPIC = "order.credit_note_created"
    credit_note: IssuedCreditNote


class OrderNumberAssigned(DomainEvent, frozen=True, kw_only=True):
    """The order got its document number."""

    TOPIC = "order.number_assigned"
    document_number: str


class OrderResent(DomainEvent, frozen=True, kw_only=True):
    """The order was sent once more, whole or in part, by a new order."""

    TOPIC = "order.resent"
    resent_status: ResentStatus
    resent_order: ResentOrder


class OrderDeleted(DomainEvent, frozen=True, kw_only=True):
    """An imported order was deleted."""

    TOPIC = "order.deleted"


class InvoiceRecorded(DomainEvent, frozen=True, kw_only=True):
    """An invoice became known, as Chargebee describes it (decimals as strings)."""

    TOPIC = "invoice.recorded"
    invoice: dict[str, Any]


class InvoiceUpdated(DomainEvent, frozen=True, kw_only=True):
    """A newer state of the invoice became known."""

    TOPIC = "invoice.updated"
    invoice: dict[str, Any]


class InvoiceCreditNoteIssued(DomainEvent, frozen=True, kw_only=True):
    """A command on an order issued a refundable credit note against the invoice."""

    TOPIC = "invoice.credit_note_issued"
    credit_note_id: str
    order_id: str
    total: int


class InvoiceCreditNoteVoided(DomainEvent, frozen=True, kw_only=True):
    """A credit note that was issued here was voided."""

    TOPIC = "invoice.credit_note_voided"
    credit_note_id: str


class InvoiceOrdersGenerated(DomainEvent, frozen=True, kw_only=True):
    """Orders were generated for lines of the invoice, or it was settled that some get none; once for each line."""

    TOPIC = "invoice.orders_generated"
    orders: tuple[GeneratedOrder, ...] = ()
    left_out: tuple[LeftOutLine, ...] = ()


class CreditNoteCreated(DomainEvent, frozen=True, kw_only=True):
    """A refundable credit note came into being through an order."""

    TOPIC = "credit_note.created"
    order_id: str
    invoice_id: str
    total: int
    reason_code: CreditNoteReason
    currency_code: Text = None
    customer_id: Text = None
    subscription_id: Text = None
    business_entity_id: Text = None
    customer_notes: Text = None
    comment: Text = None


class CreditNoteVoided(DomainEvent, frozen=True, kw_only=True):
    """The credit note was voided."""

    TOPIC = "credit_note.voided"


class CreditNoteRecorded(DomainEvent, frozen=True, kw_only=True):
    """A state of a credit note that was made elsewhere became known, as Chargebee describes it."""

    TOPIC = "credit_note.recorded"
    credit_note: dict[str, Any]


class SubscriptionRecorded(DomainEvent, frozen=True, kw_only=True):
    """A state of a subscription became known, as Chargebee describes it."""

    TOPIC = "subscription.recorded"
    subscription: dict[str, Any]


class GiftRecorded(DomainEvent, frozen=True, kw_only=True):
    """A state of the gift that an invoice pays for became known, as Chargebee describes it."""

    TOPIC = "gift.recorded"
    gift: dict[str, Any]


class WebhookEndpointCreated(DomainEvent, frozen=True, kw_only=True):
    """Events are delivered to one more place."""

    TOPIC = "webhook_endpoint.created"
    endpoint: WebhookEndpoint


class WebhookEndpointUpdated(DomainEvent, frozen=True, kw_only=True):
    """The endpoint is another now."""

    TOPIC = "webhook_endpoint.updated"
    endpoint: WebhookEndpoint


class WebhookEndpointDeleted(DomainEvent, frozen=True, kw_only=True):
    """Events are not delivered there any more."""

    TOPIC = "webhook_endpoint.deleted"
    endpoint_id: str


class SettingsChanged(DomainEvent, frozen=True, kw_only=True):
    """Settings of the site were set; members that are absent stay as they were."""

    TOPIC = "settings.changed"
    settings: dict[str, Any]


EVENT_TYPES: tuple[type[DomainEvent], ...] = (
    OrderCreated,
    OrderImported,
    OrderCreatedFromResend,
    OrderGenerated,
    OrderUpdated,
    OrderInvoiceUpdated,
    OrderReadyToProcess,
    OrderReadyToShip,
    OrderDelivered,
    OrderReturned,
    OrderCancelled,
    OrderReopened,
    OrderCreditNoteCreated,
    OrderNumberAssigned,
    OrderResent,
    OrderDeleted,
    InvoiceRecorded,
    InvoiceUpdated,
    InvoiceCreditNoteIssued,
    InvoiceCreditNoteVoided,
    InvoiceOrdersGenerated,
    CreditNoteCreated,
    CreditNoteVoided,
    CreditNoteRecorded,
    SubscriptionRecorded,
    GiftRecorded,
    WebhookEndpointCreated,
    WebhookEndpointUpdated,
    WebhookEndpointDeleted,
    SettingsChanged,
)
"""Every stored type. A test fails when a subclass is missing here."""

for _event_type in EVENT_TYPES:
    register_topic(_event_type.TOPIC, _event_type)
