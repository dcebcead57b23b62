"""The end of each log as this process has read it: consumers that follow closely read every event once together.

A page from memory is held against the log by the leaf of its last event: events are never changed, and whatever took
the end of the log away (a database that lost its last commits) took that one too.
"""

from collections import deque
from itertools import islice

from ledger.envelope import RecordedEvent
from ledger.ids import Position, Site
from ledger.limits import LOG_PAGE_EVENTS, RECENT_LOG_EVENTS_MAX, RECENT_LOG_SITES_MAX
from ledger.store import Store


class RecentLog:
    """Reads pages of logs, and remembers the last ones of sites that grow."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._recent: dict[Site, deque[RecordedEvent]] = {}

    async def read(self, site: Site, *, after: Position) -> list[RecordedEvent]:
        """Events of the site behind a position, in order, at most ``LOG_PAGE_EVENTS``; none at the end of the log."""
        page = self._remembered(site, after)
        if page and await self.store.leaf_at(site, page[-1].position) == page[-1].leaf:
            return page
        page = await self.store.read_log(site, after=after)
        self._remember(site, page)
        return page

    def _remembered(self, site: Site, after: Position) -> list[RecordedEvent]:
        recent = self._recent.get(site)
        if not recent or not recent[0].position <= after + 1 <= recent[-1].position:
            return []
        skipped = after + 1 - recent[0].position
        return list(islice(recent, skipped, skipped + LOG_PAGE_EVENTS))

    def _remember(self, site: Site, page: list[RecordedEvent]) -> None:
        if not page:
            return
        recent = self._recent.get(site)
        if recent and page[-1].position < recent[0].position:
            # Somebody who is far behind: what the others are about to read is worth more.
            return
        if recent and page[0].position == recent[-1].position + 1:
            recent.extend(page)
            return
        if len(self._recent) >= RECENT_LOG_SITES_MAX:
            self._recent.clear()
        self._recent[site] = deque(page, maxlen=RECENT_LOG_EVENTS_MAX)
