"""What a process knows of streams, and how it reads on: commands that run at the same time share their reads.

What is remembered is not folded again: a stream is read from its remembered event on, which proves by its leaf that the
log still is the one that is remembered (it is not, where a database that lost its last commits took over). What is
recalled without a look is proven in the same way by the append. Where an event before that one was changed in place,
what is remembered is what was true; that it was changed is for ``order-ledger verify`` to find.
"""

import logging
from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from ledger.decision import Stream
from ledger.envelope import RecordedEvent, leaf_hash
from ledger.ids import SETTINGS_STREAM, Site, StreamId
from ledger.limits import STREAMS_REMEMBERED_BYTES_MAX, STREAMS_REMEMBERED_MAX
from ledger.settings_memory import NO_SETTINGS, KnownSettings, SettingsMemory
from ledger.shared_reads import SharedReads
from ledger.store import Store

log = logging.getLogger(__name__)


class KnownStream(msgspec.Struct, frozen=True):
    """A stream as it was read last.

    Args:
        size: bytes of the bodies that made its state.
        is_behind: this process has written to it since.
    """

    stream: Stream[Any]
    size: int
    is_behind: bool = False


class FoundStream(msgspec.Struct, frozen=True, kw_only=True):
    """What is remembered of a stream and still holds, and the events behind it. ``settings`` are for their stream."""

    known: KnownStream | None = None
    settings: KnownSettings = NO_SETTINGS
    news: Sequence[RecordedEvent] = ()

    @property
    def version(self) -> int:
        """Of the last event that is remembered; 0 where none is."""
        return self.known.stream.version if self.known else self.settings.stream.version

    @property
    def leaf(self) -> bytes | None:
        """Of the last event that is remembered."""
        return self.known.stream.leaf if self.known else self.settings.stream.leaf


class KnownStreams:
    """Streams of all sites; the least recently used are forgotten beyond a bound."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._reads: SharedReads[StreamId, FoundStream] = SharedReads(self._read)
        self._known: OrderedDict[tuple[Site, StreamId], KnownStream] = OrderedDict()
        self._size = 0
        self._settings: SettingsMemory = {}

    async def find(self, site: Site, streams: Iterable[StreamId]) -> Mapping[StreamId, FoundStream]:
        """Streams as they are now; other commands may share the read."""
        return await self._reads.find(site, streams)

    def recall(self, site: Site, streams: Collection[StreamId]) -> Mapping[StreamId, FoundStream] | None:
        """Streams as they are remembered, without a look at the log; None unless each of them is.

        What is decided on them holds only where the append finds them still to be so (``ledger.batch.Remembered``).
        """
        found: dict[StreamId, FoundStream] = {}
        for stream in streams:
            known = self._known.get((site, stream))
            is_up_to_date = site in self._settings if stream == SETTINGS_STREAM else known and not known.is_behind
            if not is_up_to_date:
                return None
            found[stream] = self._remembered(site, stream)
            self._use((site, stream))
        return found

    def fall_behind(self, site: Site, streams: Iterable[StreamId]) -> None:
        """This process has written to these streams: they are read on before they are recalled."""
        for stream in streams:
            known = self._known.get((site, stream))
            if known is not None:
                self._known[site, stream] = replace(known, is_behind=True)

    def remember_settings(self, site: Site, known: KnownSettings) -> None:
        """Remember the settings of a site, unless later ones are remembered already."""
        present = self._settings.get(site)
        if present is None or present.stream.version < known.stream.version:
            self._settings[site] = known

    def remember(self, site: Site, known: KnownStream) -> None:
        """Remember a stream, unless a later version of it is remembered already."""
        name = (site, known.stream.id)
        present = self._known.get(name)
        if present is not None and present.stream.version >= known.stream.version:
            return
        self.forget(site, [known.stream.id])
        self._known[name] = known
        self._size += known.size
        while len(self._known) > STREAMS_REMEMBERED_MAX or self._size > STREAMS_REMEMBERED_BYTES_MAX:
            _, oldest = self._known.popitem(last=False)
            self._size -= oldest.size

    def forget(self, site: Site, streams: Iterable[StreamId]) -> None:
        """Read these streams from their beginning the next time."""
        for stream in streams:
            if stream == SETTINGS_STREAM:
                self._settings.pop(site, None)
            known = self._known.pop((site, stream), None)
            if known is not None:
                self._size -= known.size

    async def _read(self, site: Site, streams: Collection[StreamId]) -> Mapping[StreamId, FoundStream]:
        known = {stream: self._remembered(site, stream) for stream in streams}
        # With the last event that is known, which proves by its leaf that the log is the one that is remembered.
        after = {stream: each.version - 1 for stream, each in known.items() if each.version}
        read = await self._store.load_streams(site, streams, after=after)
        found: dict[StreamId, FoundStream] = {}
        for stream, each in known.items():
            events = read.get(stream, [])
            if not each.version:
                found[stream] = replace(each, news=events)
            elif events and events[0].leaf == each.leaf == leaf_hash(events[0].body):
                found[stream] = replace(each, news=events[1:])
                self._use((site, stream), is_up_to_date=len(events) == 1)
        return found | await self._read_anew(site, [stream for stream in streams if stream not in found])

    def _remembered(self, site: Site, stream: StreamId) -> FoundStream:
        if stream == SETTINGS_STREAM:
            return FoundStream(settings=self._settings.get(site, NO_SETTINGS))
        return FoundStream(known=self._known.get((site, stream)))

    async def _read_anew(self, site: Site, streams: Collection[StreamId]) -> dict[StreamId, FoundStream]:
        if not streams:
            return {}
        log.warning("site %s: %d streams are not in the log any more as they were read", site, len(streams))
        self.forget(site, streams)
        read = await self._store.load_streams(site, streams)
        return {stream: FoundStream(news=read.get(stream, [])) for stream in streams}

    def _use(self, name: tuple[Site, StreamId], *, is_up_to_date: bool = False) -> None:
        known = self._known.get(name)
        if known is None:
            return
        self._known.move_to_end(name)
        if known.is_behind and is_up_to_date:
            self._known[name] = replace(known, is_behind=False)
