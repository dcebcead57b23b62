"""One sentence for each event that is not an order's; those of orders are in ``projections.history.sentences``."""

from collections.abc import Callable
from typing import Any

from ledger.events import (
    CreditNoteCreated,
    CreditNoteRecorded,
    CreditNoteVoided,
    DomainEvent,
    GiftRecorded,
    InvoiceCreditNoteIssued,
    InvoiceCreditNoteVoided,
    InvoiceOrdersGenerated,
    InvoiceRecorded,
    InvoiceUpdated,
    SettingsChanged,
    SubscriptionRecorded,
    WebhookEndpointCreated,
    WebhookEndpointDeleted,
    WebhookEndpointUpdated,
)
from ledger.ids import credit_note_stream, gift_stream, invoice_stream, subscription_stream
from projections.money_text import money_text
from projections.visible_text import visible

UNREADABLE = "Cannot be read"

_NAME_LENGTH_MAX = 80
_SETTINGS_NAMED_MAX = 10
_ORDERS_NAMED_MAX = 5


def sentence_of(event: DomainEvent) -> str:
    """What happened, without a full stop."""
    return _SENTENCES[type(event)](event)


def _invoice_recorded(event: InvoiceRecorded) -> str:
    return f"Invoice {_invoice(event)} recorded{_status(event.invoice)}"


def _invoice_updated(event: InvoiceUpdated) -> str:
    return f"Invoice {_invoice(event)} recorded anew{_status(event.invoice)}"


def _invoice_credit_note_issued(event: InvoiceCreditNoteIssued) -> str:
    order = _name(event.order_id)
    return f"Credit note {_name(event.credit_note_id)} issued against invoice {_invoice(event)} for order {order}"


def _invoice_credit_note_voided(event: InvoiceCreditNoteVoided) -> str:
    return f"Credit note {_name(event.credit_note_id)} against invoice {_invoice(event)} voided"


def _credit_note_created(event: CreditNoteCreated) -> str:
    total = money_text(event.total, event.currency_code) if event.currency_code else str(event.total)
    reason = event.reason_code.replace("_", " ")
    return f"Credit note {_credit_note(event)} over {total} created for order {_name(event.order_id)}: {reason}"


def _credit_note_voided(event: CreditNoteVoided) -> str:
    return f"Credit note {_credit_note(event)} voided"


def _invoice_orders_generated(event: InvoiceOrdersGenerated) -> str:
    shown = [_name(order.order_id) for order in event.orders[:_ORDERS_NAMED_MAX]]
    more = f" and {len(event.orders) - len(shown)} more" if len(event.orders) > len(shown) else ""
    orders = f"Orders generated for invoice {_invoice(event)}: {', '.join(shown) or 'none'}{more}"
    if not event.left_out:
        return orders
    reasons = sorted({line.reason.replace("_", " ") for line in event.left_out})
    return f"{orders}; lines left out: {len(event.left_out)} ({', '.join(reasons)})"


def _credit_note_recorded(event: CreditNoteRecorded) -> str:
    return f"Credit note {_credit_note(event)} recorded{_status(event.credit_note)}"


def _subscription_recorded(event: SubscriptionRecorded) -> str:
    subscription = _name(event.originator_id.removeprefix(subscription_stream("")))
    return f"Subscription {subscription} recorded{_status(event.subscription)}"


def _gift_recorded(event: GiftRecorded) -> str:
    invoice = _name(event.originator_id.removeprefix(gift_stream("")))
    return f"Gift of invoice {invoice} recorded{_status(event.gift)}"


def _webhook_endpoint_created(event: WebhookEndpointCreated) -> str:
    return f"Webhook endpoint {_name(event.endpoint.name)} created: {_name(event.endpoint.url)}"


def _webhook_endpoint_updated(event: WebhookEndpointUpdated) -> str:
    disabled = ", disabled" if event.endpoint.disabled else ""
    return f"Webhook endpoint {_name(event.endpoint.name)} updated: {_name(event.endpoint.url)}{disabled}"


def _webhook_endpoint_deleted(event: WebhookEndpointDeleted) -> str:
    return f"Webhook endpoint {_name(event.endpoint_id)} deleted"


def _settings_changed(event: SettingsChanged) -> str:
    names = sorted(event.settings)
    more = f" and {len(names) - _SETTINGS_NAMED_MAX} more" if len(names) > _SETTINGS_NAMED_MAX else ""
    return f"Settings changed: {', '.join(map(_name, names[:_SETTINGS_NAMED_MAX]))}{more}"


def _invoice(event: DomainEvent) -> str:
    return _name(event.originator_id.removeprefix(invoice_stream("")))


def _credit_note(event: DomainEvent) -> str:
    return _name(event.originator_id.removeprefix(credit_note_stream("")))


def _status(description: dict[str, Any]) -> str:
    status = description.get("status")
    return f": {_name(status).replace('_', ' ')}" if isinstance(status, str) else ""


def _name(text: str) -> str:
    return visible(text, _NAME_LENGTH_MAX)


_SENTENCES: dict[type[DomainEvent], Callable[[Any], str]] = {
    InvoiceRecorded: _invoice_recorded,
    InvoiceUpdated: _invoice_updated,
    InvoiceCreditNoteIssued: _invoice_credit_note_issued,
    InvoiceCreditNoteVoided: _invoice_credit_note_voided,
    CreditNoteCreated: _credit_note_created,
    CreditNoteVoided: _credit_note_voided,
    InvoiceOrdersGenerated: _invoice_orders_generated,
    CreditNoteRecorded: _credit_note_recorded,
    SubscriptionRecorded: _subscription_recorded,
    GiftRecorded: _gift_recorded,
    WebhookEndpointCreated: _webhook_endpoint_created,
    WebhookEndpointUpdated: _webhook_endpoint_updated,
    WebhookEndpointDeleted: _webhook_endpoint_deleted,
    SettingsChanged: _settings_changed,
}
