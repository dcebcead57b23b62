"""What the ledger tells whoever measures it."""

import asyncio
from collections.abc import Sequence
from typing import Any, cast

import asyncpg

from api.request_context import REQUEST_ID
from ledger.appender import Appender
from ledger.batch import Append
from ledger.consumer import ConsumerLoop
from ledger.ids import Site
from ledger.probe import Probe
from ledger.subscription import Wakeups
from ledger.transparency.anchors import Anchoring, FilePlace
from tests.ledger.transparency.given import Signer
from tests.log.appends import append, append_batch
from tests.log.pools import ForgetfulPool
from tests.log.waiting import eventually


class Heard(Probe):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.batches: list[Sequence[Append]] = []
        self.durations_s: list[float] = []
        self.others: list[str] = []

    def committed(self, batch: Sequence[Append], began_s: float, ended_s: float) -> None:
        self.batches.append(batch)
        self.durations_s.append(ended_s - began_s)

    def sent_again(self) -> None:
        self.others.append("sent again")

    def consumer_failed(self, consumer: str) -> None:
        self.others.append(consumer)

    def anchor_failed(self, place: str) -> None:
        self.others.append(place)


async def test_a_commit_is_told_once_with_all_that_share_it(pool: asyncpg.Pool, site: Site) -> None:
    heard = Heard()
    appender = Appender(pool, probe=heard)
    sent = [append(site, (f"note-{number}", 1)) for number in range(9)]
    await asyncio.gather(*map(appender.append, sent))
    assert [list(batch) for batch in heard.batches] == [sent]
    assert heard.durations_s[0] > 0


async def test_a_batch_that_is_sent_again_is_told(pool: asyncpg.Pool, site: Site) -> None:
    heard = Heard()
    forgetful = cast(asyncpg.Pool, ForgetfulPool(pool, lost=2))
    await Appender(forgetful, probe=heard).append(append(site, ("note-1", 1)))
    assert heard.others == ["sent again", "sent again"]
    assert len(heard.batches) == 1


class Failing:
    """A consumer that handles nothing."""

    name = "failing"
    pause_s = 0.0

    async def handle(self, connection: Any, site: Site, page: Sequence[Any]) -> None:
        raise ArithmeticError


async def test_a_consumer_that_fails_is_told(pool: asyncpg.Pool, site: Site) -> None:
    heard = Heard()
    await append_batch(pool, append(site, ("note-1", 1)))
    running = asyncio.create_task(ConsumerLoop(pool, [Failing()], Wakeups(), heard).run())
    await eventually(lambda: "failing" in heard.others)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_an_anchor_that_fails_is_told(signer: Signer) -> None:
    heard = Heard()
    place = FilePlace(signer.anchors)
    away = asyncpg.create_pool(host="127.0.0.1", port=1, min_size=0, timeout=1)
    async with away:
        await Anchoring(away, (place,), retry_s=0.0, probe=heard).round(place)
    assert heard.others == ["file"]


async def test_lanes_of_the_appender_belong_to_no_request(pool: asyncpg.Pool, site: Site) -> None:
    """What is logged and traced in a commit is the work of many, and must not carry the id of one."""
    seen: list[str | None] = []

    class Context(Probe):
        def committed(self, batch: Sequence[Append], began_s: float, ended_s: float) -> None:
            seen.append(REQUEST_ID.get())

    outside = REQUEST_ID.set("req_1")
    await Appender(pool, probe=Context()).append(append(site, ("note-1", 1)))
    REQUEST_ID.reset(outside)
    assert seen == [None]
