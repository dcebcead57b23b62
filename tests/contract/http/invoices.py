"""Invoices for orders to stand on, as small as a test needs them."""

import asyncio
from typing import Any

from api.schemas.invoice import read_invoice
from api.services import Services
from ledger.ids import IdSource, Site
from ops.operator import operator

PAID_AT = 1517505895


def invoice(invoice_id: str, *, lines: int = 1, amount: int = 1_000_000_000, **members: Any) -> dict[str, Any]:
    """A paid invoice without customer or subscription; its lines hold ten pieces each."""
    total = lines * amount
    return {
        "id": invoice_id,
        "status": "paid",
        "currency_code": "USD",
        "date": PAID_AT,
        "paid_at": PAID_AT,
        "total": total,
        "amount_paid": total,
        "line_items": [
            {
                "id": f"li_{number}",
                "entity_type": "charge_item_price",
                "entity_id": f"item-{number}",
                "unit_amount": amount // 10,
                "quantity": 10,
                "amount": amount,
            }
            for number in range(lines)
        ],
        **members,
    }


async def load(services: Services, site: Site, *invoices: dict[str, Any]) -> None:
    """Make invoices known to a site."""
    caller = operator(site, live=False, ids=IdSource())
    await asyncio.gather(*(services.handler.handle(read_invoice(each), caller) for each in invoices))
