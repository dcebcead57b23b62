"""Webhook deliveries that were to be made at the moment of a backup: they are due again where it is restored."""

import asyncpg
import msgspec

from ledger.consumer import catch_up
from ledger.ids import Site
from ledger.sites import Sites
from ops.backup.sql import query
from projections.webhooks.planner import DeliveryPlanner

REASON = "held back when a backup was restored"


class DueDeliveries(msgspec.Struct, frozen=True, kw_only=True):
    """How many deliveries of a webhook endpoint are to be made."""

    site: Site
    endpoint_id: str
    deliveries: int


async def due_deliveries(pool: asyncpg.Pool) -> list[DueDeliveries]:
    """What is to be delivered once a service runs, that of events included that nobody had planned for yet."""
    for record in await Sites(pool).list_sites():
        await catch_up(pool, DeliveryPlanner(), Site(record.site))
    return [DueDeliveries(**row) for row in await pool.fetch(query("due_webhooks"))]


async def hold_deliveries(pool: asyncpg.Pool) -> None:
    """Let none of them be made; they count as failed, so `order-ledger webhooks resend --failed` makes them."""
    await pool.execute(query("hold_webhooks"), REASON)
