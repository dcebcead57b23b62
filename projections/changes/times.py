"""Where in a site's log events of a time stand: clocks of two workers differ, so positions do not follow times."""

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
        first = max(first, 1 + await position_before(pool, site, indexed, times_ms[0]))
    if times_ms[1] < INTEGER_MAX and first <= last:
        lag = await pool.fetchval(query("change_lag"), site)
        last = min(last, await position_before(pool, site, indexed, times_ms[1] + lag + 1))
    return first, last


async def position_before(pool: asyncpg.Pool, site: Site, indexed: int, time_ms: int) -> int:
    """How many events the index has before all that were recorded at a time or later, in milliseconds."""
    return int(await pool.fetchval(query("positions_before"), site, indexed, time_ms))
