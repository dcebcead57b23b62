"""What can be asked of the ledger: one frozen class per operation (chargebee/orders.md, section 6).

A command is well formed: types, lengths and enums were checked. Whether it is allowed is for the decisions to say.
``index`` of a line entry is its number in the request, to name the parameter that is wrong. An empty value, which
clears a member, is None; what was not given is UNSET.
"""

from dataclasses import dataclass, field
from typing import Any

from msgspec import UNSET, UnsetType

from ledger.events import OrderChanges
from ledger.parts import Address, AddressChanges, WebhookEndpoint
from ledger.vocabulary import CancellationReason, CreditNoteReason, LineItemStatus, OrderStatus, ReadyDate


@dataclass(frozen=True, kw_only=True, slots=True)
class CreateOrder:
    """Make a manual order for an invoice."""

    invoice_id: str
    id: str | None = None
    status: OrderStatus = OrderStatus.NEW
    reference_id: str | None = None
    fulfillment_status: str | None = None
    note: str | None = None
    tracking_id: str | None = None
    tracking_url: str | None = None
    batch_id: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class LineUpdate:
    """New values of one line."""

    index: int
    id: str
    status: LineItemStatus | None = None
    sku: str | UnsetType | None = UNSET


@dataclass(frozen=True, kw_only=True, slots=True)
class UpdateOrder:
    """Change members, the address or lines of an order."""

    order_id: str
    changes: OrderChanges = field(default_factory=OrderChanges)
    shipping_address: AddressChanges | None = None
    order_line_items: tuple[LineUpdate, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportOrder:
    """Take over an order that another system made for a known invoice."""

    invoice_id: str
    status: OrderStatus
    created_at: int
    order_date: int
    shipping_date: int
    id: str | None = None
    document_number: str | None = None
    subscription_id: str | None = None
    customer_id: str | None = None
    reference_id: str | None = None
    fulfillment_status: str | None = None
    note: str | None = None
    tracking_id: str | None = None
    tracking_url: str | None = None
    batch_id: str | None = None
    shipment_carrier: str | None = None
    shipping_cut_off_date: int | None = None
    delivered_at: int | None = None
    shipped_at: int | None = None
    cancelled_at: int | None = None
    cancellation_reason: CancellationReason | None = None
    refundable_credits_issued: int = 0
    shipping_address: Address | None = None
    billing_address: Address | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class AssignOrderNumber:
    """Give the order its document number, if it has none."""

    order_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CancelOrder:
    """Cancel an order, and issue a refundable credit note when ``credit_note_total`` is above 0."""

    order_id: str
    cancellation_reason: CancellationReason
    customer_notes: str | None = None
    comment: str | None = None
    cancelled_at: int | None = None
    credit_note_total: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class CreateRefundableCreditNote:
    """Issue a refundable credit note for an order."""

    order_id: str
    reason_code: CreditNoteReason
    total: int
    customer_notes: str | None = None
    comment: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ReopenOrder:
    """Take a cancelled order up again."""

    order_id: str
    void_cancellation_credit_notes: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class DeleteOrder:
    """Delete an imported order."""

    order_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class LineResend:
    """How much of one line to send again; None is all of it."""

    index: int
    id: str
    fulfillment_quantity: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ResendOrder:
    """Send an order again, whole or the lines that are named."""

    order_id: str
    shipping_date: int | None = None
    resend_reason: str | None = None
    order_line_items: tuple[LineResend, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordInvoice:
    """Take in an invoice as Chargebee describes it (decimals as strings, no floats)."""

    invoice_id: str
    description: dict[str, Any] = field(hash=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordCreditNote:
    """Take in a credit note as Chargebee describes it; ``invoice_id`` is the invoice it was made for, if any."""

    credit_note_id: str
    invoice_id: str | None
    description: dict[str, Any] = field(hash=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordSubscription:
    """Take in a subscription as Chargebee describes it."""

    subscription_id: str
    description: dict[str, Any] = field(hash=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordGift:
    """Take in the gift that an invoice pays for, as Chargebee describes it."""

    invoice_id: str
    description: dict[str, Any] = field(hash=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class ReconcileInvoice:
    """Bring the orders of an invoice to where it, its credit notes, its subscriptions and its gift have come.

    Generates orders that are due and changes those that are there (chargebee/order-generation.md). Asking again
    changes nothing.
    """

    invoice_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class MarkReady:
    """Say that a date of an order was reached, unless it was said (chargebee/events.md, section 3)."""

    order_id: str
    date: ReadyDate


@dataclass(frozen=True, kw_only=True, slots=True)
class CreateWebhookEndpoint:
    """Deliver events to one more place; ``endpoint.id`` is made by whoever asks, with the credentials."""

    endpoint: WebhookEndpoint


@dataclass(frozen=True, kw_only=True, slots=True)
class UpdateWebhookEndpoint:
    """New values of members of an endpoint, by name."""

    endpoint_id: str
    changes: dict[str, Any] = field(hash=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class DeleteWebhookEndpoint:
    """Deliver events there no more."""

    endpoint_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ChangeSettings:
    """Set some of the site's settings."""

    settings: dict[str, Any] = field(hash=False)


OrderCommand = (
    UpdateOrder | AssignOrderNumber | CancelOrder | CreateRefundableCreditNote | ReopenOrder | DeleteOrder | ResendOrder
)
"""Commands on an order that exists."""

WebhookEndpointCommand = CreateWebhookEndpoint | UpdateWebhookEndpoint | DeleteWebhookEndpoint
"""Commands on the webhook endpoints of a site."""

Command = (
    CreateOrder
    | ImportOrder
    | OrderCommand
    | RecordInvoice
    | RecordCreditNote
    | RecordSubscription
    | RecordGift
    | ReconcileInvoice
    | MarkReady
    | WebhookEndpointCommand
    | ChangeSettings
)
