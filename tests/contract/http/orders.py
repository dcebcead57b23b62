"""Orders in the states that tests start from, made over HTTP."""

from typing import Any

from tests.api.requests import Client
from tests.contract.http.wire import get, post

AT = 1517000000


async def created(client: Client, **params: str) -> dict[str, Any]:
    """A manual order."""
    return (await post(client, "create", {"invoice_id": "inv_0001", **params}.items())).order


async def imported(client: Client, invoice_id: str = "inv_0001", **params: str) -> dict[str, Any]:
    """An imported order, queued unless said otherwise."""
    times = {"created_at": str(AT), "order_date": str(AT), "shipping_date": str(AT)}
    form = {"invoice_id": invoice_id, "status": "queued", **times, **params}
    return (await post(client, "import_order", form.items())).order


async def cancelled(client: Client, invoice_id: str = "inv_0001", total: int = 0) -> dict[str, Any]:
    """An imported order that was cancelled, with a credit note where a total is given."""
    order = await imported(client, invoice_id)
    form = [("cancellation_reason", "others"), ("credit_note[total]", str(total))]
    return (await post(client, "cancel", form, order["id"])).order


async def deleted(client: Client) -> dict[str, Any]:
    """An imported order that is gone."""
    return (await post(client, "delete", (), (await imported(client))["id"])).order


async def voided(client: Client) -> dict[str, Any]:
    """A manual order that was voided."""
    return (await post(client, "update", [("status", "voided")], (await created(client))["id"])).order


async def resent(client: Client, invoice_id: str = "inv_0001") -> tuple[dict[str, Any], dict[str, Any]]:
    """An order that was resent whole, and the one that was made of it."""
    order_id = (await imported(client, invoice_id))["id"]
    again = (await post(client, "resend", [("resend_reason", "Lost")], order_id)).order
    return (await get(client, "retrieve", resource_id=order_id)).order, again


async def resent_in_part(client: Client, invoice_id: str = "inv_0001") -> tuple[dict[str, Any], dict[str, Any]]:
    """An order of whose first line one piece was resent, and the order that was made of it."""
    order = await imported(client, invoice_id)
    line = order["order_line_items"][0]["id"]
    form = [("order_line_items[id][0]", line), ("order_line_items[fulfillment_quantity][0]", "1")]
    again = (await post(client, "resend", form, order["id"])).order
    return (await get(client, "retrieve", resource_id=order["id"])).order, again
