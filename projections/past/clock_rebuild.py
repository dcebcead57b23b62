"""Compares what is known of a log's times with the log, and writes it anew where it is wrong."""

from typing import Any

from ledger.ids import Position, Site
from ledger.limits import LOG_PAGE_EVENTS
from ledger.store import recorded
from projections.past.clock import LogClock, born
from projections.past.consumer import add_page
from projections.sql import query


class ClockRebuild:
    """The times of a log up to a position.

    Args:
        until: how far the index of past orders has come.
    """

    def __init__(self, connection: Any, site: Site, until: Position) -> None:
        self._connection = connection
        self._site = site
        self._until = until
        self._pages: list[tuple[Position, LogClock]] = []

    async def differs(self) -> bool:
        """Whether anything that is known is other than the log says, or too little is."""
        differs, after, clock = False, Position(0), LogClock()
        while after < self._until:
            before, after = after, Position(min(after + LOG_PAGE_EVENTS, self._until))
            noted = await self._noted(before, after)
            for row in await self._connection.fetch(query("log_times"), self._site, before, after):
                clock = _after(clock, row)
                differs |= noted.get(row["position"], clock) != clock
            self._pages.append((after, clock))
        last = await self._noted(Position(self._until - 1), self._until)
        return differs or (self._until > 0 and not last)

    async def write(self) -> None:
        """Write what the log says."""
        await self._connection.execute(query("remove_version_pages"), self._site, self._until)
        for position, clock in self._pages:
            await add_page(self._connection, self._site, position, clock)

    async def _noted(self, after: Position, until: Position) -> dict[int, LogClock]:
        rows = await self._connection.fetch(query("version_pages"), self._site, after, until)
        return {row["position"]: LogClock(row["latest_ms"], row["lag_ms_max"], row["lead_s_max"]) for row in rows}


def _after(clock: LogClock, row: Any) -> LogClock:
    """What holds behind one more event."""
    if row["body"] is None and row["recorded_at"] >= clock.latest_ms:
        return LogClock(row["recorded_at"], clock.lag_ms_max, clock.lead_s_max)
    began = born(recorded(row)) if row["body"] is not None else []
    lag_ms = clock.latest_ms - row["recorded_at"]
    return LogClock(
        max(clock.latest_ms, row["recorded_at"]),
        max(clock.lag_ms_max, lag_ms),
        max(clock.lead_s_max, *(each.lead_s for each in began), 0),
    )
