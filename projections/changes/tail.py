"""The end of a site's log that an index has not come to: how long it is, and its events."""

from dataclasses import dataclass

import asyncpg

from ledger.envelope import RecordedEvent
from ledger.errors import OperationFailed, ResourceNotFound, TemporaryError
from ledger.ids import Position, Site
from ledger.limits import CHANGES_BEHIND_INDEX_MAX, LOG_PAGE_EVENTS
from ledger.store import Store
from ledger.subscription import assert_none_missed
from projections.changes.index import CONSUMER
from projections.sql import query

# About as long as the index needs for half a million events.
_INDEX_RETRY_S = 30


@dataclass(frozen=True, slots=True)
class Ends:
    """The last position of the log, and the last that the index has."""

    head: int
    indexed: int


class LogTail:
    """Reads what ``ledger.change`` does not have yet from the log itself."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._store = Store(pool)

    async def ends(self, site: Site) -> Ends:
        """Where the log and the index end.

        Raises:
            ResourceNotFound: there is no such site.
            OperationFailed: the index has events that the log has not.
        """
        row = await self._pool.fetchrow(query("log_extent"), site, CONSUMER)
        if row is None:
            raise ResourceNotFound(f"There is no site {site}.")
        if row["indexed"] > row["head"]:
            raise OperationFailed("The log of the site ends before what was read of it: it is an older copy.")
        return Ends(row["head"], row["indexed"])

    async def events(self, site: Site, first: int, last: int) -> list[RecordedEvent]:
        """The events from one position to another, both included, in order.

        Raises:
            TemporaryError: there are more than a page reads by itself.
            OperationFailed: the log ends before the last one.
        """
        if last - first >= CHANGES_BEHIND_INDEX_MAX:
            raise TemporaryError(
                f"The index of the log is being built and has {last - first + 1} events to go. Please try again.",
                retry_after_s=_INDEX_RETRY_S,
            )
        events: list[RecordedEvent] = []
        while (after := first - 1 + len(events)) < last:
            page = await self._store.read_log(site, after=Position(after), limit=min(LOG_PAGE_EVENTS, last - after))
            assert_none_missed(site, Position(after), page)
            events += page
            if not page:
                raise OperationFailed("The log of the site has become shorter: it is an older copy.")
        return events
