"""Group commit: the way of a command's writes into the log.

The first command of a site goes at once; those that arrive while its commit is in flight wait and share the next
one, which lets those in that are coming at that moment. Each site has a lane of its own, with one batch in flight and a
bounded queue before it. In a batch every command is whole or not at all, and a loser fails alone.

When the connection breaks, nobody knows whether the batch was committed. The lane then sends the same batch again:
events keep their ids and versions, so what was committed is recognised and nothing is ever written twice.
"""

import asyncio
import contextlib
import contextvars
import math
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence

import asyncpg

from ledger.batch import Append, Outcome, append_arguments, outcomes_of
from ledger.errors import DatabaseUnavailable, TemporaryError
from ledger.ids import Site, system_clock_ms
from ledger.limits import (
    APPEND_EVENT_S_MAX,
    APPEND_QUEUE_MAX,
    APPEND_RETRY_S_MAX,
    BATCH_BYTES_MAX,
    BATCH_COMMANDS_MAX,
    LETTING_IN_S_MAX,
    STATEMENT_TIMEOUT_S,
)
from ledger.probe import NO_PROBE, Probe
from ledger.sql import query

# What says that the connection or the server went away, not that the batch is wrong.
CONNECTION_ERRORS = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,
    asyncpg.ReadOnlySQLTransactionError,
)

# A request that has arrived is a command that waits within as many turns of the event loop.
_QUIET_TURNS = 3

_RETRY_PAUSES_S = (0.02, 0.05, 0.1, 0.2, 0.5)


class Appender:
    """Appends commands and tells each what became of it.

    Args:
        pool: connections with the rights of the service.
        clock_ms: milliseconds since 1970, for the expiry of idempotent answers.
        on_appended: called with the site after each commit that added events; must not block.
        probe: is told of commits.
    """

    def __init__(
        self,
        pool: asyncpg.Pool,
        *,
        clock_ms: Callable[[], int] = system_clock_ms,
        on_appended: Callable[[Site], None] = lambda _: None,
        queue_max: int = APPEND_QUEUE_MAX,
        probe: Probe = NO_PROBE,
    ) -> None:
        self._pool = pool
        self._probe = probe
        self._clock_ms = clock_ms
        self._on_appended = on_appended
        self._queue_max = queue_max
        self._lanes: dict[Site, _Lane] = {}
        self._closed = False

    async def append(self, append: Append) -> Outcome:
        """Write one command, sharing a commit with others.

        Raises:
            TemporaryError: too many commands wait already; nothing was written.
            DatabaseUnavailable: the database stayed away; whether the command was written is not known.
        """
        if self._closed:
            raise TemporaryError("The service is stopping.", retry_after_s=1)
        lane = self._lanes.get(append.site)
        if lane is None:
            lane = self._lanes[append.site] = _Lane(append.site, self._commit)
        if len(lane.waiting) >= self._queue_max:
            raise TemporaryError("Too many commands are waiting to be written.", retry_after_s=1)
        return await lane.put(append)

    @property
    def queued(self) -> int:
        """Commands that wait for a commit, over all sites."""
        return sum(len(lane.waiting) for lane in self._lanes.values())

    async def close(self) -> None:
        """Refuse new commands and finish those that wait."""
        self._closed = True
        await asyncio.gather(*(lane.drained() for lane in self._lanes.values()))

    async def _commit(self, site: Site, batch: Sequence[Append]) -> list[Outcome]:
        began_s = time.perf_counter()
        told = await self._send(site, batch)
        self._probe.committed(batch, began_s, time.perf_counter())
        if any(append.events for append in batch):
            self._on_appended(site)
        return told

    async def _send(self, site: Site, batch: Sequence[Append]) -> list[Outcome]:
        pauses = _pauses()
        while True:
            try:
                arguments = append_arguments(site, self._clock_ms(), batch)
                rows = await self._pool.fetch(query("append"), *arguments, timeout=_timeout_s(batch))
                return outcomes_of(batch, rows)
            except CONNECTION_ERRORS as error:
                pause = next(pauses, None)
                if pause is None:
                    raise DatabaseUnavailable(retry_after_s=1) from error
                self._probe.sent_again()
                await asyncio.sleep(pause)


_Waiting = tuple[Append, "asyncio.Future[Outcome]"]


class _Lane:
    """The commands of one site on their way to the log."""

    def __init__(self, site: Site, commit: Callable[[Site, Sequence[Append]], Awaitable[list[Outcome]]]) -> None:
        self.waiting: deque[_Waiting] = deque()
        self._site = site
        self._commit = commit
        self._runner: asyncio.Task[None] | None = None
        self._ended_s = -math.inf

    async def put(self, append: Append) -> Outcome:
        done: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self.waiting.append((append, done))
        if self._runner is None or self._runner.done():
            # It works for many: what is logged and traced meanwhile belongs to none of their requests.
            self._runner = asyncio.create_task(self._run(), context=contextvars.Context())
        return await done

    async def drained(self) -> None:
        if self._runner is not None:
            with contextlib.suppress(Exception):
                await self._runner

    async def _run(self) -> None:
        while self.waiting:
            await self._let_in()
            batch = self._next_batch()
            try:
                await self._write(batch)
            except DatabaseUnavailable as error:
                # Those behind have waited as long: with attempts of their own a full queue would outlast its clients.
                _fail([*batch, *self.waiting], error)
                self.waiting.clear()
            except asyncio.CancelledError:
                _fail(batch, DatabaseUnavailable("The service is stopping.", retry_after_s=1))
                raise
            self._ended_s = time.perf_counter()

    async def _let_in(self) -> None:
        """Wait while more commands are coming in, for a bounded time behind the last commit.

        A commit costs as much as several commands that share it, and under load many requests have arrived and wait for
        their turn in the event loop: they are let through first (docs/decisions/0025). Who comes after a pause waits
        for nobody.
        """
        quiet_turns = 0
        while quiet_turns < _QUIET_TURNS and len(self.waiting) < BATCH_COMMANDS_MAX:
            if time.perf_counter() >= self._ended_s + LETTING_IN_S_MAX:
                return
            here = len(self.waiting)
            await asyncio.sleep(0)
            quiet_turns = 0 if len(self.waiting) > here else quiet_turns + 1

    async def _write(self, batch: list[_Waiting]) -> None:
        try:
            outcomes = await self._commit(self._site, [append for append, _ in batch])
        except DatabaseUnavailable:
            raise
        except Exception as error:
            if len(batch) == 1:
                _fail(batch, error)
                return
            # Something in the batch offends the database. Apart, only the offender fails.
            for each in batch:
                await self._write([each])
        else:
            for (_, done), outcome in zip(batch, outcomes, strict=True):
                if not done.done():
                    done.set_result(outcome)

    def _next_batch(self) -> list[_Waiting]:
        batch = [self.waiting.popleft()]
        size = batch[0][0].size
        while self.waiting and len(batch) < BATCH_COMMANDS_MAX:
            size += self.waiting[0][0].size
            if size > BATCH_BYTES_MAX:
                break
            batch.append(self.waiting.popleft())
        return batch


def _fail(batch: Iterable[_Waiting], error: Exception) -> None:
    for _, done in batch:
        if not done.done():
            done.set_exception(error)


def _timeout_s(batch: Iterable[Append]) -> float:
    return STATEMENT_TIMEOUT_S + APPEND_EVENT_S_MAX * sum(len(append.events) for append in batch)


def _pauses() -> Iterator[float]:
    deadline = asyncio.get_running_loop().time() + APPEND_RETRY_S_MAX
    attempt = 0
    while asyncio.get_running_loop().time() < deadline:
        yield _RETRY_PAUSES_S[min(attempt, len(_RETRY_PAUSES_S) - 1)]
        attempt += 1
