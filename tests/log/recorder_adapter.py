"""Our store behind the recorder interface of eventsourcing, so that the test cases it ships run against ours.

A thin, synchronous face over the asynchronous store, whose event loop runs in a thread of its own. Versions of
eventsourcing start at 0 and ours at 1; a stored state becomes a member of a body. Nothing else is translated: what
the cases check is what the append function, the appender, the store and the subscription do.
"""

import asyncio
import queue
import threading
from base64 import b64decode, b64encode
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Future
from typing import Any, TypeVar
from uuid import UUID

import asyncpg
import msgspec
from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    IntegrityError,
    Notification,
    StoredEvent,
    Subscription,
)

from ledger import subscription as ours
from ledger.appender import Appender
from ledger.batch import Append, Outcome
from ledger.envelope import RecordedEvent, SealedEvent, leaf_hash
from ledger.ids import IdSource, Position, Site, StreamId, Version, system_clock_ms
from ledger.store import Store
from ops.database import Address, create_service_pool
from tests.conftest import new_site

T = TypeVar("T")

PATIENCE_S = 120.0
_BEGINNING = Position(0)


class Loop:
    """An event loop in a thread of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()

    def start(self, work: Coroutine[Any, Any, T]) -> "Future[T]":
        """Start work and go on."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do work and wait for its result."""
        return self.start(work).result(PATIENCE_S)

    def close(self) -> None:
        """End the thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE_S)
        self._loop.close()


class Ledger:
    """A new site of our store, and all that works on it."""

    def __init__(self, address: Address) -> None:
        self.loop = Loop()
        self.ids = IdSource()
        self.wakeups = ours.Wakeups()
        self.loop.run(self._open(address))

    async def _open(self, address: Address) -> None:
        self._pool = await create_service_pool(address)
        self.store = Store(self._pool)
        self.appender = Appender(self._pool, on_appended=self.wakeups.wake)
        self.site: Site = await new_site(self._pool)

    def close(self) -> None:
        """Write what waits and let go of the database."""
        self.loop.run(self._close())
        self.loop.close()

    async def _close(self) -> None:
        await self.appender.close()
        await self._pool.close()


class LedgerAggregateRecorder(AggregateRecorder):
    """Records streams."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: Any) -> Sequence[int] | None:
        """All of the events, or an IntegrityError and none."""
        self._insert(stored_events)
        return None

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        """Events of one stream."""
        stream = StreamId(str(originator_id))
        records = self._ledger.loop.run(self._ledger.store.load_streams(self._ledger.site, [stream]))
        found = [
            event
            for event in map(_stored, records.get(stream, []))
            if (gt is None or event.originator_version > gt) and (lte is None or event.originator_version <= lte)
        ]
        return found[::-1][:limit] if desc else found[:limit]

    def _insert(self, stored_events: Sequence[StoredEvent]) -> list[SealedEvent]:
        sealed = [self._sealed(event) for event in stored_events]
        if not sealed:
            return []
        append = Append(site=self._ledger.site, events=tuple(sealed))
        try:
            outcome = self._ledger.loop.run(self._ledger.appender.append(append))
        except asyncpg.IntegrityConstraintViolationError as error:
            raise IntegrityError(error) from error
        if outcome is not Outcome.APPENDED:
            raise IntegrityError(outcome)
        return sealed

    def _sealed(self, event: StoredEvent) -> SealedEvent:
        body = msgspec.json.encode({"state": b64encode(event.state).decode()})
        return SealedEvent(
            stream=StreamId(str(event.originator_id)),
            version=Version(event.originator_version + 1),
            type=event.topic,
            recorded_at=system_clock_ms(),
            event_id=self._ledger.ids.event_id(live=False),
            leaf=leaf_hash(body),
            body=body,
        )


class LedgerApplicationRecorder(LedgerAggregateRecorder, ApplicationRecorder):
    """Records streams, and the order of all of their events."""

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: Any) -> Sequence[int] | None:
        """All of the events, or an IntegrityError and none; returns their positions."""
        ids = {event.event_id for event in self._insert(stored_events)}
        streams = {StreamId(str(event.originator_id)) for event in stored_events}
        records = self._ledger.loop.run(self._ledger.store.load_streams(self._ledger.site, streams))
        return sorted(event.position for events in records.values() for event in events if event.event_id in ids)

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        """Events of the site's log, in order."""
        last = (start or 0) - (1 if start and inclusive_of_start else 0)
        found: list[Notification] = []
        while len(found) < limit:
            records = self._read_log(last, limit)
            wanted = [event for event in records if not topics or event.type in topics]
            found += [_notification(event) for event in wanted if stop is None or event.position <= stop]
            if len(records) < limit:
                break
            last = records[-1].position
        return found[:limit]

    def max_notification_id(self) -> int | None:
        """The last position."""
        return self._ledger.loop.run(self._ledger.store.head_position(self._ledger.site)) or None

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> "LedgerSubscription":
        """Events behind a position as they come."""
        return LedgerSubscription(self, gt, topics)

    def follow(self, after: int, take: Callable[[list[RecordedEvent]], None]) -> "Future[None]":
        """Hand over pages of the log behind a position until cancelled."""
        following = ours.Subscription(
            self._ledger.store, self._ledger.site, after=Position(after), wakeups=self._ledger.wakeups
        )

        async def follow() -> None:
            async for page in following.pages():
                take(page)

        return self._ledger.loop.start(follow())

    def _read_log(self, after: int, limit: int) -> list[RecordedEvent]:
        store, site = self._ledger.store, self._ledger.site
        return self._ledger.loop.run(store.read_log(site, after=Position(after), limit=limit))


class LedgerSubscription(Subscription[LedgerApplicationRecorder]):
    """Our subscription, read by a thread that blocks until something comes."""

    def __init__(self, recorder: LedgerApplicationRecorder, gt: int | None, topics: Sequence[str]) -> None:
        super().__init__(recorder, gt, topics)
        self._arrived: queue.SimpleQueue[RecordedEvent | None] = queue.SimpleQueue()
        self._following = recorder.follow(gt or _BEGINNING, self._take)
        self._following.add_done_callback(lambda _: self._arrived.put(None))

    def stop(self) -> None:
        """Stop following, and tell who waits."""
        super().stop()
        self._following.cancel()

    def __next__(self) -> Notification:
        while not self._has_been_stopped:
            event = self._arrived.get(timeout=PATIENCE_S)
            if event is None:
                self._following.result()
            elif not self._topics or event.type in self._topics:
                return _notification(event)
        raise StopIteration

    def _take(self, page: list[RecordedEvent]) -> None:
        for event in page:
            self._arrived.put(event)


def _stored(event: RecordedEvent) -> StoredEvent:
    return StoredEvent(
        originator_id=UUID(event.stream),
        originator_version=event.version - 1,
        topic=event.type,
        state=_state(event),
    )


def _notification(event: RecordedEvent) -> Notification:
    return Notification(
        id=event.position,
        originator_id=UUID(event.stream),
        originator_version=event.version - 1,
        topic=event.type,
        state=_state(event),
    )


def _state(event: RecordedEvent) -> bytes:
    return b64decode(msgspec.json.decode(event.body)["state"])
