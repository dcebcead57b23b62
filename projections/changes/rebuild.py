"""Makes the index of a site's log again from the log, a page at a time, while it is in use.

Pages that differ are replaced under the lock of the consumer's checkpoint, each in one transaction, so a reader never
sees half of one; a rebuild that is stopped has put right what it came to. The service may add rows to the index and not
change one, so whoever puts it right has the rights of the owner.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ledger.ids import Position, Site
from ledger.limits import LOG_PAGE_EVENTS
from ledger.sql import query as ledger_query
from ledger.store import recorded
from projections.changes.index import CONSUMER, add_rows
from projections.changes.remade import RemadeRows, Row, indexed_rows
from projections.sql import query


@dataclass(kw_only=True, slots=True)
class ChangesReport:
    """What a rebuild of the index found and did.

    ``differing`` are the positions whose row was missing, not what the event says, or of no event that the index has
    come to. ``position`` is how far the index has come.
    """

    site: Site
    position: int = 0
    events: int = 0
    seconds: float = 0.0
    differing: list[int] = field(default_factory=list)

    @property
    def is_true(self) -> bool:
        """Whether the index was what the log says."""
        return not self.differing


class ChangesRebuild:
    """One rebuild of the index of the log.

    Args:
        connection: with the rights of the owner, unless nothing is to be changed.
        check_only: compare, and change nothing.
        on_progress: is told after each page.
    """

    def __init__(
        self,
        connection: Any,
        site: Site,
        *,
        check_only: bool = False,
        on_progress: Callable[[ChangesReport], None] = lambda _: None,
    ) -> None:
        self._connection = connection
        self._site = site
        self._check_only = check_only
        self._on_progress = on_progress
        self._remade = RemadeRows(site)
        self._report = ChangesReport(site=site)

    async def run(self) -> ChangesReport:
        """Rebuild or check the index of the whole site."""
        began = time.monotonic()
        if self._check_only:
            async with self._connection.transaction(isolation="repeatable_read", readonly=True):
                await self._go_through()
        else:
            await self._go_through()
        self._report.seconds = time.monotonic() - began
        return self._report

    async def _go_through(self) -> None:
        while await self._next_page():
            self._on_progress(self._report)

    async def _next_page(self) -> bool:
        """Compare the next page; False where there was none, and all behind the index has been looked at."""
        async with self._connection.transaction():
            find = ledger_query("find_consumer") if self._check_only else query("lock_consumer")
            reached = await self._connection.fetchval(find, self._site, CONSUMER) or 0
            self._report.position = reached
            after = Position(self._report.events)
            limit = min(LOG_PAGE_EVENTS, max(0, reached - after))
            page = await self._connection.fetch(ledger_query("read_log"), self._site, after, limit)
            until = page[-1]["position"] if page else None
            expected = await self._remade.rows(self._connection, list(map(recorded, page)))
            shown = await indexed_rows(self._connection, self._site, after, until, rows_max=2 * LOG_PAGE_EVENTS)
            if shown != expected:
                await self._put_right(after, until, shown, expected)
            self._report.events = until or after
        return bool(page)

    async def _put_right(self, after: int, until: int | None, shown: list[Row], expected: list[Row]) -> None:
        self._report.differing += sorted({row[0] for row in set(shown) ^ set(expected)})
        if self._check_only:
            return
        await self._connection.execute(query("remove_changes"), self._site, after, until)
        await add_rows(self._connection, self._site, expected)
