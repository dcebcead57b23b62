"""The acceptance run of chargebee/orders.md, section 8: what is called, in which order, and what must come of it.

The run is written once against ``Orders``, and played through raw HTTP and through the official SDK.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

Order = dict[str, Any]


class Orders(Protocol):
    """The twelve operations, each with plain parameters and the order (or orders) that came back."""

    def create(self, params: dict[str, Any]) -> Order: ...
    def update(self, order_id: str, params: dict[str, Any]) -> Order: ...
    def import_order(self, params: dict[str, Any]) -> Order: ...
    def assign_order_number(self, order_id: str) -> Order: ...
    def cancel(self, order_id: str, params: dict[str, Any]) -> Order: ...
    def create_refundable_credit_note(self, order_id: str, params: dict[str, Any]) -> Order: ...
    def reopen(self, order_id: str) -> Order: ...
    def retrieve(self, order_id: str) -> Order: ...
    def delete(self, order_id: str) -> Order: ...
    def list(self, params: dict[str, Any]) -> tuple[Sequence[Order], str | None]: ...
    def orders_for_invoice(self, invoice_id: str) -> Sequence[Order]: ...
    def resend(self, order_id: str, params: dict[str, Any]) -> Order: ...


ADDRESS = {
    "first_name": "Benjamin",
    "last_name": "Ross",
    "line1": "1 Sample Street",
    "line2": "Floor 2",
    "city": "Walnut",
    "zip": "91789",
    "state": "California",
    "country": "US",
}

IMPORTED_AT = 1517505731
# To come, so that the clock tells nothing between two steps.
ORDER_DATE = 4102444800


def play(orders: Orders) -> None:
    """An order's whole life."""
    _a_manual_order(orders)
    imported = _an_imported_order(orders)
    _cancelled_credited_and_reopened(orders, imported)
    _resent_whole_and_in_part(orders)
    _deleted(orders)
    _listed_page_by_page(orders)


def _a_manual_order(orders: Orders) -> None:
    created = orders.create({"invoice_id": "inv_0001"})
    assert created["status"] == "new"
    assert created["order_type"] == "manual"
    assert created["status_update_at"] == created["created_at"]
    assert created["created_by"] == "full_access_key_v1"
    assert "order_line_items" not in created
    assert "total" not in created

    delivered = orders.update(
        created["id"], {"status": "DELIVERED", "shipped_at": 1517505751, "delivered_at": 1517505751}
    )
    assert delivered["status"] == "delivered"
    assert delivered["delivered_at"] == 1517505751
    assert delivered["resource_version"] > created["resource_version"]

    addressed = orders.update(created["id"], {"shipping_address": ADDRESS})
    assert ADDRESS.items() <= addressed["shipping_address"].items()
    assert addressed["shipping_address"]["validation_status"] == "not_validated"
    assert orders.retrieve(created["id"]) == addressed


def _an_imported_order(orders: Orders) -> Order:
    imported = orders.import_order(
        {
            "invoice_id": "inv_0002",
            "subscription_id": "sub_bo",
            "order_date": ORDER_DATE,
            "status": "QUEUED",
            "created_at": IMPORTED_AT,
            "shipping_date": ORDER_DATE,
        }
    )
    assert imported["status"] == "queued"
    assert imported["currency_code"] == "EUR"
    assert imported["customer_id"] == "cust_bo"
    assert (imported["sub_total"], imported["discount"], imported["tax"]) == (28600, 360, 5366)
    assert imported["total"] == imported["amount_paid"] == imported["refundable_credits"] == 33606
    assert [line["fulfillment_quantity"] for line in imported["order_line_items"]] == [10, 3]

    numbered = orders.assign_order_number(imported["id"])
    assert numbered["document_number"] == "1"
    assert orders.assign_order_number(imported["id"]) == numbered
    return numbered


def _cancelled_credited_and_reopened(orders: Orders, imported: Order) -> None:
    cancelled = orders.cancel(
        imported["id"],
        {"cancellation_reason": "PRODUCT_UNSATISFACTORY", "customer_notes": "Product was defective"},
    )
    assert cancelled["status"] == "cancelled"
    assert cancelled["cancellation_reason"] == "product_unsatisfactory"
    assert {line["status"] for line in cancelled["order_line_items"]} == {"cancelled"}
    assert "linked_credit_notes" not in cancelled

    credited = orders.create_refundable_credit_note(
        imported["id"],
        {
            "credit_note": {"reason_code": "PRODUCT_UNSATISFACTORY", "total": 100},
            "customer_notes": "Product was defective",
        },
    )
    assert credited["refundable_credits_issued"] == 100
    assert credited["refundable_credits"] == 33506
    assert credited["linked_credit_notes"][0]["status"] == "refund_due"

    reopened = orders.reopen(imported["id"])
    assert reopened["status"] == "queued"
    assert "cancellation_reason" not in reopened
    assert reopened["refundable_credits_issued"] == 100
    assert orders.retrieve(imported["id"]) == reopened


def _resent_whole_and_in_part(orders: Orders) -> None:
    whole = _imported(orders, "inv_0004")
    resent = orders.resend(whole["id"], {"resend_reason": "Lost in transit"})
    assert resent["is_resent"] is True
    assert resent["original_order_id"] == whole["id"]
    assert resent["total"] == 0
    assert resent["sub_total"] == whole["sub_total"]
    assert {discount["discount_type"] for discount in resent["line_item_discounts"]} == {"custom_discount"}
    original = orders.retrieve(whole["id"])
    assert original["resent_status"] == "fully_resent"
    assert (original["status"], original["cancellation_reason"]) == ("cancelled", "order_resent")
    assert original["resent_orders"][0]["order_id"] == resent["id"]

    parted = _imported(orders, "inv_0004")
    line = parted["order_line_items"][0]
    part = orders.resend(parted["id"], {"order_line_items": [{"id": line["id"], "fulfillment_quantity": 2}]})
    assert [line["fulfillment_quantity"] for line in part["order_line_items"]] == [2]
    assert part["sub_total"] == 2 * line["unit_price"]
    original = orders.retrieve(parted["id"])
    assert (original["resent_status"], original["status"]) == ("partially_resent", "queued")


def _deleted(orders: Orders) -> None:
    imported = _imported(orders, "inv_0005")
    deleted = orders.delete(imported["id"])
    assert deleted["deleted"] is True
    listed, _ = orders.list({"limit": 100})
    assert imported["id"] not in {order["id"] for order in listed}


def _listed_page_by_page(orders: Orders) -> None:
    whole, _ = orders.list({"limit": 100})
    assert whole == sorted(whole, key=lambda order: (order["created_at"], order["id"]))
    seen: list[Order] = []
    offset: str | None = None
    while True:
        page, offset = orders.list({"limit": 2, **({"offset": offset} if offset else {})})
        seen += page
        if offset is None:
            break
    # By their ids: the clock may tell in between that a resent order is ready, which makes it a newer version.
    assert _ids(seen) == _ids(whole)

    queued, _ = orders.list({"limit": 100, "status": {"is": "queued"}})
    assert _ids(queued) == _ids(order for order in whole if order["status"] == "queued")
    latest, _ = orders.list({"limit": 1, "sort_by": {"desc": "updated_at"}})
    assert latest[0]["updated_at"] >= max(order["updated_at"] for order in whole)
    assert {order["invoice_id"] for order in orders.orders_for_invoice("inv_0004")} == {"inv_0004"}


def _ids(orders: Iterable[Order]) -> list[str]:
    return [order["id"] for order in orders]


def _imported(orders: Orders, invoice_id: str) -> Order:
    return orders.import_order(
        {
            "invoice_id": invoice_id,
            "order_date": ORDER_DATE,
            "status": "queued",
            "created_at": IMPORTED_AT,
            "shipping_date": ORDER_DATE,
        }
    )
