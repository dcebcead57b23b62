"""The clock: tells that dates of orders are reached, soon after they are.

The table of due dates says where to look, the decision on the order's own stream what is told; so however often and
from however many services it is looked, each date is told once.
"""

import asyncio
import logging
from collections.abc import Callable

from ledger.commands import MarkReady
from ledger.errors import InvalidRequest
from ledger.handler import CommandHandler
from ledger.ids import IdSource, Site
from ledger.limits import CLOCK_LOOK_S, CLOCK_ORDERS_AT_ONCE, CLOCK_RETRY_S
from ledger.processes.actor import is_passing, system
from ledger.processes.order_clock import DueDate, DueDates
from ledger.sites import Sites
from ledger.vocabulary import EventSource

log = logging.getLogger(__name__)


class Clock:
    """Runs ``MarkReady`` for dates that are reached.

    Args:
        clock_ms: milliseconds since 1970; the handler's own.
    """

    def __init__(
        self,
        handler: CommandHandler,
        due_dates: DueDates,
        sites: Sites,
        *,
        ids: IdSource,
        clock_ms: Callable[[], int],
    ) -> None:
        self._handler = handler
        self._due_dates = due_dates
        self._sites = sites
        self._ids = ids
        self._clock_ms = clock_ms

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            try:
                await self.look()
            except Exception as error:
                # The text of an exception may hold personal data. Whatever it was, the next look may go well.
                log.warning("dates of orders are not told at the moment: %s", type(error).__name__)
            await asyncio.sleep(CLOCK_LOOK_S)

    async def look(self) -> int:
        """Tell what is due at the moment, of each site a bounded number; returns how many orders were looked at."""
        now = self._clock_ms() // 1000
        due_sites = await self._due_dates.sites(now)
        live = {record.site: record.live for record in await self._sites.list_sites()} if due_sites else {}
        looked_at = 0
        for site in due_sites:
            due = await self._due_dates.due(site, now, CLOCK_ORDERS_AT_ONCE)
            async with asyncio.TaskGroup() as tasks:
                for each in due:
                    # Together they share a commit.
                    tasks.create_task(self._tell(site, each, live=live[site]))
            looked_at += len(due)
        return looked_at

    async def _tell(self, site: Site, due: DueDate, *, live: bool) -> None:
        caller = system(site, EventSource.SCHEDULED_JOB, live=live, ids=self._ids)
        try:
            await self._handler.handle(MarkReady(order_id=due.order_id, date=due.date), caller)
        except InvalidRequest:
            # It is deleted: there is nothing to tell.
            pass
        except Exception as error:
            if not is_passing(error):
                log.error("site %s: order %s: %s", site, due.order_id, type(error).__name__)
                await self._due_dates.postpone(site, due, self._clock_ms() // 1000 + CLOCK_RETRY_S)
            return
        await self._due_dates.clear(site, due)
