"""What was made of the events that came in: the bookkeeping of the intake, beside the record.

What an event changed is in the log, and the log alone makes that it changes it once. These tables tell people what
comes in, and spare the work for what was taken in before.
"""

from enum import StrEnum

import asyncpg
import msgspec

from ledger.ids import Site
from ledger.limits import INTAKE_EVENTS_FORGOTTEN_AT_ONCE, INTAKE_REASON_LENGTH_MAX
from ledger.sql import query

UNREADABLE = ""
"""The type of what could not be read."""


class IntakeOutcome(StrEnum):
    """What became of a delivery."""

    RECORDED = "recorded"
    UNCHANGED = "unchanged"
    DUPLICATE = "duplicate"
    IGNORED = "ignored"
    REFUSED = "refused"


class DeliveryCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many deliveries of a type came to the same; ``last_at`` in milliseconds, ``last_reason`` of a refusal."""

    event_type: str
    outcome: IntakeOutcome
    count: int
    last_at: int
    last_reason: str | None = None


class IntakeLog:
    """Keeps the events that were taken in, and the counts. Database errors pass through."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def was_taken_in(self, site: Site, event_id: str) -> bool:
        """Whether an event was taken in to its end."""
        return await self._pool.fetchval(query("find_intake_event"), site, event_id) is not None

    async def take_in(
        self,
        site: Site,
        event_id: str,
        *,
        event_type: str,
        outcome: IntakeOutcome,
        request_id: str,
        now_ms: int,
    ) -> None:
        """Remember an event and count it. What it brought is in the log by now: a kill before this repeats it."""
        await self._pool.execute(query("take_in_event"), site, event_id, event_type, outcome, now_ms, request_id)

    async def count(
        self, site: Site, event_type: str, outcome: IntakeOutcome, now_ms: int, *, reason: str | None = None
    ) -> None:
        """Count a delivery that brought nothing."""
        shown = reason[:INTAKE_REASON_LENGTH_MAX] if reason else None
        await self._pool.execute(query("count_delivery"), site, event_type, outcome, now_ms, shown)

    async def counts(self, site: Site) -> list[DeliveryCount]:
        """All counts by type and outcome."""
        rows = await self._pool.fetch(query("intake_counts"), site)
        return [msgspec.convert(dict(row), DeliveryCount) for row in rows]

    async def forget(self, site: Site, before_ms: int) -> int:
        """Delete a small number of events that came before a time; returns how many, 0 when none are left."""
        limit = INTAKE_EVENTS_FORGOTTEN_AT_ONCE
        return int((await self._pool.execute(query("forget_intake_events"), site, before_ms, limit)).split()[-1])
