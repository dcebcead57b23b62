"""The types of all events by name, for what is asked about them; a test compares them with the events."""

from enum import StrEnum


class EventType(StrEnum):
    """What can happen on a site (``ledger.events``)."""

    ORDER_CREATED = "order.created"
    ORDER_IMPORTED = "order.imported"
    ORDER_CREATED_FROM_RESEND = "order.created_from_resend"
    ORDER_UPDATED = "order.updated"
    ORDER_DELIVERED = "order.delivered"
    ORDER_RETURNED = "order.returned"
    ORDER_CANCELLED = "order.cancelled"
    ORDER_REOPENED = "order.reopened"
    ORDER_CREDIT_NOTE_CREATED = "order.credit_note_created"
    ORDER_NUMBER_ASSIGNED = "order.number_assigned"
    ORDER_RESENT = "order.resent"
    ORDER_DELETED = "order.deleted"
    INVOICE_RECORDED = "invoice.recorded"
    INVOICE_UPDATED = "invoice.updated"
    INVOICE_CREDIT_NOTE_ISSUED = "invoice.credit_note_issued"
    INVOICE_CREDIT_NOTE_VOIDED = "invoice.credit_note_voided"
    CREDIT_NOTE_CREATED = "credit_note.created"
    CREDIT_NOTE_VOIDED = "credit_note.voided"
    SETTINGS_CHANGED = "settings.changed"
