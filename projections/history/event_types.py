"""The types of order events by name, for what is asked about them; a test compares them with the events."""

from enum import StrEnum


class OrderEventType(StrEnum):
    """What can happen to an order (``ledger.events``)."""

    CREATED = "order.created"
    IMPORTED = "order.imported"
    CREATED_FROM_RESEND = "order.created_from_resend"
    GENERATED = "order.generated"
    UPDATED = "order.updated"
    INVOICE_UPDATED = "order.invoice_updated"
    READY_TO_PROCESS = "order.ready_to_process"
    READY_TO_SHIP = "order.ready_to_ship"
    DELIVERED = "order.delivered"
    RETURNED = "order.returned"
    CANCELLED = "order.cancelled"
    REOPENED = "order.reopened"
    CREDIT_NOTE_CREATED = "order.credit_note_created"
    NUMBER_ASSIGNED = "order.number_assigned"
    RESENT = "order.resent"
    DELETED = "order.deleted"
