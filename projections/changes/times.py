"""Where in a site's log events of a time stand: clocks of two workers differ, so positions do not follow times."""

from collections.abc import Sequence

import asyncpg

from ledger.ids import Site
from ledger.limits import INTEGER_MAX
from projections.sql import query


async def positions_of_times(
    pool: asyncpg.Pool, site: Site, times_ms: tuple[int, int], positions: tuple[int, int], *, indexed: int
) -> tuple[int, int]:
    """The part of a range of positions in which events of a range of times can stand; both ends are included.

    Args:
        positions: within what the index has.
        indexed: the last position that the index has.
    """
    first, last = positions
    if times_ms[0] > 0 and first <= last:
        first = max(first, 1 + await _before(pool, site, indexed, times_ms[0]))
    if times_ms[1] < INTEGER_MAX and first <= last:
        lag = await pool.fetchval(query("change_lag"), site)
        last = min(last, await _before(pool, site, indexed, times_ms[1] + lag + 1))
    return first, last


async def positions_before(pool: asyncpg.Pool, site: Site, indexed: int, times_ms: Sequence[int]) -> list[int]:
    """How many events the index has before all that were recorded at each time or later, in milliseconds."""
    rows = await pool.fetch(query("positions_before"), site, indexed, times_ms)
    return [row["low"] for row in rows]


async def _before(pool: asyncpg.Pool, site: Site, indexed: int, time_ms: int) -> int:
    return (await positions_before(pool, site, indexed, [time_ms]))[0]
