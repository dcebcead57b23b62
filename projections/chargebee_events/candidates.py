"""The events that a filter by id or webhook status leaves, where these are few: then they are looked at one by one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import asyncpg

from ledger.ids import Position, Site
from ledger.limits import EVENT_CANDIDATES_MAX, INTEGER_MAX
from ledger.vocabulary import WebhookStatus
from projections.changes.row import ChangeRow
from projections.changes.times import positions_of_times
from projections.chargebee_events.query import Place, Wanted
from projections.sql import query
from projections.sql.conditions import StartsWith
from projections.webhooks.statuses import planned_until, positions_with_status

# An id has 40 characters at most.
_BEHIND_ALL_IDS = chr(0x10FFFF) * 41


@dataclass(frozen=True, slots=True)
class Candidates:
    """Places of events that are held at hand, in the order of the list."""

    places: Sequence[Place]
    descending: bool

    async def next(self, start: Place | None, limit: int) -> Sequence[Place]:
        """At most ``limit`` places behind one."""
        rest = self.places if start is None else [each for each in self.places if self._is_behind(each, start)]
        return rest[:limit]

    def _is_behind(self, place: Place, start: Place) -> bool:
        return place < start if self.descending else place > start


async def find_candidates(
    pool: asyncpg.Pool, site: Site, wanted: Wanted, *, indexed: int, descending: bool
) -> Candidates | None:
    """Every indexed event that can be wanted, by what the index holds; None where no filter leaves few."""
    positions = await _positions(pool, site, wanted, indexed)
    if positions is None:
        return None
    rows = await pool.fetch(query("change_rows_at"), site, positions, indexed)
    found = (ChangeRow(**dict(row)) for row in rows)
    places = (Place(row.recorded_at // 1000, row.position) for row in found if wanted.holds(row))
    return Candidates(sorted(places, reverse=descending), descending)


async def positions_of_ids(pool: asyncpg.Pool, site: Site, event_ids: Iterable[str]) -> list[Position]:
    """The positions of events by their ids; ids that are not there have none."""
    rows = await pool.fetch(query("event_positions"), site, list(event_ids))
    return [Position(row["position"]) for row in rows]


async def _positions(pool: asyncpg.Pool, site: Site, wanted: Wanted, indexed: int) -> list[Position] | None:
    if wanted.ids is not None:
        return await positions_of_ids(pool, site, wanted.ids)
    for prefix in wanted.id_prefixes:
        found = await _positions_of_prefix(pool, site, prefix)
        if len(found) <= EVENT_CANDIDATES_MAX:
            return found
    if wanted.statuses is not None and WebhookStatus.NOT_CONFIGURED not in wanted.statuses:
        return await _positions_of_statuses(pool, site, wanted, wanted.statuses, indexed)
    return None


async def _positions_of_prefix(pool: asyncpg.Pool, site: Site, prefix: StartsWith) -> list[Position]:
    text = query("event_positions_of_prefix")
    rows = await pool.fetch(text, site, prefix.prefix, prefix.end or _BEHIND_ALL_IDS, EVENT_CANDIDATES_MAX + 1)
    return [Position(row["position"]) for row in rows]


async def _positions_of_statuses(
    pool: asyncpg.Pool, site: Site, wanted: Wanted, statuses: frozenset[WebhookStatus], indexed: int
) -> list[Position] | None:
    """Those that have a status, and all that no deliveries are planned of yet."""
    within = wanted.occurred_at
    times_ms = (within.first * 1000, min(within.last * 1000 + 999, INTEGER_MAX))
    first, last = await positions_of_times(pool, site, times_ms, (1, indexed), indexed=indexed)
    # First how far deliveries are planned: what is planned meanwhile is then found twice, and not missed.
    planned = min(await planned_until(pool, site), last)
    unplanned = range(max(first, planned + 1), last + 1)
    if first > last:
        return []
    if len(unplanned) > EVENT_CANDIDATES_MAX:
        return None
    found = await positions_with_status(
        pool, site, statuses, Position(first), Position(last), limit=EVENT_CANDIDATES_MAX + 1
    )
    if len(found) > EVENT_CANDIDATES_MAX:
        return None
    return [*dict.fromkeys((*found, *map(Position, unplanned)))]
