"""Anchors are taken after the commit, once, whatever fails meanwhile, and hold up nobody."""

import asyncio
import contextlib
import logging
import socket
import stat
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import asyncpg
import pytest
from aiohttp import web

from ledger.consumer import ConsumerLoop
from ledger.ids import Site
from ledger.limits import ANCHOR_ATTEMPTS_MAX
from ledger.subscription import Wakeups
from ledger.transparency.anchor_file import AnchorFiles, AnchorLine, read_anchors
from ledger.transparency.anchors import AnchorFailed, Anchoring, AnchorPlace, FilePlace
from ledger.transparency.checkpoint_store import unverified
from ops.database import Address, service_pool
from ops.serving.http_anchor import HttpPlace, UnusableAnchorUrl
from tests.conftest import new_site
from tests.ledger.transparency.given import Signer, grow
from tests.log.waiting import eventually


def anchoring(signer: Signer, *places: AnchorPlace) -> Anchoring:
    """Without waits between attempts."""
    return Anchoring(signer.pool, places, pause_s=0.01, retry_s=0.0)


@pytest.fixture
async def alone(own_address: Address, tmp_path: Path) -> AsyncIterator[Signer]:
    """A site in a database of its own: anchoring looks at all sites."""
    async with service_pool(own_address) as pool:
        signer = Signer(pool, await new_site(pool), tmp_path)
        signer.prepare()
        yield signer


# Files


async def test_the_file_has_the_last_checkpoint_of_each_round_once(alone: Signer) -> None:
    place = FilePlace(alone.anchors)
    for _ in range(3):
        await grow(alone.pool, alone.site, 2)
        await alone.sign()
        for _ in range(2):
            await anchoring(alone, place).round(place)
    lines = list(alone.anchors.reading(alone.site).lines())
    assert [line.size for line in lines] == [2, 4, 6]
    assert [unverified(line.note.encode()).size for line in lines] == [2, 4, 6]
    assert [(each.place, each.size) for each in await alone.store.anchors()] == [("file", 6)]
    assert stat.S_IMODE(alone.anchors.path_of(alone.site).stat().st_mode) == 0o600


async def test_a_kill_before_the_database_knew_of_the_anchor_repeats_nothing(alone: Signer) -> None:
    await alone.grow(2)
    assert await alone.store.anchors() == []
    place = FilePlace(alone.anchors)
    await anchoring(alone, place).round(place)
    assert [line.size for line in alone.anchors.reading(alone.site).lines()] == [2]
    assert [each.size for each in await alone.store.anchors()] == [2]


@pytest.mark.parametrize("cut", [2, 20, 150])
def test_a_line_that_a_kill_left_half_is_ended_and_the_anchor_taken_again(tmp_path: Path, cut: int) -> None:
    files, site = AnchorFiles(tmp_path / "anchors"), Site("acme")
    files.append(site, AnchorLine(1, 10, "first\n" * 20))
    files.append(site, AnchorLine(2, 20, "second\n" * 20))
    path = files.path_of(site)
    whole = path.read_bytes()
    path.write_bytes(whole[:-cut])
    assert files.last(site) == AnchorLine(1, 10, "first\n" * 20)
    files.append(site, AnchorLine(3, 20, "again\n"))
    reading = read_anchors(path)
    assert [(line.anchored_at, line.size) for line in reading.lines()] == [(1, 10), (3, 20)]
    assert reading.torn == 1
    assert path.read_bytes().startswith(whole[:-cut]), "nothing before was touched"


def test_a_line_that_lacks_its_end_alone_counts(tmp_path: Path) -> None:
    files, site = AnchorFiles(tmp_path), Site("acme")
    files.append(site, AnchorLine(1, 10, "a"))
    path = files.path_of(site)
    path.write_bytes(path.read_bytes()[:-1])
    assert files.append(site, AnchorLine(2, 10, "b")).note == "a"
    files.append(site, AnchorLine(2, 20, "b"))
    reading = read_anchors(path)
    assert ([line.size for line in reading.lines()], reading.torn) == ([10, 20], 0)


def test_the_file_never_goes_back(tmp_path: Path) -> None:
    files, site = AnchorFiles(tmp_path), Site("acme")
    files.append(site, AnchorLine(1, 10, "a"))
    assert files.append(site, AnchorLine(2, 9, "b")).size == 10
    assert files.append(site, AnchorLine(2, 10, "b")).note == "a"
    assert len(files.path_of(site).read_bytes().splitlines()) == 1


async def test_an_older_database_is_told_by_the_file_place(tmp_path: Path) -> None:
    files, site = AnchorFiles(tmp_path), Site("acme")
    await FilePlace(files).keep(site, 10, b"later")
    with pytest.raises(AnchorFailed, match="size 10"):
        await FilePlace(files).keep(site, 5, b"earlier")


def test_what_is_added_while_it_is_read_belongs_to_a_later_look(tmp_path: Path) -> None:
    files, site = AnchorFiles(tmp_path), Site("acme")
    assert list(files.reading(site).lines()) == []
    files.append(site, AnchorLine(1, 10, "a"))
    reading = files.reading(site)
    files.append(site, AnchorLine(2, 20, "b"))
    assert [line.size for line in reading.lines()] == [10]


# HTTP


class Receiver:
    """Somebody who keeps anchors. ``answers`` are statuses to give, one after another, then 200; None hangs."""

    def __init__(self) -> None:
        self.answers: list[int | None] = []
        self.kept: list[bytes] = []
        self.asked = 0
        self.released = asyncio.Event()

    async def take(self, request: web.Request) -> web.Response:
        self.asked += 1
        status = self.answers.pop(0) if self.answers else 200
        if status is None:
            await self.released.wait()
            status = 500
        if 200 <= status < 300:
            assert request.content_type == "text/plain"
            self.kept.append(await request.read())
        headers = {"Location": "/elsewhere"} if status in {301, 307} else None
        return web.Response(status=status, headers=headers)


@pytest.fixture
async def receiver() -> AsyncIterator[tuple[Receiver, str]]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/{path:.*}", receiver.take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield receiver, f"http://127.0.0.1:{runner.addresses[0][1]}/keep"
    receiver.released.set()
    await runner.cleanup()


async def _signed(alone: Signer) -> bytes:
    await grow(alone.pool, alone.site, 3)
    await alone.sign()
    latest = await alone.store.latest()
    assert latest
    return latest.note


async def test_the_note_is_posted_byte_for_byte_and_once(alone: Signer, receiver: tuple[Receiver, str]) -> None:
    note, place = await _signed(alone), HttpPlace(receiver[1])
    for _ in range(2):
        await anchoring(alone, place).round(place)
    assert receiver[0].kept == [note]
    assert [(each.place, each.size) for each in await alone.store.anchors()] == [(receiver[1], 3)]


async def test_a_receiver_that_fails_is_tried_again(alone: Signer, receiver: tuple[Receiver, str]) -> None:
    note, place = await _signed(alone), HttpPlace(receiver[1])
    receiver[0].answers = [500, 503]
    work = anchoring(alone, place)
    await work.round(place)
    assert receiver[0].kept == [note]
    assert not work.failures


@pytest.mark.parametrize("status", [500, 404, 301, 307])
async def test_a_receiver_that_goes_on_failing_is_left_until_the_next_round(
    alone: Signer, receiver: tuple[Receiver, str], status: int, caplog: pytest.LogCaptureFixture
) -> None:
    note, place = await _signed(alone), HttpPlace(receiver[1] + "?token=secret")
    receiver[0].answers = [status] * ANCHOR_ATTEMPTS_MAX
    work = anchoring(alone, place)
    with caplog.at_level(logging.WARNING):
        await work.round(place)
    assert receiver[0].asked == ANCHOR_ATTEMPTS_MAX
    assert work.failures == {receiver[1]: 1}
    assert f"status {status}" in caplog.text
    assert "secret" not in caplog.text
    assert await alone.store.anchors() == []
    await work.round(place)
    assert receiver[0].kept == [note]


async def test_a_receiver_that_hangs_is_given_up(alone: Signer, receiver: tuple[Receiver, str]) -> None:
    await _signed(alone)
    place = HttpPlace(receiver[1], timeout_s=0.1)
    receiver[0].answers = [None] * ANCHOR_ATTEMPTS_MAX
    work = anchoring(alone, place)
    await work.round(place)
    assert work.failures == {receiver[1]: 1}


async def test_nobody_at_the_address_is_a_failure_and_no_more(alone: Signer) -> None:
    await _signed(alone)
    with contextlib.closing(socket.socket()) as unused:
        unused.bind(("127.0.0.1", 0))
        place = HttpPlace(f"http://127.0.0.1:{unused.getsockname()[1]}/")
        work = anchoring(alone, place)
        await work.round(place)
    assert sum(work.failures.values()) == 1


async def test_a_receiver_that_hangs_holds_up_neither_signing_nor_another_place(
    alone: Signer, receiver: tuple[Receiver, str]
) -> None:
    receiver[0].answers = [None] * 1000
    work = anchoring(alone, HttpPlace(receiver[1], timeout_s=60), FilePlace(alone.anchors))
    wakeups = Wakeups()
    loop = ConsumerLoop(alone.pool, (alone.checkpointer(),), wakeups)
    tasks = [asyncio.create_task(work.run()), asyncio.create_task(loop.run())]
    try:
        for size in (2, 4, 6):
            await grow(alone.pool, alone.site, 2)
            wakeups.wake(alone.site)
            await eventually(_has(alone, size))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    assert receiver[0].asked == 1


def _has(signer: Signer, size: int) -> Callable[[], bool]:
    return lambda: getattr(signer.anchors.last(signer.site), "size", 0) == size


async def test_a_database_that_is_away_is_a_failure_and_no_more(alone: Signer) -> None:
    await _signed(alone)
    pool = asyncpg.create_pool(host="127.0.0.1", port=1, min_size=0, timeout=1)
    place = FilePlace(alone.anchors)
    async with pool:
        work = Anchoring(pool, (place,), retry_s=0.0)
        await work.round(place)
    assert work.failures == {"file": 1}


@pytest.mark.parametrize(
    "url", ["ftp://x/", "x", "http:///path", "", "file:///etc/passwd", "http://x:99999/", "http://[::1/"]
)
def test_what_is_no_url_of_an_anchor_is_refused(url: str) -> None:
    with pytest.raises(UnusableAnchorUrl):
        HttpPlace(url)


def test_a_place_shows_nothing_that_may_be_secret() -> None:
    assert HttpPlace("http://[::1]:80/a").name == "http://[::1]:80/a"
    assert HttpPlace("https://user:pass@keeper.example:8443/a/b?token=x#y").name == "https://keeper.example:8443/a/b"
