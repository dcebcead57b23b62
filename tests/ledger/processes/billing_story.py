"""What happens to an invoice over three deliveries, as Chargebee tells it event by event."""

from collections.abc import Mapping
from typing import Any

from api.intake.event import read_event
from api.services import Services
from ledger.commands import ChangeSettings
from ledger.ids import Site
from tests.api.chargebee_events import chargebee_event
from tests.ledger.processes.given import NOW, run

DAY = 86_400
BEGIN = NOW - DAY
INVOICE_ID = "inv_1"
CATALOG = {"box": {"shipping_period": 2, "shipping_period_unit": "month"}}
GENERATING = ChangeSettings(settings={"order_generation_enabled": True, "catalog": CATALOG})


def invoice(version: int, /, invoice_id: str = INVOICE_ID, **members: Any) -> dict[str, Any]:
    """An invoice over 300.00 for six months, not paid unless members say so."""
    line = {
        "id": f"li_{invoice_id}",
        "subscription_id": f"sub_{invoice_id}",
        "entity_type": "plan_item_price",
        "entity_id": "box",
        "description": "Box",
        "unit_amount": 30_000,
        "quantity": 1,
        "amount": 30_000,
        "date_from": BEGIN,
        "date_to": BEGIN + 181 * DAY,
    }
    return {
        "id": invoice_id,
        "customer_id": "cust_1",
        "subscription_id": f"sub_{invoice_id}",
        "status": "payment_due",
        "currency_code": "EUR",
        "date": BEGIN,
        "total": 30_000,
        "amount_paid": 0,
        "resource_version": NOW * 1000 + version,
        "line_items": [line],
        "shipping_address": {"first_name": "Ann", "last_name": "Secret", "city": "Walnut", "country": "US"},
    } | members


def paid(version: int, /, invoice_id: str = INVOICE_ID, **members: Any) -> dict[str, Any]:
    """The same invoice, paid when it was made."""
    payment = {"status": "paid", "amount_paid": 30_000, "paid_at": BEGIN}
    return invoice(version, invoice_id, **payment | members)


def subscription(version: int, /, status: str = "active", **members: Any) -> dict[str, Any]:
    """The subscription that the invoice bills."""
    return {"id": f"sub_{INVOICE_ID}", "status": status, "resource_version": NOW * 1000 + version} | members


def credit_note(version: int, /, **members: Any) -> dict[str, Any]:
    """A refundable credit note of 20.00 on the invoice."""
    return {
        "id": "CN-1",
        "type": "refundable",
        "status": "refund_due",
        "reason_code": "waiver",
        "reference_invoice_id": INVOICE_ID,
        "total": 2_000,
        "amount_available": 2_000,
        "resource_version": NOW * 1000 + version,
    } | members


_ISSUED = [{"cn_id": "CN-1", "cn_total": 2_000, "cn_status": "refund_due"}]
_REFUNDED = [{"cn_id": "CN-1", "cn_total": 2_000, "cn_status": "refunded"}]

STORY: tuple[dict[str, Any], ...] = (
    chargebee_event("invoice_generated", "ev_1", invoice=invoice(1)),
    chargebee_event("payment_succeeded", "ev_2", invoice=paid(2), subscription=subscription(2)),
    chargebee_event("invoice_updated", "ev_3", invoice=paid(2)),
    chargebee_event("credit_note_created", "ev_4", credit_note=credit_note(3)),
    chargebee_event("invoice_updated", "ev_5", invoice=paid(3, issued_credit_notes=_ISSUED)),
    chargebee_event(
        "payment_refunded",
        "ev_6",
        invoice=paid(4, issued_credit_notes=_REFUNDED),
        credit_note=credit_note(4, status="refunded", amount_refunded=2_000, amount_available=0),
    ),
    chargebee_event("subscription_cancelled", "ev_7", subscription=subscription(5, "cancelled", cancelled_at=NOW)),
)


async def take_in(services: Services, site: Site, event: Mapping[str, Any]) -> None:
    """Record what an event holds, as the intake does."""
    for command in read_event(event).commands:
        await run(services, site, command)
