"""What can be done to the indexes of the past and of the log. Each function does it and says what must be named."""

from ops.drill.tampering import Where
from ops.drill.victim import Victim
from ops.drill.view_tamperings import another_status

_VERSION = "SELECT id, version, status FROM ledger.order_version WHERE site = $1 ORDER BY id, version LIMIT 1"
_SET_STATUS = "UPDATE ledger.order_version SET status = $4 WHERE site = $1 AND id = $2 AND version = $3"
_DELETE_VERSION = "DELETE FROM ledger.order_version WHERE site = $1 AND id = $2 AND version = $3"
_INVENT = """
INSERT INTO ledger.order_version
SELECT (jsonb_populate_record(order_version, jsonb_build_object('id', $4::text))).*
FROM ledger.order_version
WHERE site = $1 AND id = $2 AND version = $3
"""
_DOCUMENT = "SELECT id, version FROM ledger.order_version_document WHERE site = $1 ORDER BY id, version LIMIT 1"
_SET_DOCUMENT = """
UPDATE ledger.order_version_document SET document = document || ' '::bytea
WHERE site = $1 AND id = $2 AND version = $3
"""
_PAGE = "SELECT position FROM ledger.order_version_page WHERE site = $1 ORDER BY position LIMIT 1"
_SET_TIME = "UPDATE ledger.order_version_page SET latest_ms = latest_ms + 1000 WHERE site = $1 AND position = $2"
_BLAME = "UPDATE ledger.change SET actor = 'not ' || actor WHERE site = $1 AND position = $2"
_HIDE = "DELETE FROM ledger.change WHERE site = $1 AND position = $2"
_MOVE = "UPDATE ledger.consumer SET position = $2 WHERE site = $1 AND name = 'changes'"


async def edit_past_order(victim: Victim) -> Where:
    """What lists of the past filter by."""
    row = await victim.found(_VERSION, "order that changed")
    await victim.change(_SET_STATUS, row["id"], row["version"], another_status(row["status"]))
    return {"order_id": row["id"], "version": row["version"], "finding": "differs", "column": "status"}


async def hide_past_order(victim: Victim) -> Where:
    """As if it had not been there then."""
    row = await victim.found(_VERSION, "order that changed")
    await victim.change(_DELETE_VERSION, row["id"], row["version"])
    return {"order_id": row["id"], "version": row["version"], "finding": "missing"}


async def invent_past_order(victim: Victim) -> Where:
    """One that has no events."""
    row = await victim.found(_VERSION, "order that changed")
    invented = f"{row['id']}-that-never-was"
    await victim.change(_INVENT, row["id"], row["version"], invented)
    return {"order_id": invented, "version": row["version"], "finding": "ghost"}


async def edit_past_document(victim: Victim) -> Where:
    """What lists of the past answer with."""
    row = await victim.found(_DOCUMENT, "document of the past")
    await victim.change(_SET_DOCUMENT, row["id"], row["version"])
    return {"order_id": row["id"], "version": row["version"], "finding": "differs"}


async def edit_past_times(victim: Victim) -> Where:
    """So that a time is looked for at another place of the log."""
    row = await victim.found(_PAGE, "events")
    await victim.change(_SET_TIME, row["position"])
    return {"position": row["position"], "finding": "differs", "column": "latest_ms"}


async def blame_another(victim: Victim) -> Where:
    """Whoever asks what somebody did is not shown it."""
    await victim.change(_BLAME, victim.place)
    return {"position": victim.place, "finding": "differs", "column": "actor"}


async def hide_event(victim: Victim) -> Where:
    """No filter finds it."""
    await victim.change(_HIDE, victim.place)
    return {"position": victim.place, "finding": "missing"}


async def rewind(victim: Victim) -> Where:
    """So that it could not go on."""
    await victim.change(_MOVE, victim.stages.size - 1)
    return {"position": victim.stages.size, "finding": "ghost"}


async def advance(victim: Victim) -> Where:
    """So that the next event would never be in it."""
    await victim.change(_MOVE, victim.stages.size + 1)
    return {"view": "changes", "position": victim.stages.size + 1, "log_size": victim.stages.size}
