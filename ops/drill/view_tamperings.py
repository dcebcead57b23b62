"""What can be done to the orders as the API shows them. Each function does it and says what must be named."""

import msgspec

from ledger.vocabulary import OrderStatus
from ops.drill.tampering import Where
from ops.drill.victim import Victim

_ORDER = "SELECT id, status, document FROM ledger.order_view WHERE site = $1 ORDER BY deleted, id LIMIT 1"
_SET_DOCUMENT = "UPDATE ledger.order_view SET document = $3 WHERE site = $1 AND id = $2"
_SET_STATUS = "UPDATE ledger.order_view SET status = $3 WHERE site = $1 AND id = $2"
_DELETE = "DELETE FROM ledger.order_view WHERE site = $1 AND id = $2"
_INVENT = """
INSERT INTO ledger.order_view
SELECT (jsonb_populate_record(order_view, jsonb_build_object('id', $3::text))).*
FROM ledger.order_view
WHERE site = $1 AND id = $2
"""


async def edit_document(victim: Victim) -> Where:
    """What the API answers with."""
    row = await victim.found(_ORDER, "order")
    document = msgspec.json.decode(row["document"]) | {"status": another_status(row["status"])}
    await victim.change(_SET_DOCUMENT, row["id"], msgspec.json.encode(document))
    return {"order_id": row["id"], "finding": "differs", "path": "status"}


async def edit_status(victim: Victim) -> Where:
    """What lists filter by."""
    row = await victim.found(_ORDER, "order")
    await victim.change(_SET_STATUS, row["id"], another_status(row["status"]))
    return {"order_id": row["id"], "finding": "differs", "path": "column.status"}


async def hide_order(victim: Victim) -> Where:
    """The API knows it no more."""
    row = await victim.found(_ORDER, "order")
    await victim.change(_DELETE, row["id"])
    return {"order_id": row["id"], "finding": "missing"}


async def invent_order(victim: Victim) -> Where:
    """The API shows one that has no events."""
    row = await victim.found(_ORDER, "order")
    invented = f"{row['id']}-that-never-was"
    await victim.change(_INVENT, row["id"], invented)
    return {"order_id": invented, "finding": "ghost"}


def another_status(status: str) -> str:
    """A status that the order does not have."""
    return OrderStatus.CANCELLED if status != OrderStatus.CANCELLED else OrderStatus.DELIVERED
