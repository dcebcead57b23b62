"""Shared reads: who shares, who never does, and what one caller's bad luck means for the others."""

import asyncio
from collections.abc import Collection, Mapping

import pytest

from ledger import shared_reads
from ledger.ids import Site
from ledger.limits import SHARED_READS_AT_ONCE
from ledger.shared_reads import SharedReads

SITE, OTHER = Site("acme"), Site("other")


class Source:
    """Answers with the keys themselves; each read waits until it is let go."""

    def __init__(self) -> None:
        self.reads: list[tuple[Site, list[int]]] = []
        self.gates: list[asyncio.Event] = []
        self.begun = asyncio.Condition()
        self.broken: Exception | None = None

    async def read(self, site: Site, keys: Collection[int]) -> Mapping[int, str]:
        gate = asyncio.Event()
        async with self.begun:
            self.reads.append((site, sorted(keys)))
            self.gates.append(gate)
            self.begun.notify_all()
        await gate.wait()
        if self.broken:
            raise self.broken
        return {key: f"{site} {key}" for key in keys if key >= 0}

    async def until(self, count: int) -> None:
        async with self.begun, asyncio.timeout(10):
            await self.begun.wait_for(lambda: len(self.reads) >= count)

    def let_go(self, *numbers: int) -> None:
        for number in numbers:
            self.gates[number].set()


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def reads(source: Source) -> SharedReads[int, str]:
    return SharedReads(source.read)


async def occupy(source: Source, reads: SharedReads[int, str]) -> list[asyncio.Task[Mapping[int, str]]]:
    """As many reads under way as there may be."""
    tasks = []
    for number in range(SHARED_READS_AT_ONCE):
        tasks.append(asyncio.create_task(reads.find(SITE, [1000 + number])))
        await source.until(number + 1)
    return tasks


async def test_what_is_asked_for_while_others_are_under_way_is_read_together(
    source: Source, reads: SharedReads[int, str]
) -> None:
    first = await occupy(source, reads)
    together = [asyncio.create_task(reads.find(SITE, [number, 7])) for number in range(5)]
    await asyncio.sleep(0)
    source.let_go(0)
    await source.until(SHARED_READS_AT_ONCE + 1)
    assert source.reads[-1] == (SITE, [0, 1, 2, 3, 4, 7])
    source.let_go(*range(1, len(source.gates)))
    for number, found in enumerate(await asyncio.gather(*together)):
        assert (found[number], found[7]) == (f"acme {number}", "acme 7")
    await asyncio.gather(*first)


async def test_nobody_joins_a_read_that_has_begun(source: Source, reads: SharedReads[int, str]) -> None:
    """What it finds could be older than the question: a client could miss its own write."""
    before = asyncio.create_task(reads.find(SITE, [1]))
    await source.until(1)
    after = asyncio.create_task(reads.find(SITE, [1]))
    await source.until(2)
    source.let_go(0)
    assert (await before)[1] == "acme 1"
    assert not after.done()
    source.let_go(1)
    assert (await after)[1] == "acme 1"


async def test_one_that_takes_long_holds_up_nobody(source: Source, reads: SharedReads[int, str]) -> None:
    slow = asyncio.create_task(reads.find(SITE, [1]))
    await source.until(1)
    for number in range(1, 4):
        quick = asyncio.create_task(reads.find(SITE, [number]))
        await source.until(number + 1)
        source.let_go(number)
        assert (await quick)[number] == f"acme {number}"
    assert not slow.done()
    source.let_go(0)
    await slow


async def test_sites_are_never_read_together(source: Source, reads: SharedReads[int, str]) -> None:
    first = await occupy(source, reads)
    other = asyncio.create_task(reads.find(OTHER, [1]))
    await source.until(SHARED_READS_AT_ONCE + 1)
    assert source.reads[-1] == (OTHER, [1])
    source.let_go(*range(len(source.gates)))
    assert (await other)[1] == "other 1"
    await asyncio.gather(*first)


async def test_a_key_that_stands_for_nothing_is_missing(source: Source, reads: SharedReads[int, str]) -> None:
    task = asyncio.create_task(reads.find(SITE, [-1, 1]))
    await source.until(1)
    source.let_go(0)
    assert await task == {1: "acme 1"}


async def test_a_failure_reaches_all_who_share_it_and_nobody_after(
    source: Source, reads: SharedReads[int, str]
) -> None:
    first = await occupy(source, reads)
    sharing = [asyncio.create_task(reads.find(SITE, [number])) for number in range(3)]
    await asyncio.sleep(0)
    source.let_go(0)
    await source.until(SHARED_READS_AT_ONCE + 1)
    source.broken = ConnectionResetError("gone")
    source.let_go(*range(1, len(source.gates)))
    results = await asyncio.gather(*sharing, return_exceptions=True)
    assert [type(each) for each in results] == [ConnectionResetError] * 3
    await asyncio.gather(*first, return_exceptions=True)

    source.broken = None
    again = asyncio.create_task(reads.find(SITE, [1]))
    await source.until(SHARED_READS_AT_ONCE + 2)
    source.let_go(len(source.gates) - 1)
    assert (await again)[1] == "acme 1"


async def test_who_gives_up_leaves_the_read_to_the_others(source: Source, reads: SharedReads[int, str]) -> None:
    gone = asyncio.create_task(reads.find(SITE, [1]))
    stays = asyncio.create_task(reads.find(SITE, [2]))
    await source.until(1)
    assert source.reads[0] == (SITE, [1, 2])
    gone.cancel()
    source.let_go(0)
    assert (await stays)[2] == "acme 2"
    with pytest.raises(asyncio.CancelledError):
        await gone


async def test_a_read_has_a_bounded_number_of_keys_and_one_question_is_never_split(
    source: Source, reads: SharedReads[int, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_reads, "SHARED_READ_KEYS_MAX", 3)
    tasks = [asyncio.create_task(reads.find(SITE, keys)) for keys in ([1, 2], [3], [4], [5, 6, 7, 8])]
    await source.until(2)
    source.let_go(0, 1)
    await source.until(3)
    source.let_go(2)
    assert sorted(keys for _, keys in source.reads) == [[1, 2, 3], [4], [5, 6, 7, 8]]
    await asyncio.gather(*tasks)


async def test_who_asks_in_the_moment_when_all_reads_end_is_not_forgotten(
    source: Source, reads: SharedReads[int, str]
) -> None:
    """Between the end of a reader and the news of it is a turn of the event loop, in which its caller may ask again."""

    async def ask_twice() -> str:
        await reads.find(SITE, [1])
        return (await reads.find(SITE, [2]))[2]

    twice = asyncio.create_task(ask_twice())
    await source.until(1)
    others = [asyncio.create_task(reads.find(SITE, [3 + number])) for number in range(SHARED_READS_AT_ONCE - 1)]
    await source.until(SHARED_READS_AT_ONCE)
    source.let_go(*range(SHARED_READS_AT_ONCE))
    await source.until(SHARED_READS_AT_ONCE + 1)
    source.let_go(SHARED_READS_AT_ONCE)
    assert await twice == "acme 2"
    await asyncio.gather(*others)
