"""The deliveries that are to be made: who makes which, and what comes of it.

Whoever calls an endpoint claims the delivery first, for a while: two that look at the same moment never make the same
call, and one that is killed is followed by somebody else (at least once). Times are milliseconds.
"""

from enum import StrEnum
from typing import NamedTuple

import asyncpg
import msgspec

from ledger.ids import Position, Site
from ledger.limits import (
    WEBHOOK_CLAIM_S,
    WEBHOOK_DELIVERIES_FORGOTTEN_AT_ONCE,
    WEBHOOK_FAILURE_REASON_LENGTH_MAX,
    WEBHOOK_RETRY_DELAYS_S,
)
from ledger.vocabulary import WebhookStatus
from projections.sql import query
from projections.webhooks.turns import WAIT_MS

_CLAIM_MS = int(WEBHOOK_CLAIM_S * 1000)


class Lane(NamedTuple):
    """An endpoint of a site, with its own line of deliveries."""

    site: Site
    endpoint_id: str


class Kind(StrEnum):
    """First calls come in the order of the log, further ones by their time."""

    FIRST = "first"
    FURTHER = "further"


class Claimed(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery that whoever holds it may make now; members are as they were before."""

    lane: Lane
    position: Position
    claim: str
    status: WebhookStatus
    attempts: int
    first_finished_at: int | None = None
    failure_reason: str | None = None

    @property
    def is_first_call(self) -> bool:
        """Whether no call of it has ever finished."""
        return self.first_finished_at is None


class Deliveries:
    """Hands out deliveries and takes their outcomes. Database errors pass through."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def lanes(self, now_ms: int) -> list[Lane]:
        """Endpoints of all sites at which something may be due."""
        async with self._pool.acquire() as connection:
            sites = [row["site"] for row in await connection.fetch(query("sites_with_webhook_deliveries"))]
            return [
                Lane(Site(site), row["endpoint_id"])
                for site in sites
                for row in await connection.fetch(query("webhook_lanes"), site, now_ms)
            ]

    async def claim(self, lane: Lane, kind: Kind, claim: str, now_ms: int, limit: int) -> list[Claimed]:
        """Claim deliveries that are due, in the order in which they are to begin.

        Args:
            claim: who claims them; never the same twice.
        """
        statement = query(f"claim_{kind}_webhook_calls")
        rows = await self._pool.fetch(statement, lane.site, lane.endpoint_id, now_ms, claim, now_ms + _CLAIM_MS, limit)
        found = [msgspec.convert({**row, "lane": lane, "claim": claim}, Claimed) for row in rows]
        return sorted(found, key=lambda each: each.position)

    async def finish(
        self, delivery: Claimed, failure_reason: str | None, now_ms: int, *, is_final: bool = False
    ) -> list[Lane]:
        """Note how a call went; returns the endpoints whose turn came by it.

        Nothing happens where the claim has gone to somebody else meanwhile.

        Args:
            failure_reason: None for a success.
            is_final: a failure that no further call can mend.
        """
        has_retry = delivery.attempts < len(WEBHOOK_RETRY_DELAYS_S) and not is_final
        due_at = now_ms + WEBHOOK_RETRY_DELAYS_S[delivery.attempts] * 1000 if has_retry else None
        rows = await self._pool.fetch(
            query("finish_webhook_call"),
            *_key(delivery),
            now_ms,
            failure_reason and failure_reason[:WEBHOOK_FAILURE_REASON_LENGTH_MAX],
            due_at,
            WAIT_MS,
        )
        return [Lane(delivery.lane.site, row["endpoint_id"]) for row in rows]

    async def release(self, delivery: Claimed, now_ms: int) -> None:
        """Give a delivery back: it was not made, and is due at once."""
        await self._pool.execute(query("release_webhook_call"), *_key(delivery), now_ms)

    async def forget(self, site: Site, before_ms: int) -> int:
        """Delete a small number of deliveries of events of before; returns how many, 0 when none are left."""
        statement = query("forget_webhook_deliveries")
        done = await self._pool.execute(statement, site, before_ms, WEBHOOK_DELIVERIES_FORGOTTEN_AT_ONCE)
        return int(done.split()[-1])


def _key(delivery: Claimed) -> tuple[str, int, str, str]:
    return delivery.lane.site, delivery.position, delivery.lane.endpoint_id, delivery.claim
