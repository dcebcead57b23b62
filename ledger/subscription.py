"""An ordered consumer of a site's log: every event once, in order, and proof that none is missing.

Positions have no gaps, so a consumer asserts that each event stands right behind the one before. Polling is the
truth; a wake-up only makes the next poll come sooner. Wake-ups come from the appender of the same process at once,
and from other processes by NOTIFY, sent after the commit and merged (a NOTIFY inside the commit is a lock that
all appends of the database share).
"""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
from typing import Any

import asyncpg

from ledger.appender import CONNECTION_ERRORS
from ledger.envelope import RecordedEvent
from ledger.errors import DatabaseUnavailable
from ledger.ids import Position, Site
from ledger.limits import LOG_PAGE_EVENTS, STATEMENT_TIMEOUT_S
from ledger.store import Store

CHANNEL = "order_ledger"
POLL_S = 1.0
# Wake-ups of other processes are sent this often at most.
NOTIFY_PAUSE_S = 0.05
_RECONNECT_PAUSE_S = 0.5
_BEGINNING = Position(0)


class EventMissed(AssertionError):
    """The log has a gap where it can have none: somebody removed events, or the database is not the same any more."""


class Wakeups:
    """Tells waiting subscriptions that a site's log has grown."""

    def __init__(self) -> None:
        self._events: defaultdict[Site, set[asyncio.Event]] = defaultdict(set)
        self._any: set[asyncio.Event] = set()

    def wake(self, site: Site) -> None:
        """Wake all that wait for this site. Never blocks."""
        for event in (*self._events.get(site, ()), *self._any):
            event.set()

    def wake_all(self) -> None:
        """Wake all that wait for any site. Never blocks."""
        for events in (*self._events.values(), self._any):
            for event in events:
                event.set()

    @contextlib.contextmanager
    def waiting(self, site: Site) -> Iterator[asyncio.Event]:
        """An asyncio event that is set whenever the site's log grows."""
        event = asyncio.Event()
        self._events[site].add(event)
        try:
            yield event
        finally:
            self._events[site].discard(event)
            if not self._events[site]:
                del self._events[site]

    @contextlib.contextmanager
    def waiting_for_any(self) -> Iterator[asyncio.Event]:
        """An asyncio event that is set whenever the log of some site grows."""
        event = asyncio.Event()
        self._any.add(event)
        try:
            yield event
        finally:
            self._any.discard(event)


def assert_none_missed(site: Site, last: Position, page: Iterable[RecordedEvent]) -> None:
    """Each event stands right behind the one before it, the first behind ``last``.

    Raises:
        EventMissed: one does not.
    """
    expected = last
    for event in page:
        expected = Position(expected + 1)
        if event.position != expected:
            raise EventMissed(f"site {site}: position {event.position} follows where {expected} was expected")


async def assert_not_shortened(store: Store, site: Site, last: Position) -> None:
    """The log still holds a position that was handled.

    Raises:
        EventMissed: it ends before: it is an older copy.
    """
    head = await store.head_position(site) or 0
    if head < last:
        raise EventMissed(f"site {site}: the log ends at {head}, and position {last} was handled")


class Announcer:
    """Carries wake-ups between processes by LISTEN and NOTIFY on one connection of its own.

    Args:
        connect: opens a connection.
        wakeups: those of this process.
    """

    def __init__(self, connect: Callable[[], Any], wakeups: Wakeups) -> None:
        self._connect = connect
        self._wakeups = wakeups
        self._grown: set[Site] = set()
        self._something_grew = asyncio.Event()

    def announce(self, site: Site) -> None:
        """Wake subscriptions here at once and in other processes soon. Never blocks."""
        self._wakeups.wake(site)
        self._grown.add(site)
        self._something_grew.set()

    async def run(self) -> None:
        """Listen and announce until cancelled; a lost connection is opened again.

        Nothing that the database says ends it: subscriptions poll meanwhile.
        """
        while True:
            with contextlib.suppress(*CONNECTION_ERRORS, asyncpg.PostgresError, DatabaseUnavailable):
                await self._run_connected()
            await asyncio.sleep(_RECONNECT_PAUSE_S)

    async def _run_connected(self) -> None:
        connection = await self._connect()
        try:
            # Else an idle announcer would wait on a dead connection, deaf, until this process writes something.
            connection.add_termination_listener(lambda _: self._something_grew.set())
            await connection.add_listener(CHANNEL, self._heard)
            # What others announced before we listened is not told again.
            self._wakeups.wake_all()
            while not connection.is_closed():
                await self._announce_grown(connection)
                await asyncio.sleep(NOTIFY_PAUSE_S)
                await self._something_grew.wait()
                self._something_grew.clear()
        finally:
            with contextlib.suppress(*CONNECTION_ERRORS):
                await connection.close(timeout=1)

    async def _announce_grown(self, connection: Any) -> None:
        sites, self._grown = self._grown, set()
        try:
            for site in sites:
                await connection.execute("SELECT pg_notify($1, $2)", CHANNEL, site, timeout=STATEMENT_TIMEOUT_S)
        except BaseException:
            self._grown |= sites
            raise

    def _heard(self, _connection: Any, _pid: int, _channel: str, payload: object) -> None:
        self._wakeups.wake(Site(str(payload)))


class Subscription:
    """The events of a site behind a position, as they come, without end.

    Args:
        store: where to read.
        site: whose log.
        after: the last position that was handled; 0 to begin at the beginning.
        wakeups: makes the wait for the next event short; without it the log is polled.
    """

    def __init__(
        self, store: Store, site: Site, *, after: Position = _BEGINNING, wakeups: Wakeups | None = None
    ) -> None:
        self._store = store
        self._site = site
        self._wakeups = wakeups or Wakeups()
        self.last = after

    async def pages(self, *, poll_s: float = POLL_S) -> AsyncGenerator[list[RecordedEvent], None]:
        """Pages of events in order; waits for more at the end of the log.

        Raises:
            EventMissed: an event does not stand right behind the one before it, or the log ends before it.
        """
        with self._wakeups.waiting(self._site) as grown:
            while True:
                grown.clear()
                page = await self._store.read_log(self._site, after=self.last)
                if page:
                    assert_none_missed(self._site, self.last, page)
                    yield page
                    self.last = page[-1].position
                else:
                    await assert_not_shortened(self._store, self._site, self.last)
                if len(page) < LOG_PAGE_EVENTS:
                    with contextlib.suppress(TimeoutError):
                        # asyncio.wait_for of Python 3.11 can lose a cancellation that comes with the wake-up.
                        async with asyncio.timeout(poll_s):
                            await grown.wait()
