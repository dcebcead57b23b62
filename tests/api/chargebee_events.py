"""Chargebee's events as its webhooks bring them."""

import itertools
from typing import Any

import msgspec

from tests.api.chargebee_invoice import INVOICE

_numbers = itertools.count(1)

CREDIT_NOTE: dict[str, Any] = {
    "id": "CN-9",
    "type": "refundable",
    "status": "refund_due",
    "reason_code": "waiver",
    "reference_invoice_id": INVOICE["id"],
    "customer_id": "cus_1",
    "currency_code": "USD",
    "total": 500,
    "amount_allocated": 0,
    "amount_refunded": 0,
    "amount_available": 500,
    "resource_version": 1517505896000,
    "object": "credit_note",
}
SUBSCRIPTION: dict[str, Any] = {
    "id": "sub_1",
    "customer_id": "cus_1",
    "status": "cancelled",
    "cancelled_at": 1517505897,
    "resource_version": 1517505897000,
    "object": "subscription",
}
GIFT: dict[str, Any] = {
    "id": "gift_1",
    "status": "claimed",
    "gifter": {"customer_id": "cus_1", "invoice_id": INVOICE["id"], "note": "Enjoy", "object": "gifter"},
    "gift_receiver": {"customer_id": "cus_2", "subscription_id": "sub_1", "email": "bob@example.com"},
    "gift_timelines": [{"status": "claimed", "occurred_at": 1517505898, "object": "gift_timeline"}],
    "resource_version": 1517505898000,
    "object": "gift",
}


def chargebee_event(event_type: str, event_id: str | None = None, /, **content: Any) -> dict[str, Any]:
    """An event; without an id it has one of its own."""
    return {
        "id": event_id or f"ev___test__{next(_numbers):08}",
        "event_type": event_type,
        "occurred_at": 1517505900,
        "source": "scheduled_job",
        "object": "event",
        "api_version": "v2",
        "content": content,
        "webhook_status": "scheduled",
    }


def body_of(event: dict[str, Any]) -> bytes:
    """The event as it is posted."""
    return msgspec.json.encode(event)
