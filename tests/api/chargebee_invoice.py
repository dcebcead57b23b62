"""An invoice as Chargebee writes it, with every member that the ledger reads and some that it only keeps."""

from typing import Any

ADDRESS = {
    "first_name": "Ann",
    "email": "ann@example.com",
    "line1": "1 Main St",
    "country": "US",
    "validation_status": "not_validated",
    "index": 1,
    "object": "shipping_address",
}
INVOICE: dict[str, Any] = {
    "id": "__demo_inv__1",
    "status": "paid",
    "currency_code": "USD",
    "customer_id": "cus_1",
    "subscription_id": "sub_1",
    "business_entity_id": "be_1",
    "price_type": "tax_exclusive",
    "resource_version": 1517505895000,
    "date": 1517505895,
    "paid_at": 1517505895,
    "total": 2200,
    "amount_paid": 2200,
    "amount_adjusted": 0,
    "credits_applied": 0,
    "round_off_amount": -1,
    "exchange_rate": 1.0,
    "object": "invoice",
    "voided_at": None,
    "shipping_address": ADDRESS,
    "billing_address": ADDRESS,
    "line_items": [
        {
            "id": "li___test__1",
            "entity_type": "plan_item_price",
            "entity_id": "basic-USD",
            "description": "Basic",
            "subscription_id": "sub_1",
            "customer_id": "cus_1",
            "date_from": 1517505895,
            "date_to": 1519925095,
            "unit_amount": 1000,
            "quantity": 2,
            "amount": 2000,
            "tax_amount": 200,
            "discount_amount": 0,
            "item_level_discount_amount": 0,
            "tax_rate": 10.0,
            "is_taxed": True,
        }
    ],
    "line_item_taxes": [
        {
            "line_item_id": "li___test__1",
            "tax_name": "VAT",
            "tax_rate": 10.0,
            "taxable_amount": 2000,
            "tax_amount": 200,
            "date_from": 1517505895,
            "date_to": 1519925095,
            "prorated_taxable_amount": 0.5,
            "is_partial_tax_applied": False,
            "is_non_compliance_tax": False,
            "tax_juris_type": "country",
            "tax_juris_name": "Germany",
            "tax_juris_code": "DE",
            "tax_amount_in_local_currency": 200,
            "local_currency_code": "EUR",
        }
    ],
    "line_item_discounts": [
        {
            "line_item_id": "li___test__1",
            "discount_type": "document_level_coupon",
            "discount_amount": 0,
            "entity_id": "BETA",
            "coupon_id": "BETA",
        }
    ],
    "adjustment_credit_notes": [{"cn_id": "CN-1", "cn_total": 1, "cn_status": "adjusted", "cn_reason_code": "waiver"}],
    "issued_credit_notes": [{"cn_id": "CN-2", "cn_total": 1, "cn_status": "refund_due", "cn_date": 1517505895}],
}
