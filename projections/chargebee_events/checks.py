"""What the index does not hold of an event: its id, and what became of its deliveries."""

from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg

from ledger.ids import Site
from projections.chargebee_events.query import Place, Wanted
from projections.sql import query
from projections.webhooks.statuses import statuses_at


@dataclass(frozen=True, slots=True)
class Checks:
    """Looks up what is wanted of events beside what the index holds."""

    pool: asyncpg.Pool
    site: Site
    wanted: Wanted

    @property
    def are_needed(self) -> bool:
        """Whether anything of it is wanted."""
        return self.wanted.asks_id or self.wanted.asks_status

    async def fitting(self, places: Sequence[Place]) -> Sequence[Place]:
        """Those of some places whose events fit, in the same order."""
        return await self.with_statuses(await self._with_ids(places))

    async def with_statuses(self, places: Sequence[Place]) -> Sequence[Place]:
        """Those that fit by what became of their deliveries."""
        if not self.wanted.asks_status or not places:
            return places
        statuses = await statuses_at(self.pool, self.site, [place.position for place in places])
        return [place for place in places if self.wanted.holds_statuses(statuses[place.position])]

    async def _with_ids(self, places: Sequence[Place]) -> Sequence[Place]:
        if not self.wanted.asks_id or not places:
            return places
        rows = await self.pool.fetch(query("event_ids_at"), self.site, [place.position for place in places])
        ids = {row["position"]: row["event_id"] for row in rows}
        return [place for place in places if self.wanted.holds_id(ids[place.position])]
