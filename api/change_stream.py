"""The site's log as server-sent events: each change once and in order, and resumed without loss or repeat.

The id of an event is its position. A stream ends when the process stops, when the key is revoked, and when the log
is not the one any more that was read; a client then comes again with the last id that it has seen.
"""

import contextlib
import logging
import time
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import msgspec
from aiohttp import web

from api.event_stream import EventStream
from api.schemas.changes import ChangesRequest
from api.services import Services
from api.streams import StreamBudget
from ledger.appender import CONNECTION_ERRORS
from ledger.errors import LedgerError, ParamWrongValue
from ledger.ids import Position, Site
from ledger.limits import INTEGER_MAX
from ledger.subscription import EventMissed
from projections.changes.feed import Batch, ChangeFeed
from projections.changes.query import change_conditions

LAST_EVENT_ID = "Last-Event-ID"

# Comments go out this often where nothing else does: proxies close what is idle for a minute.
HEARTBEAT_S = 15.0
# How often a stream looks whether its client is there; whether its key is in use, every fifth time.
_TICK_S = 1.0
_KEY_CHECK_S = 5.0
_RETRY_MS = 1000

log = logging.getLogger(__name__)
_encoder = msgspec.json.Encoder()


@dataclass(frozen=True, kw_only=True, slots=True)
class Listener:
    """Who listens to the log of a site.

    Args:
        budget: what the stream is counted in.
        last_event_id: the header of this name, None without one.
        admit: raises a LedgerError once the listener's key is not in use any more.
    """

    services: Services
    budget: StreamBudget
    site: Site
    request_id: str
    last_event_id: str | None
    admit: Callable[[], Awaitable[object]]


async def stream_changes(listener: Listener, wanted: ChangesRequest) -> web.StreamResponse:
    """The answer that goes on.

    Raises:
        ParamWrongValue: a place to start from that the log does not have, or a parameter that only pages have.
        RequestLimitExceeded: there are too many streams.
    """
    start = await _start(listener, wanted)
    # Nothing is waited for between this and the stream's own count.
    listener.budget.require_room(listener.site)
    return EventStream(_ChangeStream(listener, wanted, start).run)


async def _start(listener: Listener, wanted: ChangesRequest) -> Position:
    asked = wanted.stream_start()
    header = listener.last_event_id
    name = "last_event_id" if wanted.resumed_from is not None else "position[after]"
    if header:
        asked, name = _position(header), LAST_EVENT_ID
    head = await listener.services.store.head_position(listener.site) or Position(0)
    if asked is not None and asked > head:
        raise ParamWrongValue(f"is beyond the last position of the log, {head}", param=name)
    return head if asked is None else asked


def _position(text: str) -> Position:
    if not (text.isascii() and text.isdigit()) or len(text) > len(str(INTEGER_MAX)):
        raise ParamWrongValue("is not a position of the log", param=LAST_EVENT_ID)
    return Position(int(text))


class _ChangeStream:
    """One stream. ``told`` is the last position that the client knows of."""

    def __init__(self, listener: Listener, wanted: ChangesRequest, start: Position) -> None:
        services = listener.services
        self._listener = listener
        self._told = start
        self._told_at = self._checked_at = time.monotonic()
        self._feed = ChangeFeed(
            services.changes,
            services.change_opener,
            services.store,
            listener.site,
            conditions=change_conditions(wanted.query.filters),
            after=start,
            wakeups=services.wakeups,
            with_differences=wanted.with_differences,
        )

    async def run(self, out: EventStream) -> None:
        """Write until the client, the key, the log or the process is gone."""
        streams = self._listener.services.streams
        with self._listener.budget.running(self._listener.site):
            await out.begin(self._told, _RETRY_MS)
            try:
                async with contextlib.aclosing(self._feed.batches(streams.closing, tick_s=_TICK_S)) as batches:
                    async for batch in batches:
                        if out.is_gone or not await self._is_let_in():
                            break
                        await self._write(out, batch)
            except EventMissed as missed:
                log.error("%s: a stream of changes ends: %s", self._listener.request_id, missed)
            except ConnectionError:
                # The client is gone. Nobody is left to be told.
                raise
            except Exception as crash:
                # The text of an exception may hold what is in events; where it happened does not.
                frames = "".join(traceback.format_tb(crash.__traceback__))
                name = type(crash).__name__
                log.error("%s: a stream of changes failed with %s\n%s", self._listener.request_id, name, frames)

    async def _write(self, out: EventStream, batch: Batch) -> None:
        for change in batch.changes:
            await out.event(change.position, "change", b'{"change":%s}' % _encoder.encode(change))
            self._tell(Position(change.position))
        silent_s = time.monotonic() - self._told_at
        if batch.last > self._told and silent_s >= _TICK_S:
            await out.move(batch.last)
            self._tell(batch.last)
        elif silent_s >= HEARTBEAT_S:
            await out.heartbeat()
            self._tell(self._told)

    def _tell(self, position: Position) -> None:
        self._told, self._told_at = position, time.monotonic()

    async def _is_let_in(self) -> bool:
        """Whether the key is still in use, as far as can be known."""
        if time.monotonic() - self._checked_at < _KEY_CHECK_S:
            return True
        self._checked_at = time.monotonic()
        try:
            await self._listener.admit()
        except CONNECTION_ERRORS:
            return True
        except LedgerError:
            return False
        return True
