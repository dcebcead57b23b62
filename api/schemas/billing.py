"""Chargebee's credit notes, subscriptions and gifts at the door, checked as invoices are (``api.schemas.invoice``).

Lengths are those of Chargebee's resources.
"""

from collections.abc import Mapping
from typing import Any

from api.json_fields import (
    JsonBoolean,
    JsonChoice,
    JsonInteger,
    JsonList,
    JsonObject,
    JsonText,
    JsonTimestamp,
    Members,
)
from api.schemas.description import Description
from ledger.billing import read_credit_note_facts, read_gift_facts, read_subscription_facts
from ledger.commands import RecordCreditNote, RecordGift, RecordSubscription
from ledger.limits import GIFT_TIMELINES_MAX, INVOICE_BYTES_MAX
from ledger.vocabulary import CreditNoteStatus, CreditNoteType


class CreditNoteSchema(Members):
    """The credit note."""

    id = JsonText(50, required=True)
    type = JsonChoice(CreditNoteType, required=True)
    status = JsonChoice(CreditNoteStatus, required=True)
    reference_invoice_id = JsonText(50)
    reason_code = JsonText(100)
    create_reason_code = JsonText(100)
    date = JsonTimestamp()
    total = JsonInteger()
    amount_allocated = JsonInteger()
    amount_refunded = JsonInteger()
    amount_available = JsonInteger()
    voided_at = JsonTimestamp()
    deleted = JsonBoolean()
    resource_version = JsonInteger()


class SubscriptionSchema(Members):
    """The subscription."""

    id = JsonText(50, required=True)
    status = JsonText(50, required=True)
    cancelled_at = JsonTimestamp()
    resource_version = JsonInteger()


class GifterSchema(Members):
    """Who gives. The invoice is required: it names the gift here."""

    invoice_id = JsonText(50, required=True)
    customer_id = JsonText(50)
    signature = JsonText(50)
    note = JsonText(500)


class GiftReceiverSchema(Members):
    """Who receives."""

    customer_id = JsonText(50)
    subscription_id = JsonText(50)
    first_name = JsonText(150)
    last_name = JsonText(150)
    email = JsonText(70)


class GiftMomentSchema(Members):
    """An entry of ``gift_timelines``."""

    status = JsonText(50, required=True)
    occurred_at = JsonTimestamp()


class GiftSchema(Members):
    """The gift."""

    id = JsonText(150, required=True)
    status = JsonText(50, required=True)
    gifter = JsonObject(GifterSchema, required=True)
    gift_receiver = JsonObject(GiftReceiverSchema)
    gift_timelines = JsonList(GiftMomentSchema, GIFT_TIMELINES_MAX)
    updated_at = JsonTimestamp()
    resource_version = JsonInteger()


_CREDIT_NOTE = Description("credit_note", "a", CreditNoteSchema(), read_credit_note_facts, INVOICE_BYTES_MAX)
_SUBSCRIPTION = Description("subscription", "a", SubscriptionSchema(), read_subscription_facts, INVOICE_BYTES_MAX)
_GIFT = Description("gift", "a", GiftSchema(), read_gift_facts, INVOICE_BYTES_MAX)


def read_credit_note(raw: bytes | Mapping[str, Any]) -> RecordCreditNote:
    """The command that records a credit note: JSON text or the parsed object. Raises as ``Description.read`` does."""
    description = _CREDIT_NOTE.read(raw)
    return RecordCreditNote(
        credit_note_id=description["id"],
        invoice_id=description.get("reference_invoice_id"),
        description=description,
    )


def read_subscription(raw: bytes | Mapping[str, Any]) -> RecordSubscription:
    """The command that records a subscription: JSON text or the parsed object. Raises as ``Description.read`` does."""
    description = _SUBSCRIPTION.read(raw)
    return RecordSubscription(subscription_id=description["id"], description=description)


def read_gift(raw: bytes | Mapping[str, Any]) -> RecordGift:
    """The command that records a gift: JSON text or the parsed object. Raises as ``Description.read`` does."""
    description = _GIFT.read(raw)
    return RecordGift(invoice_id=description["gifter"]["invoice_id"], description=description)
