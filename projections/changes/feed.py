"""The changes of a site as they come, without end: what passes the filters, opened, and how far the log was read."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Any

from ledger.appender import CONNECTION_ERRORS
from ledger.envelope import RecordedEvent
from ledger.ids import Position, Site
from ledger.store import Store
from ledger.subscription import Subscription, Wakeups
from projections.changes.document import ChangeOpener, LoggedChange
from projections.changes.reader import ChangeLog
from projections.sql.conditions import Condition

# Changes that are opened before others get their turn: a few milliseconds.
_OPENED_AT_ONCE = 25
# After an outage of the database; it is asked again until it answers.
_RETRY_S = 1.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Batch:
    """The changes that passed, maybe none, and the last position that was looked at."""

    changes: tuple[LoggedChange, ...]
    last: Position


class ChangeFeed:
    """Follows the log of one site.

    Args:
        conditions: what must hold of a change; None lets none pass.
        after: the last position that was handled.
    """

    def __init__(
        self,
        changes: ChangeLog,
        opener: ChangeOpener,
        store: Store,
        site: Site,
        *,
        conditions: tuple[Condition, ...] | None,
        after: Position,
        wakeups: Wakeups | None = None,
        with_differences: bool = False,
    ) -> None:
        self._changes = changes
        self._opener = opener
        self._store = store
        self._site = site
        self._conditions = conditions
        self._wakeups = wakeups
        self._with_differences = with_differences
        self.last = after

    async def batches(self, until: asyncio.Event, *, tick_s: float) -> AsyncGenerator[Batch, None]:
        """Changes in order, each once, and an empty batch after each tick without any, until the event is set.

        An outage of the database only takes time.

        Raises:
            EventMissed: the log has a gap, or has become shorter.
        """
        stop = asyncio.create_task(until.wait())
        try:
            while not stop.done():
                try:
                    pages = Subscription(self._store, self._site, after=self.last, wakeups=self._wakeups).pages()
                    async with contextlib.aclosing(_with_ticks(pages, stop, tick_s)) as ticking:
                        async for page in ticking:
                            async for batch in self._opened(page):
                                yield batch
                except CONNECTION_ERRORS as lost:
                    log.info("site %s: the log cannot be followed for now: %s", self._site, type(lost).__name__)
                    yield Batch((), self.last)
                    await asyncio.wait({stop}, timeout=_RETRY_S)
        finally:
            stop.cancel()

    async def _opened(self, page: Sequence[RecordedEvent]) -> AsyncGenerator[Batch, None]:
        """A page in parts; an empty page is an empty batch."""
        for first in range(0, len(page) or 1, _OPENED_AT_ONCE):
            part = page[first : first + _OPENED_AT_ONCE]
            changes = await self._open(part)
            if part:
                self.last = part[-1].position
            yield Batch(changes, self.last)

    async def _open(self, part: Sequence[RecordedEvent]) -> tuple[LoggedChange, ...]:
        if self._conditions is None or not part:
            return ()
        passed = await self._changes.matching(self._site, self._conditions, part)
        return tuple(await self._opener.open(self._site, passed, with_differences=self._with_differences))


async def _with_ticks(
    pages: AsyncGenerator[list[RecordedEvent], None], stop: "asyncio.Task[Any]", tick_s: float
) -> AsyncGenerator[list[RecordedEvent], None]:
    """Pages as they come, and an empty one after each tick without any, until ``stop`` is done."""
    async with contextlib.aclosing(pages):
        page = asyncio.ensure_future(anext(pages))
        try:
            while True:
                await asyncio.wait({page, stop}, timeout=tick_s, return_when=asyncio.FIRST_COMPLETED)
                if stop.done():
                    return
                if not page.done():
                    yield []
                    continue
                yield page.result()
                page = asyncio.ensure_future(anext(pages))
        finally:
            page.cancel()
            await asyncio.gather(page, return_exceptions=True)
