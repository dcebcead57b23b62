"""A story in which everything happens that invoices, credit notes, gifts, webhooks and the clock bring about."""

from typing import Any

from ledger.commands import (
    Command,
    CreateWebhookEndpoint,
    DeleteWebhookEndpoint,
    MarkReady,
    ReconcileInvoice,
    RecordCreditNote,
    RecordGift,
    RecordInvoice,
    RecordSubscription,
    UpdateWebhookEndpoint,
)
from ledger.parts import WebhookEndpoint
from ledger.vocabulary import ReadyDate
from tests.ledger.given import BEFORE, invoice, invoice_line, settings

DAY = 86_400
TERM = {"date_from": BEFORE - DAY, "date_to": BEFORE + 89 * DAY}
COFFEE = invoice_line(
    "li_1",
    9_000,
    entity_type="plan_item_price",
    entity_id="coffee",
    subscription_id="sub_9",
    unit_amount=9_000,
    tax_amount=630,
    **TERM,
)
TAX = {"line_item_id": "li_1", "tax_name": "VAT", "tax_rate": "7", "taxable_amount": 9_000, "tax_amount": 630}


def coffee_invoice(version: int, **members: Any) -> RecordInvoice:
    """Three months of coffee, a box a month, 96.30 USD in all."""
    described = {
        "resource_version": version,
        "subscription_id": "sub_9",
        "line_items": [COFFEE],
        "line_item_taxes": [TAX],
        "date": BEFORE - DAY,
        "generated_at": BEFORE - DAY,
        "total": 9_630,
    }
    return invoice("inv_9", **described | members)


def gift_invoice() -> RecordInvoice:
    """A gift in yen."""
    line = invoice_line("li_1", 3_000, entity_id="grinder", date_from=BEFORE - DAY, date_to=BEFORE + 29 * DAY)
    return invoice("inv_gift", currency_code="JPY", is_gifted=True, line_items=[line], subscription_id="sub_gift")


def refund(version: int, **members: Any) -> RecordCreditNote:
    """A credit note over 10.00 that was made elsewhere."""
    description: dict[str, Any] = {
        "id": "CN-R",
        "reference_invoice_id": "inv_9",
        "type": "refundable",
        "status": "refund_due",
        "reason_code": "product_unsatisfactory",
        "total": 1_000,
        "resource_version": version,
    }
    return RecordCreditNote(credit_note_id="CN-R", invoice_id="inv_9", description=description | members)


def billing_story() -> list[Command]:
    """The commands of the story; the orders that are generated are 1, 2 and 3, and 4 for the gift."""
    unpaid: dict[str, Any] = {"status": "payment_due", "amount_paid": 0, "paid_at": None}
    gift = {
        "id": "gift_1",
        "status": "claimed",
        "gifter": {"invoice_id": "inv_gift", "customer_id": "cust_1", "note": "Enjoy!"},
        "gift_receiver": {"customer_id": "cust_2", "subscription_id": "sub_gift"},
        "gift_timelines": [{"status": "claimed", "occurred_at": BEFORE - DAY}],
        "resource_version": 1,
    }
    endpoint = WebhookEndpoint(
        id="whv2_0123456789abcdef",
        name="shop",
        url="https://shop.example.com/hooks",
        primary_url=True,
        enabled_events=("order_created", "order_cancelled"),
        credentials_id="wc_1",
    )
    return [
        settings(
            order_number_prefix="ORD",
            order_generation_enabled=True,
            unpaid_statuses=["payment_due"],
            shipping_rule={"type": "day_of_month", "day": 10, "cut_off_day": 15},
            catalog={"coffee": {"shipping_period": 1, "shipping_period_unit": "month", "sku": "COF-1"}},
        ),
        CreateWebhookEndpoint(endpoint=endpoint),
        UpdateWebhookEndpoint(endpoint_id=endpoint.id, changes={"disabled": True, "enabled_events": ()}),
        coffee_invoice(1, **unpaid),
        ReconcileInvoice(invoice_id="inv_9"),
        MarkReady(order_id="1", date=ReadyDate.ORDER_DATE),
        coffee_invoice(2, paid_at=BEFORE),
        ReconcileInvoice(invoice_id="inv_9"),
        refund(1),
        ReconcileInvoice(invoice_id="inv_9"),
        refund(2, status="refunded", amount_refunded=1_000),
        ReconcileInvoice(invoice_id="inv_9"),
        RecordSubscription(
            subscription_id="sub_9",
            description={"id": "sub_9", "status": "cancelled", "cancelled_at": BEFORE, "resource_version": 1},
        ),
        ReconcileInvoice(invoice_id="inv_9"),
        gift_invoice(),
        RecordGift(invoice_id="inv_gift", description=gift),
        ReconcileInvoice(invoice_id="inv_gift"),
        MarkReady(order_id="4", date=ReadyDate.SHIPPING_DATE),
        DeleteWebhookEndpoint(endpoint_id=endpoint.id),
    ]
