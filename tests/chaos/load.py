"""Writers that keep asking while the service is treated badly, as clients should: each request has an idempotency key,
and one whose outcome is not known is sent again until there is an answer.
"""

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import aiohttp
import asyncpg

from ledger.limits import IDEMPOTENCY_WINDOW_MS
from tests.log.traffic import Asked, HttpDoor, Told, Writer, import_shared, load_big_invoices, writers
from tests.serving import PATIENCE_S, SITE, Server, until

NAMES = tuple("abcdefgh")
ANSWERS_BETWEEN_FAULTS = 40
# A client that is refused asks ten times a second; more would take the time that the service needs to start.
_PAUSE_S = 0.1
_REPEATED_WITHIN_S = IDEMPOTENCY_WINDOW_MS / 1000 - 2 * PATIENCE_S

# What a client may be told while the service is not all there; then it comes again.
COME_AGAIN = {(503, "db_connection_failure"), (503, "internal_temporary_error"), (429, "lock_timeout")}


class PatientDoor:
    """Asks under a key until there is an answer, wherever the service is by then."""

    def __init__(self, client: aiohttp.ClientSession, url: str) -> None:
        self._client = client
        self._numbers = itertools.count()
        self.url = url
        self.answers: list[Told] = []
        self.troubles: Counter[str] = Counter()
        self._asked_s: dict[str, float] = {}

    async def ask(self, asked: Asked) -> Told:
        """Ask until there is an answer."""
        key = f"key-{next(self._numbers)}"
        self._asked_s[key] = time.monotonic()
        told = await self.repeat(replace(asked, key=key))
        self.answers.append(told)
        return told

    def can_be_repeated(self, told: Told) -> bool:
        """Whether the answer is still kept under its key, for long enough to ask for it."""
        asked_s = self._asked_s.get(told.asked.key or "")
        return asked_s is not None and time.monotonic() - asked_s < _REPEATED_WITHIN_S

    async def repeat(self, asked: Asked) -> Told:
        """Ask what has a key already."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                if told := await self._try(asked):
                    return told
                await asyncio.sleep(_PAUSE_S)

    async def _try(self, asked: Asked) -> Told | None:
        try:
            told = await HttpDoor(self._client, self.url).ask(asked)
        except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError) as broken:
            self.troubles[type(broken).__name__] += 1
            return None
        if (told.status, told.code) in COME_AGAIN:
            self.troubles[f"{told.status} {told.code}"] += 1
            return None
        return told


class Load:
    """Writers at work on a service until ``finish``; ``server`` may be replaced by another on the same data."""

    def __init__(self, client: aiohttp.ClientSession) -> None:
        self._client = client
        self._is_over = False
        self._tasks: list[asyncio.Task[None]] = []
        self.setup: list[Told] = []

    async def begin(self, server: Server, pool: asyncpg.Pool) -> None:
        """Prepare the quick start's site of a running service, and set the writers to work."""
        self._client.headers.update(server.headers)
        await load_big_invoices(pool, SITE)
        self.setup = await import_shared(HttpDoor(self._client, server.url))
        self.door = PatientDoor(self._client, server.url)
        shared = [told.order for told in self.setup if told.order]
        self._tasks = [asyncio.create_task(self._write(writer)) for writer in writers(NAMES, NAMES, shared)]

    def follow(self, server: Server) -> None:
        """Ask another service from now on."""
        self.door.url = server.url

    async def answered(self, more: int = ANSWERS_BETWEEN_FAULTS) -> None:
        """Wait until so many more requests have their answer."""
        wanted = len(self.door.answers) + more
        await self.wait_until(lambda: len(self.door.answers) >= wanted, what="more answers")

    async def wait_until(self, condition: Callable[[], object], *, what: str) -> None:
        """Wait for a condition while the writers work."""
        for task in self._tasks:
            if task.done():
                task.result()
        await asyncio.to_thread(until, condition, what=what)

    async def finish(self) -> list[Told]:
        """Let each writer have its last answer; all answers to commands. None was refused."""
        self._is_over = True
        await asyncio.gather(*self._tasks)
        refused = [told for told in self.door.answers if not told.acknowledged]
        assert not refused, refused[:3]
        return [*self.setup, *self.door.answers]

    async def stop(self) -> None:
        """Stop the writers wherever they are."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _write(self, writer: Writer) -> None:
        while not self._is_over:
            writer.hear(await self.door.ask(writer.next()))
