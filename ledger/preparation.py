"""What each command has to read before it can be decided: from a command to a decision that waits for its context.

Streams that are known beforehand are read in one round trip, the settings of the site with them.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from ledger import commands as c
from ledger.decision import Context, Decision, Stream
from ledger.decisions.billing import record_credit_note, record_gift, record_subscription
from ledger.decisions.cancellation import cancel, reopen, voidable_notes
from ledger.decisions.creation import create, import_order
from ledger.decisions.credit import create_refundable_credit_note
from ledger.decisions.deletion import delete
from ledger.decisions.invoices import record_invoice
from ledger.decisions.numbers import assign_order_number
from ledger.decisions.readiness import mark_ready
from ledger.decisions.reconcile import reconcile
from ledger.decisions.resend import resend
from ledger.decisions.site import change_settings
from ledger.decisions.update import update
from ledger.decisions.webhook_endpoints import (
    create_webhook_endpoint,
    delete_webhook_endpoint,
    update_webhook_endpoint,
)
from ledger.ids import (
    SETTINGS_STREAM,
    WEBHOOK_ENDPOINTS_STREAM,
    credit_note_stream,
    gift_stream,
    invoice_stream,
    order_stream,
    subscription_stream,
)
from ledger.invoice import Invoice, billed_subscriptions
from ledger.invoice_surroundings import read_surroundings
from ledger.order import Order
from ledger.reader import StreamReader
from ledger.webhook_endpoints import WebhookEndpoints

Decide = Callable[[Context], Decision]


async def prepare(command: c.Command, reader: StreamReader) -> Decide:
    """Read what the command needs.

    Raises:
        ResourceNotFound: the order that it is about does not exist for the caller.
    """
    return await _PREPARE[type(command)](command, reader)


async def _create(command: c.CreateOrder, reader: StreamReader) -> Decide:
    await _prefetch_birth(command.id, command.invoice_id, reader)
    order = await reader.any_order(command.id) if command.id else None
    invoice = await reader.invoice(command.invoice_id)
    return lambda context: create(command, order, invoice, context)


async def _import(command: c.ImportOrder, reader: StreamReader) -> Decide:
    await _prefetch_birth(command.id, command.invoice_id, reader)
    order = await reader.any_order(command.id) if command.id else None
    invoice = await reader.invoice(command.invoice_id)
    owner = await reader.document_number_owner(command.document_number)
    return lambda context: import_order(command, order, invoice, context, number_owner=owner)


async def _update(command: c.UpdateOrder, reader: StreamReader) -> Decide:
    order = await _existing(command.order_id, reader)
    return lambda context: update(command, order, context)


async def _assign_number(command: c.AssignOrderNumber, reader: StreamReader) -> Decide:
    order = await _existing(command.order_id, reader)
    return lambda context: assign_order_number(command, order, context)


async def _cancel(command: c.CancelOrder, reader: StreamReader) -> Decide:
    order = await _existing(command.order_id, reader)
    invoice: Stream[Invoice | None] = Stream(invoice_stream(order.state.invoice_id), None)
    if command.credit_note_total:
        invoice = await reader.invoice(order.state.invoice_id)
    return lambda context: cancel(command, order, invoice, context)


async def _credit_note(command: c.CreateRefundableCreditNote, reader: StreamReader) -> Decide:
    order = await _existing(command.order_id, reader)
    invoice = await reader.invoice(order.state.invoice_id)
    return lambda context: create_refundable_credit_note(command, order, invoice, context)


async def _reopen(command: c.ReopenOrder, reader: StreamReader) -> Decide:
    order = await _existing(command.order_id, reader)
    invoice = await reader.invoice(order.state.invoice_id)
    notes = await reader.credit_notes(note.id for note in voidable_notes(order.state))
    return lambda context: reopen(command, order, invoice, notes, context)


async def _delete(command: c.DeleteOrder, reader: StreamReader) -> Decide:
    order = await _existing(command.order_id, reader)
    return lambda context: delete(command, order, context)


async def _resend(command: c.ResendOrder, reader: StreamReader) -> Decide:
    order = await _existing(command.order_id, reader)
    return lambda context: resend(command, order, context)


async def _mark_ready(command: c.MarkReady, reader: StreamReader) -> Decide:
    order = await _existing(command.order_id, reader)
    return lambda context: mark_ready(command, order, context)


async def _record_invoice(command: c.RecordInvoice, reader: StreamReader) -> Decide:
    await reader.prefetch(SETTINGS_STREAM, invoice_stream(command.invoice_id))
    invoice = await reader.invoice(command.invoice_id)
    await reader.note_business_entity(command.description.get("business_entity_id"))
    await reader.note_subscriptions(command.invoice_id, billed_subscriptions(command.description))
    return lambda context: record_invoice(command, invoice, context)


async def _create_endpoint(command: c.CreateWebhookEndpoint, reader: StreamReader) -> Decide:
    endpoints = await _endpoints(reader)
    return lambda context: create_webhook_endpoint(command, endpoints, context)


async def _update_endpoint(command: c.UpdateWebhookEndpoint, reader: StreamReader) -> Decide:
    endpoints = await _endpoints(reader)
    return lambda context: update_webhook_endpoint(command, endpoints, context)


async def _delete_endpoint(command: c.DeleteWebhookEndpoint, reader: StreamReader) -> Decide:
    endpoints = await _endpoints(reader)
    return lambda context: delete_webhook_endpoint(command, endpoints, context)


async def _record_credit_note(command: c.RecordCreditNote, reader: StreamReader) -> Decide:
    await reader.prefetch(SETTINGS_STREAM, credit_note_stream(command.credit_note_id))
    note = await reader.credit_note(command.credit_note_id)
    await reader.note_credit_note(command.invoice_id, command.credit_note_id)
    issued_for = note.state.facts.reference_invoice_id if note.state and note.state.order_id else None
    invoice = await reader.invoice(issued_for) if issued_for else None
    return lambda context: record_credit_note(command, note, invoice, context)


async def _record_subscription(command: c.RecordSubscription, reader: StreamReader) -> Decide:
    await reader.prefetch(SETTINGS_STREAM, subscription_stream(command.subscription_id))
    subscription = await reader.subscription(command.subscription_id)
    return lambda context: record_subscription(command, subscription, context)


async def _record_gift(command: c.RecordGift, reader: StreamReader) -> Decide:
    await reader.prefetch(SETTINGS_STREAM, gift_stream(command.invoice_id))
    gift = await reader.gift(command.invoice_id)
    return lambda context: record_gift(command, gift, context)


async def _reconcile(command: c.ReconcileInvoice, reader: StreamReader) -> Decide:
    known = await read_surroundings(command.invoice_id, reader)
    if known is None:
        return lambda _: Decision()
    return lambda context: reconcile(known, context)


async def _change_settings(command: c.ChangeSettings, reader: StreamReader) -> Decide:
    settings = await reader.settings()
    return lambda context: change_settings(command, settings, context)


async def _endpoints(reader: StreamReader) -> Stream[WebhookEndpoints]:
    await reader.prefetch(SETTINGS_STREAM, WEBHOOK_ENDPOINTS_STREAM)
    return await reader.webhook_endpoints()


async def _prefetch_birth(order_id: str | None, invoice_id: str, reader: StreamReader) -> None:
    given = (order_stream(order_id),) if order_id else ()
    await reader.prefetch(SETTINGS_STREAM, invoice_stream(invoice_id), *given)


async def _existing(order_id: str, reader: StreamReader) -> Stream[Order]:
    await reader.prefetch(SETTINGS_STREAM, order_stream(order_id))
    return await reader.order(order_id)


_PREPARE: dict[type, Callable[[Any, StreamReader], Awaitable[Decide]]] = {
    c.CreateOrder: _create,
    c.ImportOrder: _import,
    c.UpdateOrder: _update,
    c.AssignOrderNumber: _assign_number,
    c.CancelOrder: _cancel,
    c.CreateRefundableCreditNote: _credit_note,
    c.ReopenOrder: _reopen,
    c.DeleteOrder: _delete,
    c.ResendOrder: _resend,
    c.MarkReady: _mark_ready,
    c.RecordInvoice: _record_invoice,
    c.CreateWebhookEndpoint: _create_endpoint,
    c.UpdateWebhookEndpoint: _update_endpoint,
    c.DeleteWebhookEndpoint: _delete_endpoint,
    c.RecordCreditNote: _record_credit_note,
    c.RecordSubscription: _record_subscription,
    c.RecordGift: _record_gift,
    c.ReconcileInvoice: _reconcile,
    c.ChangeSettings: _change_settings,
}
