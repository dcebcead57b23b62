"""What a process remembers of streams: it saves work, and is never believed against the log."""

from collections.abc import Iterable, Mapping

import asyncpg
import pytest

from ledger import known_streams
from ledger.decision import Stream
from ledger.envelope import RecordedEvent
from ledger.ids import Site, StreamId
from ledger.known_streams import KnownStream, KnownStreams
from ledger.store import Store
from tests.log.appends import append, append_batch

A, B, C = StreamId("a"), StreamId("b"), StreamId("c")


class WatchedStore(Store):
    """Remembers how many events were read of which streams."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        super().__init__(pool)
        self.read: list[dict[StreamId, int]] = []

    async def load_streams(
        self, site: Site, streams: Iterable[StreamId], *, after: Mapping[StreamId, int] | None = None
    ) -> dict[StreamId, list[RecordedEvent]]:
        found = await super().load_streams(site, streams, after=after or {})
        self.read.append({stream: len(events) for stream, events in found.items()})
        return found


@pytest.fixture
def store(pool: asyncpg.Pool) -> WatchedStore:
    return WatchedStore(pool)


@pytest.fixture
def known(store: WatchedStore) -> KnownStreams:
    return KnownStreams(store)


async def read(known: KnownStreams, site: Site, stream: StreamId) -> tuple[int, list[int]]:
    """Read a stream and remember its end; the version that was remembered, and those that were new."""
    found = (await known.find(site, [stream]))[stream]
    if found.news:
        last = found.news[-1]
        known.remember(site, KnownStream(Stream(stream, "state", last.version, last.recorded_at, last.leaf), 100))
    return found.known.stream.version if found.known else 0, [event.version for event in found.news]


async def test_what_is_remembered_is_not_read_again(
    pool: asyncpg.Pool, site: Site, known: KnownStreams, store: WatchedStore
) -> None:
    await append_batch(pool, append(site, (A, 1), (A, 2), (A, 3)))
    assert await read(known, site, A) == (0, [1, 2, 3])
    assert await read(known, site, A) == (3, [])
    await append_batch(pool, append(site, (A, 4)))
    assert await read(known, site, A) == (3, [4])
    # The event that is remembered comes along: its leaf is the proof.
    assert store.read == [{A: 3}, {A: 1}, {A: 2}]


async def test_a_stream_that_is_not_there_is_looked_for_again(
    pool: asyncpg.Pool, site: Site, known: KnownStreams
) -> None:
    assert await read(known, site, A) == (0, [])
    await append_batch(pool, append(site, (A, 1)))
    assert await read(known, site, A) == (0, [1])


async def test_where_the_log_lost_its_end_nothing_remembered_is_believed(
    pool: asyncpg.Pool, site: Site, known: KnownStreams, owner: asyncpg.Connection
) -> None:
    """As after a failover that lost commits: a decision on a state that nobody ever had would be refused for ever."""
    await append_batch(pool, append(site, (A, 1), (A, 2)))
    await read(known, site, A)
    await owner.execute("DELETE FROM ledger.event WHERE site = $1 AND stream = $2 AND version = 2", site, A)
    await owner.execute("UPDATE ledger.head SET position = 1 WHERE site = $1", site)
    assert await read(known, site, A) == (0, [1])

    await append_batch(pool, append(site, (A, 2), note="another"))
    assert await read(known, site, A) == (1, [2])


async def test_where_the_log_has_another_event_in_its_place_it_is_read_from_the_start(
    pool: asyncpg.Pool, site: Site, known: KnownStreams, owner: asyncpg.Connection
) -> None:
    await append_batch(pool, append(site, (A, 1), (A, 2)))
    await read(known, site, A)
    await owner.execute("DELETE FROM ledger.event WHERE site = $1 AND stream = $2 AND version = 2", site, A)
    await owner.execute("UPDATE ledger.head SET position = 1 WHERE site = $1", site)
    await append_batch(pool, append(site, (A, 2), (A, 3), note="another"))
    assert await read(known, site, A) == (0, [1, 2, 3])


async def test_the_least_recently_used_are_forgotten(
    pool: asyncpg.Pool, site: Site, known: KnownStreams, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known_streams, "STREAMS_REMEMBERED_MAX", 2)
    await append_batch(pool, append(site, (A, 1), (B, 1), (C, 1)))
    await read(known, site, A)
    await read(known, site, B)
    await read(known, site, A)
    await read(known, site, C)
    assert [(await read(known, site, stream))[0] for stream in (A, C, B)] == [1, 1, 0]


async def test_large_ones_are_forgotten_by_their_size(
    pool: asyncpg.Pool, site: Site, known: KnownStreams, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known_streams, "STREAMS_REMEMBERED_BYTES_MAX", 250)
    await append_batch(pool, append(site, (A, 1), (B, 1), (C, 1)))
    for stream in (A, B, C):
        await read(known, site, stream)
    assert [(await read(known, site, stream))[0] for stream in (C, B, A)] == [1, 1, 0]


async def test_what_is_remembered_can_be_recalled_without_a_look(
    known: KnownStreams, store: WatchedStore, pool: asyncpg.Pool, site: Site
) -> None:
    await append_batch(pool, append(site, (A, 1), (B, 1)))
    assert known.recall(site, [A]) is None
    await read(known, site, A)
    store.read.clear()
    recalled = known.recall(site, [A])
    assert recalled is not None
    found = recalled[A].known
    assert found is not None
    assert found.stream.version == 1
    assert known.recall(site, [A, B]) is None
    assert store.read == []


async def test_what_this_process_wrote_to_is_read_before_it_is_recalled(
    known: KnownStreams, pool: asyncpg.Pool, site: Site
) -> None:
    await append_batch(pool, append(site, (A, 1), (B, 1)))
    for stream in (A, B):
        await read(known, site, stream)
    await append_batch(pool, append(site, (A, 2)))
    known.fall_behind(site, [A, B, C])
    assert known.recall(site, [A]) is None
    assert known.recall(site, [B]) is None
    for stream in (A, B):
        await read(known, site, stream)
    recalled = known.recall(site, [A, B])
    assert recalled is not None
    found = recalled[A].known
    assert found is not None
    assert found.stream.version == 2


async def test_an_older_version_never_replaces_a_newer_one(known: KnownStreams, site: Site) -> None:
    """Two commands that read on at the same time may end in either order."""
    known.remember(site, KnownStream(Stream(A, "new", 5, 5, b"5"), 10))
    known.remember(site, KnownStream(Stream(A, "old", 4, 4, b"4"), 10))
    assert known._known[site, A].stream.state == "new"
    assert known._size == 10
    known.forget(site, [A, B])
    assert (known._size, list(known._known)) == (0, [])
