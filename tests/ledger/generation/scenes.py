"""Invoices, sites and what is generated from them, each with defaults that make a plain case.

Days are written as text in the zone of the scene: ``at("2026-01-10")`` is its 00:00.
"""

import itertools
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from ledger.billing import GiftFacts, read_gift_facts
from ledger.events import OrderFacts
from ledger.generation.facts import facts_of_orders
from ledger.generation.plan import Plan, plan_orders
from ledger.invoice import InvoiceFacts, read_facts
from ledger.settings import SiteSettings

NOW = int(datetime.fromisoformat("2026-06-01T12:00:00+00:00").timestamp())


def at(text: str, zone: str = "UTC") -> int:
    """Seconds since 1970 of ``2026-01-10`` or ``2026-01-10 14:30`` in a zone."""
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp())


def days(moments: Sequence[int], zone: str = "UTC") -> list[str]:
    """Each moment as its day in a zone, with the time of day unless it is 00:00."""
    local = [datetime.fromtimestamp(moment, ZoneInfo(zone)) for moment in moments]
    return [each.strftime("%Y-%m-%d %H:%M").removesuffix(" 00:00") for each in local]


def line(line_id: str = "plan", amount: int = 120_000, /, **members: Any) -> dict[str, Any]:
    """A plan's line for the year 2026."""
    return {
        "id": line_id,
        "entity_type": "plan_item_price",
        "entity_id": line_id,
        "unit_amount": amount,
        "quantity": 1,
        "amount": amount,
        "date_from": at("2026-01-01"),
        "date_to": at("2027-01-01"),
    } | members


def invoice_of(*lines: dict[str, Any], **members: Any) -> InvoiceFacts:
    """A paid invoice with these lines, paid when it was made."""
    given = list(lines or [line()])
    total = sum(each["amount"] - each.get("discount_amount", 0) + each.get("tax_amount", 0) for each in given)
    description: dict[str, Any] = {
        "id": "inv_1",
        "status": "paid",
        "currency_code": "USD",
        "customer_id": "cust_1",
        "subscription_id": "sub_1",
        "date": at("2026-01-01"),
        "paid_at": at("2026-01-01"),
        "total": total,
        "line_items": given,
    } | members
    description.setdefault("amount_paid", description["total"] if description["status"] == "paid" else 0)
    return read_facts(description)


def site(**members: Any) -> SiteSettings:
    """A site that generates orders; catalog entries ``(period, unit)`` are shippable items."""
    catalog = {
        name: {"shipping_period": entry[0], "shipping_period_unit": entry[1]} if isinstance(entry, tuple) else entry
        for name, entry in members.pop("catalog", {}).items()
    }
    return msgspec.convert({"order_generation_enabled": True, "catalog": catalog} | members, SiteSettings)


def gift_of(status: str = "claimed", **members: Any) -> GiftFacts:
    """A gift that the invoice pays for, claimed on the 20th of March."""
    return read_gift_facts(
        {
            "id": "gift_1",
            "status": status,
            "gifter": {"invoice_id": "inv_1", "customer_id": "cust_1", "note": "Enjoy!"},
            "gift_timelines": [{"status": "claimed", "occurred_at": at("2026-03-20 09:00")}],
        }
        | members
    )


def plan_of(
    invoice: InvoiceFacts, settings: SiteSettings | None = None, gift: GiftFacts | None = None, **given: Any
) -> Plan:
    """What is planned for an invoice."""
    return plan_orders(invoice, settings or site(), gift, now=NOW, **given)


def orders_of(
    invoice: InvoiceFacts, settings: SiteSettings | None = None, gift: GiftFacts | None = None
) -> list[OrderFacts]:
    """What the orders of an invoice are born with."""
    numbers = itertools.count(1)
    settings = settings or site()
    plan = plan_of(invoice, settings, gift)
    return facts_of_orders(plan.orders, invoice, settings, gift, now=NOW, new_line_id=lambda: f"o_li_{next(numbers)}")


def timetable(plan: Plan, zone: str = "UTC") -> list[tuple[str, tuple[str, ...]]]:
    """The order day of each order, and its lines."""
    return [(days([order.order_date], zone)[0], order.line_ids) for order in plan.orders]
